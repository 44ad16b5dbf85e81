"""What sessions need from a store. Two small ports: what was said, and who is alive."""

from datetime import datetime
from typing import Any, Protocol

from services.sessions.records import (
    Heartbeat,
    SessionEvent,
    SessionRecord,
    SessionStatus,
    TurnRecord,
)


class SessionStore(Protocol):
    """Sessions, their turns and events. Raises BackendError when the store cannot answer."""

    async def open(self, session: SessionRecord) -> SessionRecord:
        """Inserts the session, or returns the one already there (a job that comes back)."""
        ...

    async def get(self, room: str) -> SessionRecord | None:
        """The session of that room."""
        ...

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        """Writes a turn and the scene's snapshot in one transaction; a known turn_id is ignored.

        Raises:
            NotFound: that room was never opened.
        """
        ...

    async def turns(self, room: str) -> tuple[TurnRecord, ...]:
        """All turns of a room, in the order they were written."""
        ...

    async def finish(self, room: str, *, status: SessionStatus, reason: str, at: datetime) -> bool:
        """Ends the session; False when it had already ended."""
        ...

    async def live(self, *, started_before: datetime, user: str | None = None) -> tuple[str, ...]:
        """Rooms of sessions that have not ended and began before then; the oldest 500, in order.

        With a `user`, of that one alone.
        """
        ...

    async def add_event(self, event: SessionEvent) -> SessionEvent:
        """Appends an event and returns it with its `seq`."""
        ...

    async def events(self, room: str, *, after_seq: int = 0) -> tuple[SessionEvent, ...]:
        """Events later than `after_seq`, in order."""
        ...


class Presence(Protocol):
    """Which job plays which room: the lock and the heartbeat in one row."""

    async def claim(self, beat: Heartbeat, *, stale_after_s: float) -> bool:
        """Takes the room for this job: True when nobody held it, or the holder is stale or gone."""
        ...

    async def beat(self, room: str, job_id: str, at: datetime) -> bool:
        """Renews; False when another job holds the room by now."""
        ...

    async def release(self, room: str, job_id: str) -> None:
        """Leaves on purpose."""
        ...

    async def get(self, room: str) -> Heartbeat | None:
        """The latest sign of life of a room."""
        ...
