"""Whether the process lives, and whether it can take work, part by part.

Owns the answers, not the measuring: LiveKit is judged by the watcher's own calls, so that a probe
costs nothing and answers at once.
"""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from services.api.parts import Parts, PartsOf
from services.core.errors import BackendError

LIVEKIT_FRESH_S = 5.0
STORE_TIMEOUT_S = 1.0
PROBED_ROOM = "s-" + "0" * 32

router = APIRouter(tags=["health"])


class Drain:
    """Set once, when the process has been asked to stop: streams end, readiness drops."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._event.is_set()

    def begin(self) -> None:
        self._event.set()

    async def within(self, seconds: float) -> bool:
        """Waits for the drain at most that long; True when it has begun."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


class Pulse:
    """What the watcher last saw; times are the clock's monotonic seconds."""

    def __init__(self) -> None:
        self.livekit_ok_s: float | None = None
        self.rooms_waiting = 0


class Alive(BaseModel):
    """The event loop turns."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok"] = "ok"


class Part(BaseModel):
    """One part of the studio. `warn` is worth a look and does not stop anyone."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str


class Ready(BaseModel):
    """Ready when no part fails."""

    model_config = ConfigDict(frozen=True)

    ready: bool
    parts: tuple[Part, ...]


@router.get("/healthz", operation_id="getHealth", summary="The process is alive")
async def get_health() -> Alive:
    """Answers as long as the event loop turns, also while draining."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Ready to take work, part by part",
    responses={503: {"model": Ready, "description": "not ready; the failing part says why"}},
)
async def get_readiness(request: Request, response: Response, parts: PartsOf) -> Ready:
    """One entry a part; 503 when one of them fails."""
    drain: Drain = request.app.state.drain
    pulse: Pulse = request.app.state.pulse
    found = (await _store(parts), _livekit(parts, pulse), _agents(pulse), _draining(drain))
    ready = all(part.status != "fail" for part in found)
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, parts=found)


async def _store(parts: Parts) -> Part:
    try:
        async with asyncio.timeout(STORE_TIMEOUT_S):
            await parts.store.get(PROBED_ROOM)
    except (BackendError, TimeoutError):
        return Part(name="store", status="fail", detail="does not answer")
    return Part(name="store", status="ok", detail="answers")


def _livekit(parts: Parts, pulse: Pulse) -> Part:
    if parts.rooms is None:
        return Part(name="livekit", status="fail", detail="LIVEKIT_URL is not set")
    seen_s = pulse.livekit_ok_s
    if seen_s is None or parts.clock.monotonic_s() - seen_s > LIVEKIT_FRESH_S:
        return Part(name="livekit", status="fail", detail="does not answer")
    return Part(name="livekit", status="ok", detail="answers")


def _agents(pulse: Pulse) -> Part:
    if pulse.rooms_waiting:
        waiting = f"{pulse.rooms_waiting} rooms wait for a cast; is a worker running?"
        return Part(name="agents", status="warn", detail=waiting)
    return Part(name="agents", status="ok", detail="no room waits for a cast")


def _draining(drain: Drain) -> Part:
    if drain.begun:
        return Part(name="process", status="fail", detail="draining: about to stop")
    return Part(name="process", status="ok", detail="running")
