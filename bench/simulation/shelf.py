"""A session store in memory: one run's turns and events, in order."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.sessions.records import (
    Heartbeat,
    SessionEvent,
    SessionRecord,
    SessionStatus,
    TurnRecord,
)


class Shelf:
    """The SessionStore port for the one session that a simulation plays."""

    def __init__(self) -> None:
        self.session: SessionRecord | None = None
        self.kept: dict[str, TurnRecord] = {}
        self.happened: list[SessionEvent] = []

    async def open(self, session: SessionRecord) -> SessionRecord:
        """Keeps it."""
        self.session = self.session or session
        return self.session

    async def get(self, room: str) -> SessionRecord | None:
        """The session, by its room."""
        return self.session if self.session is not None and self.session.room == room else None

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        """Keeps the turn, once, and the scene as it stands."""
        if turn is not None:
            self.kept.setdefault(turn.turn_id, turn)
        if self.session is not None and self.session.room == room and scene is not None:
            self.session = replace(self.session, scene=scene)

    async def turns(self, room: str) -> tuple[TurnRecord, ...]:
        """All of them."""
        return tuple(turn for turn in self.kept.values() if turn.room == room)

    async def finish(self, room: str, *, status: SessionStatus, reason: str, at: datetime) -> bool:
        """Ends it once."""
        session = self.session
        if session is None or session.room != room or session.status is not SessionStatus.LIVE:
            return False
        self.session = replace(session, status=status, end_reason=reason, ended_at=at)
        return True

    async def live(self, *, started_before: datetime, user: str | None = None) -> tuple[str, ...]:
        """Its room while it lives."""
        one = self.session
        if one is None or one.status is not SessionStatus.LIVE or one.started_at >= started_before:
            return ()
        return (one.room,) if user in (None, one.user) else ()

    async def add_event(self, event: SessionEvent) -> SessionEvent:
        """Keeps it under the next number."""
        kept = replace(event, seq=len(self.happened) + 1)
        self.happened.append(kept)
        return kept

    async def events(self, room: str, *, after_seq: int = 0) -> tuple[SessionEvent, ...]:
        """Those after that number."""
        return tuple(e for e in self.happened if e.room == room and e.seq > after_seq)


class Alone:
    """The Presence port where there is one job only."""

    async def claim(self, beat: Heartbeat, *, stale_after_s: float) -> bool:  # noqa: ARG002
        """The room is free."""
        return True

    async def beat(self, room: str, job_id: str, at: datetime) -> bool:  # noqa: ARG002
        """And stays so."""
        return True

    async def release(self, room: str, job_id: str) -> None:
        """Nobody else wants it."""

    async def get(self, room: str) -> Heartbeat | None:  # noqa: ARG002
        """Nobody was here before."""
        return None
