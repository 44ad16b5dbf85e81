"""Work that one process at a time does, of all that share a database.

A claim is a lease in the presence store, renewed while the work lasts: a process that dies leaves
it to the next one. While that store is away nobody waits, and work may be done twice.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from services.core.clock import Clock
from services.core.errors import BackendError
from services.sessions.ports import Presence
from services.sessions.records import Heartbeat

STALE_S = 10.0
BEAT_S = 2.0
ASK_S = 0.25
"""How often a process that waits asks whether the other one is done."""

_SLOT_LETTERS = 3
"""Claims lie in 4096 rows, so that keys of clients do not fill the table."""

log = logging.getLogger(__name__)


class Claims:
    """Claims of this process. No room has the shape of their names."""

    def __init__(self, presence: Presence, clock: Clock) -> None:
        self._presence = presence
        self._clock = clock
        self._process = f"api-{secrets.token_hex(8)}"

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """No other process does the work of that name meanwhile; waits until none does.

        `name` is hexadecimal. Of two names in one row the second one's work goes unclaimed.
        """
        slot, job = f"claim-{name[:_SLOT_LETTERS]}", f"{self._process}-{secrets.token_hex(8)}"
        if not await self._taken(slot, job, name):
            yield
            return
        beating = asyncio.create_task(self._renewed(slot, job), name="claim")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            with suppress(BackendError):  # stale soon
                await self._presence.release(slot, job)

    async def _taken(self, slot: str, job: str, name: str) -> bool:
        """Whether the row is ours by now; False when it cannot be had for that name."""
        try:
            while True:
                beat = Heartbeat(room=slot, job_id=job, identity=name, beat_at=self._clock.now())
                if await self._presence.claim(beat, stale_after_s=STALE_S):
                    return True
                holder = await self._presence.get(slot)
                if holder is not None and not holder.released and holder.identity != name:
                    return False
                await asyncio.sleep(ASK_S)
        except BackendError as error:
            log.warning("claims.away", extra={"cause": str(error)})
            return False

    async def _renewed(self, slot: str, job: str) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            with suppress(BackendError):  # the next one may come in time
                await self._presence.beat(slot, job, self._clock.now())
