"""The worker process: `python -m livekit.agents start agents/worker.py`.

Owns the server object that LiveKit's runner looks for, what each job process loads beforehand, and
how many rooms are taken on. What a job does stands in `agents.stage.job`.
"""

import importlib
import logging
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from livekit.agents import AgentServer, JobContext, JobProcess, JobRequest

from agents.errors import RoomTaken
from agents.stage.house import House, speech_vendor
from agents.stage.job import Job, Signals
from agents.stage.session import StageOptions
from services.settings import Settings, load_settings
from services.telemetry import metrics
from services.telemetry.logs import configure_logging
from services.wiring import Services, needed, open_services, prepare

if TYPE_CHECKING:
    from agents.stage.vendor_speech import Vendor

FULL = 0.65
"""Load at which the LiveKit server is told that this worker has no room left; its own limit is
0.7, and the default measure, CPU, is near 1 on a small machine from the start."""

log = logging.getLogger(__name__)
settings: Settings = load_settings(os.environ)

SHARED = (
    "agents.stage.job",
    "agents.stage.house",
    "agents.roleplay.wordlists",
    *(("agents.stage.vendor_speech",) if settings.speech == "openai" else ()),
    *needed(settings),
)
"""What all job processes have in memory once: they are forked from one that imported it."""


def load(worker: AgentServer) -> float:
    """Share of the rooms that are taken, scaled so that `FULL` means no more."""
    return FULL * len(worker.active_jobs) / settings.max_rooms


def prewarm(_: JobProcess) -> None:
    """Runs once in each idle job process, before a person waits for it."""
    configure_logging()
    for name in SHARED:
        importlib.import_module(name)
    prepare(settings)


async def accept(request: JobRequest) -> None:
    """Refuses a room beyond the limit: two dispatches may arrive before the load is reported."""
    if len(server.active_jobs) >= settings.max_rooms:
        log.warning("worker.full", extra={"rooms": len(server.active_jobs)})
        await request.reject()
        return
    await request.accept()


def own_counters() -> str | None:
    """A folder for this worker and its jobs inside the one where the whole house counts.

    LiveKit's server empties the folder that it is given (livekit-agents 1.8.9, worker.py): given
    that of the house, it would take all other processes' counters away.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return str(Path(folder) / f"worker-{os.getpid()}") if folder else None


server = AgentServer(
    host=settings.worker_host,
    port=settings.worker_port,
    setup_fnc=prewarm,
    num_idle_processes=min(2, settings.max_rooms),
    preload_modules=list(SHARED),
    load_fnc=load,
    load_threshold=FULL - 0.01,
    drain_timeout=settings.drain_s,
    job_memory_warn_mb=settings.job_memory_mb * 0.7,
    job_memory_limit_mb=settings.job_memory_mb,
    prometheus_multiproc_dir=own_counters(),
)


@server.rtc_session(agent_name=settings.livekit_agent_name, on_request=accept)
async def entrypoint(ctx: JobContext) -> None:
    """One room, from the dispatch to its end."""
    signals = Signals(
        session_started=metrics.session_started,
        session_ended=metrics.session_ended,
        turn_stage=metrics.turn_stage,
        scene_event=metrics.scene_event,
    )
    options = StageOptions(
        shared_track=settings.tracks == "shared", turn_detection=settings.turn_detection
    )
    try:
        async with open_services(settings) as services, speech_vendor(settings) as vendor:
            house = _house(services, vendor)
            await Job(ctx, house, options=options, signals=signals).run()
    except RoomTaken:
        log.info("job.room_taken", extra={"room": ctx.job.room.name})
    except Exception:
        metrics.CAUGHT.labels(where="job").inc()
        log.exception("job.failed", extra={"room": ctx.job.room.name})
        raise
    finally:
        ctx.shutdown("scene over")  # one that never connected would keep its process, and its place


def _house(services: Services, vendor: "Vendor | None") -> House:
    names = {field.name for field in fields(House)} - {"vendor"}
    return House(**{name: getattr(services, name) for name in names}, vendor=vendor)
