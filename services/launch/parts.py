"""The parts of the house as commands: what each is started with and how its readiness shows."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.adapters.whisper_ear import HostPlan, is_ready, plan_host
from services.core.errors import NotFound
from services.launch.child import Child, Spec
from services.launch.keys import KEY, SECRET, kept_keys
from services.launch.livekit_server import Address, find_binary, new_address, server_spec
from services.launch.ports import LOOPBACK, free_port, http_status
from services.launch.supervisor import Part
from services.settings import Settings

LIVEKIT_PORT, MEDIA_PORT = 7880, 7882
_STOP_S = 12.0
"""More than the app's own drain in production; in development every part ends within a second."""

_REGISTERED = '"registered worker"'
"""What livekit-agents logs once the LiveKit server knows the worker (1.8.9, worker.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything to start, in order, and the addresses that people are told."""

    parts: tuple[Part, ...]
    http_url: str
    livekit_url: str
    logs: Path
    moved: tuple[str, ...]


def furnish(settings: Settings, environ: Mapping[str, str]) -> House:
    """Choose ports, make keys and folders in the data folder, and list the parts.

    Raises: ConfigError when a part's program is missing.
    """
    logs = settings.data_dir / "logs"
    metrics = settings.data_dir / "prometheus"
    for folder in (logs, settings.data_dir / "run", metrics):
        folder.mkdir(parents=True, exist_ok=True)
    for stale in metrics.rglob("*.db"):  # counters of processes that are gone
        stale.unlink()
    server = _own_server(settings)
    wanted = {
        "REPARTEE_HTTP_PORT": settings.http_port,
        "REPARTEE_WORKER_PORT": settings.worker_port,
        "REPARTEE_METRICS_PORT": settings.metrics_port,
    }
    ports = {name: free_port(port) for name, port in wanted.items()}
    env = {
        **environ,
        **{name: str(port) for name, port in ports.items()},
        "REPARTEE_DATA_DIR": str(settings.data_dir),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONUNBUFFERED": "1",
    }
    if server:
        env |= {"LIVEKIT_URL": server.url, KEY: server.api_key, SECRET: server.api_secret}
    http_port = ports["REPARTEE_HTTP_PORT"]
    return House(
        parts=tuple(_parts(settings, env, server, http_port)),
        http_url=f"http://{_shown(settings.http_host)}:{http_port}",
        livekit_url=env["LIVEKIT_URL"],
        logs=logs,
        moved=tuple(
            f"Port {port} is taken: {name} is {ports[name]} this time."
            for name, port in wanted.items()
            if port and ports[name] != port
        ),
    )


def _own_server(settings: Settings) -> Address | None:
    if settings.livekit_url:
        return None
    return new_address(
        kept_keys(settings.data_dir / "livekit.keys"), port=LIVEKIT_PORT, udp_port=MEDIA_PORT
    )


def _parts(
    settings: Settings, env: Mapping[str, str], server: Address | None, http_port: int
) -> list[Part]:
    def command(name: str, *argv: str) -> Spec:
        log = settings.data_dir / "logs" / f"{name}.log"
        return Spec(name=name, argv=argv, env=env, log=log, stop_s=_STOP_S)

    def python(name: str, *arguments: str) -> Spec:
        return command(name, sys.executable, "-m", *arguments)

    parts = []
    if server:
        spec = server_spec(settings.data_dir, find_binary(), server)
        parts.append(Part(spec=spec, ready=_answers(server.port, "/")))
    if settings.speech == "embedded" and (plan := _ear(settings)):
        spec = command("ear", *plan.command())
        parts.append(Part(spec=spec, ready=_hears(plan.socket), optional=True))
    spec = python("app", "agents.http")
    parts.append(Part(spec=spec, ready=_answers(http_port, "/readyz", settings.http_host)))
    spec = python("worker", "livekit.agents", "start", "agents/worker.py")
    parts.append(Part(spec=spec, ready=_has_logged(_REGISTERED), drains=True))
    spec = command("jobs", "nice", "-n", "10", sys.executable, "-m", "services.jobs")
    parts.append(Part(spec=spec, ready=_at_once, optional=True))
    return parts


def _ear(settings: Settings) -> HostPlan | None:
    """The machine's hearing process; None when its model cannot be had (the page says so)."""
    try:
        return plan_host(
            settings.data_dir, model_path=settings.whisper_model_path, idle_exit_s=None
        )
    except NotFound:
        return None


def _shown(host: str) -> str:
    return LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound


def _answers(port: int, path: str, host: str = LOOPBACK) -> Callable[[Child], Awaitable[bool]]:
    async def ready(_: Child) -> bool:
        return await http_status(port, path, _shown(host)) == 200

    return ready


def _hears(socket: Path) -> Callable[[Child], Awaitable[bool]]:
    async def ready(_: Child) -> bool:
        return await is_ready(socket)

    return ready


def _has_logged(words: str) -> Callable[[Child], Awaitable[bool]]:
    async def ready(child: Child) -> bool:
        return words in child.output()

    return ready


async def _at_once(_: Child) -> bool:
    return True
