"""What an analysis needs from outside: a session's turns, and somebody who counts."""

from typing import Protocol

from services.sessions.records import SessionRecord, TurnRecord


class Transcripts(Protocol):
    """Sessions and what was said in them. Raises BackendError when the store cannot answer."""

    async def get(self, room: str) -> SessionRecord | None:
        """The session of that room."""
        ...

    async def turns(self, room: str) -> tuple[TurnRecord, ...]:
        """All turns of a room, in the order they were written."""
        ...


class Counts(Protocol):
    """Whoever counts analyses. Called in the event loop; must not block or raise."""

    def hit(self) -> None:
        """An analysis was asked for that was known, or already under way."""
        ...

    def miss(self) -> None:
        """An analysis was asked for that had to be made."""
        ...

    def took(self, seconds: float) -> None:
        """An analysis was made, in so many seconds."""
        ...
