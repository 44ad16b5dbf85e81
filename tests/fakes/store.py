"""SessionStore and Presence in memory."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.core.errors import NotFound
from services.core.text import storable
from services.sessions.records import (
    Heartbeat,
    SessionEvent,
    SessionRecord,
    SessionStatus,
    TurnRecord,
)


class FakeSessionStore:
    """Sessions, turns and events, as long as the object lives."""

    def __init__(self) -> None:
        self._sessions: dict[str, SessionRecord] = {}
        self._turns: dict[str, dict[str, TurnRecord]] = {}
        self._events: dict[str, list[SessionEvent]] = {}

    async def open(self, session: SessionRecord) -> SessionRecord:
        return self._sessions.setdefault(session.room, session)

    async def get(self, room: str) -> SessionRecord | None:
        return self._sessions.get(room)

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        if room not in self._sessions:
            raise NotFound(f"no session {room}")
        if turn is not None:
            self._turns.setdefault(room, {}).setdefault(turn.turn_id, _kept(turn, room))
        if scene is not None:
            self._sessions[room] = replace(self._sessions[room], scene=scene)

    async def turns(self, room: str) -> tuple[TurnRecord, ...]:
        return tuple(self._turns.get(room, {}).values())

    async def finish(self, room: str, *, status: SessionStatus, reason: str, at: datetime) -> bool:
        session = self._sessions.get(room)
        if session is None or session.status is not SessionStatus.LIVE:
            return False
        self._sessions[room] = replace(session, status=status, end_reason=reason, ended_at=at)
        return True

    async def live(self, *, started_before: datetime, user: str | None = None) -> tuple[str, ...]:
        live = [s for s in self._sessions.values() if s.status is SessionStatus.LIVE]
        early = [s for s in live if s.started_at < started_before and user in {None, s.user}]
        return tuple(s.room for s in sorted(early, key=lambda s: s.started_at)[:500])

    async def add_event(self, event: SessionEvent) -> SessionEvent:
        events = self._events.setdefault(event.room, [])
        events.append(replace(event, seq=len(events) + 1))
        return events[-1]

    async def events(self, room: str, *, after_seq: int = 0) -> tuple[SessionEvent, ...]:
        return tuple(event for event in self._events.get(room, []) if event.seq > after_seq)


def _kept(turn: TurnRecord, room: str) -> TurnRecord:
    return replace(
        turn, room=room, text=storable(turn.text), speaker_name=storable(turn.speaker_name)
    )


class FakePresence:
    """Who plays which room."""

    def __init__(self) -> None:
        self._beats: dict[str, Heartbeat] = {}

    async def claim(self, beat: Heartbeat, *, stale_after_s: float) -> bool:
        holder = self._beats.get(beat.room)
        stale_before = beat.beat_at - timedelta(seconds=stale_after_s)
        if (
            holder
            and not holder.released
            and holder.job_id != beat.job_id
            and holder.beat_at >= stale_before
        ):
            return False
        self._beats[beat.room] = replace(beat, released=False)
        return True

    async def beat(self, room: str, job_id: str, at: datetime) -> bool:
        if not self._holds(room, job_id):
            return False
        self._beats[room] = replace(self._beats[room], beat_at=at)
        return True

    async def release(self, room: str, job_id: str) -> None:
        if self._holds(room, job_id):
            self._beats[room] = replace(self._beats[room], released=True)

    async def get(self, room: str) -> Heartbeat | None:
        return self._beats.get(room)

    def _holds(self, room: str, job_id: str) -> bool:
        holder = self._beats.get(room)
        return holder is not None and holder.job_id == job_id and not holder.released
