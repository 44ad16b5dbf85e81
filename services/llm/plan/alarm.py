"""Waiting for a moment or for something to happen, whichever is first, without a task for it."""

import asyncio

from services.core.clock import Clock


class Alarm:
    """One waiter; `ring` ends its wait early."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Ends the wait that is under way, if there is one."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait_until(self, due_s: float) -> None:
        """Waits for a monotonic time, or for `ring`."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        handle = loop.call_later(due_s - self._clock.monotonic_s(), self.ring)
        try:
            await self._waiter
        finally:
            handle.cancel()
            self._waiter = None
