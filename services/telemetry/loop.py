"""How late the event loop is: voices stutter when it is blocked, and somebody should know."""

import asyncio
import logging

from services.telemetry.metrics import LOOP_BLOCKED

LATE_S = 0.25
"""Above this a voice's 0.2 s of queued audio has run out."""

log = logging.getLogger(__name__)


async def watch_loop(*, every_s: float = 0.5, late_s: float = LATE_S) -> None:
    """Measures until cancelled; the caller owns the task. Lateness above `late_s` is logged."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + every_s
        await asyncio.sleep(every_s)
        lateness_s = max(0.0, loop.time() - due_s)
        LOOP_BLOCKED.observe(lateness_s)
        if lateness_s > late_s:
            log.warning("loop.blocked", extra={"seconds": round(lateness_s, 3)})
