"""The right to play a room: one job holds it, and shows every second that it lives.

Owns the lock of a room. A job that dies without leaving loses it after `STALE_S`.
"""

import asyncio
import logging

from agents.errors import RoomTaken
from services.core.clock import Clock
from services.core.errors import ServiceError
from services.sessions.ports import Presence
from services.sessions.records import Heartbeat

BEAT_S = 1.0
STALE_S = 3.0

log = logging.getLogger(__name__)


class Seat:
    """One job's claim to one room."""

    def __init__(
        self, presence: Presence, clock: Clock, *, room: str, job_id: str, identity: str
    ) -> None:
        self._presence = presence
        self._clock = clock
        self._room = room
        self._job_id = job_id
        self._identity = identity

    async def take(self) -> None:
        """Takes the room.

        Raises:
            RoomTaken: another job holds it and lives.
            BackendError: the store cannot answer.
        """
        beat = Heartbeat(
            room=self._room,
            job_id=self._job_id,
            identity=self._identity,
            beat_at=self._clock.now(),
        )
        if not await self._presence.claim(beat, stale_after_s=STALE_S):
            raise RoomTaken(self._room)

    async def keep(self) -> None:
        """Shows life until another job holds the room; a store that is away ends nothing."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                if not await self._presence.beat(self._room, self._job_id, self._clock.now()):
                    return
            except ServiceError as error:
                log.warning("seat.beat_failed", extra={"error": type(error).__name__})

    async def leave(self) -> None:
        """Gives the room back."""
        try:
            await self._presence.release(self._room, self._job_id)
        except ServiceError as error:
            log.warning("seat.leave_failed", extra={"error": type(error).__name__})
