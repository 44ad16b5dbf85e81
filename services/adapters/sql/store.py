"""SessionStore and Presence on SQL: SQLite by default, PostgreSQL by URL, one set of statements.

Each method is one short transaction that begins with its write, so that SQLite's lock is waited for
and never upgraded. What must be atomic across processes is one statement.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.adapters.sql.engine import insert_into, open_engine, translated
from services.adapters.sql.experiments import SqlExperiments
from services.adapters.sql.health import SqlHealthBoard
from services.adapters.sql.ledger import SqlLedger
from services.adapters.sql.schema import (
    event_counters,
    events,
    heartbeats,
    sessions,
    turns,
)
from services.adapters.sql.totals import SqlLedgerTotals
from services.core.errors import NotFound
from services.llm.ports import LedgerStore
from services.sessions.ports import Presence, SessionStore
from services.sessions.records import (
    Heartbeat,
    SessionEvent,
    SessionRecord,
    SessionStatus,
    TurnRecord,
)
from services.stats.ports import ExperimentLedger, HealthBoard, LedgerTotals

LISTED = 500
"""The longest list that one call gives."""


class SqlParts(NamedTuple):
    """The ports on one database."""

    store: SessionStore
    presence: Presence
    ledger: LedgerStore
    totals: LedgerTotals
    board: HealthBoard
    experiments: ExperimentLedger


@asynccontextmanager
async def open_sql(url: str) -> AsyncIterator[SqlParts]:
    """The ports on the database of that URL, upgraded first; closed with the block.

    Raises:
        ConfigError: see `engine.open_engine`.
        BackendError: the database cannot be reached.
    """
    engine = await open_engine(url)
    try:
        yield SqlParts(
            store=SqlSessionStore(engine),
            presence=SqlPresence(engine),
            ledger=SqlLedger(engine),
            totals=SqlLedgerTotals(engine),
            board=SqlHealthBoard(engine),
            experiments=SqlExperiments(engine),
        )
    finally:
        await engine.dispose()


class SqlSessionStore:
    """Sessions, turns and events."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, session: SessionRecord) -> SessionRecord:
        row = asdict(session) | {"status": session.status.value}
        async with _transaction(self._engine) as connection:
            statement = insert_into(sessions, self._engine).values(row)
            await connection.execute(statement.on_conflict_do_nothing(index_elements=["room"]))
            found = await connection.execute(
                select(sessions).where(sessions.c.room == session.room)
            )
            return _session(found.mappings().one())

    async def get(self, room: str) -> SessionRecord | None:
        async with _transaction(self._engine) as connection:
            found = await connection.execute(select(sessions).where(sessions.c.room == room))
            row = found.mappings().one_or_none()
        return _session(row) if row else None

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        async with _transaction(self._engine) as connection:
            touched = await connection.execute(
                update(sessions)
                .where(sessions.c.room == room)
                .values(scene=sessions.c.scene if scene is None else scene)
            )
            if touched.rowcount == 0:
                raise NotFound(f"no session {room}")
            if turn is not None:
                statement = insert_into(turns, self._engine).values(
                    asdict(replace(turn, room=room))
                )
                await connection.execute(
                    statement.on_conflict_do_nothing(index_elements=["room", "turn_id"])
                )

    async def turns(self, room: str) -> tuple[TurnRecord, ...]:
        columns = [column for column in turns.c if column.name != "id"]
        query = select(*columns).where(turns.c.room == room).order_by(turns.c.id)
        async with _transaction(self._engine) as connection:
            return tuple(TurnRecord(**row) for row in (await connection.execute(query)).mappings())

    async def finish(self, room: str, *, status: SessionStatus, reason: str, at: datetime) -> bool:
        statement = (
            update(sessions)
            .where(sessions.c.room == room, sessions.c.status == SessionStatus.LIVE.value)
            .values(status=status.value, end_reason=reason, ended_at=at)
        )
        async with _transaction(self._engine) as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def live(self, *, started_before: datetime, user: str | None = None) -> tuple[str, ...]:
        query = (
            select(sessions.c.room)
            .where(sessions.c.status == SessionStatus.LIVE.value)
            .where(sessions.c.started_at < started_before)
            .where(true() if user is None else sessions.c.user == user)
            .order_by(sessions.c.started_at)
            .limit(LISTED)
        )
        async with _transaction(self._engine) as connection:
            return tuple((await connection.execute(query)).scalars())

    async def add_event(self, event: SessionEvent) -> SessionEvent:
        counter = (
            insert_into(event_counters, self._engine)
            .values(room=event.room, last_seq=1)
            .on_conflict_do_update(
                index_elements=["room"], set_={"last_seq": event_counters.c.last_seq + 1}
            )
            .returning(event_counters.c.last_seq)
        )
        async with _transaction(self._engine) as connection:
            numbered = replace(event, seq=(await connection.execute(counter)).scalar_one())
            await connection.execute(insert(events).values(asdict(numbered)))
        return numbered

    async def events(self, room: str, *, after_seq: int = 0) -> tuple[SessionEvent, ...]:
        query = (
            select(events)
            .where(events.c.room == room, events.c.seq > after_seq)
            .order_by(events.c.seq)
        )
        async with _transaction(self._engine) as connection:
            found = await connection.execute(query)
            return tuple(SessionEvent(**row) for row in found.mappings())


class SqlPresence:
    """The lock and the heartbeat of a room, in one row."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, beat: Heartbeat, *, stale_after_s: float) -> bool:
        row = asdict(replace(beat, released=False))
        taken = (
            insert_into(heartbeats, self._engine)
            .values(row)
            .on_conflict_do_update(
                index_elements=["room"],
                set_={name: value for name, value in row.items() if name != "room"},
                where=or_(
                    heartbeats.c.released,
                    heartbeats.c.job_id == beat.job_id,
                    heartbeats.c.beat_at < beat.beat_at - timedelta(seconds=stale_after_s),
                ),
            )
            .returning(heartbeats.c.room)
        )
        async with _transaction(self._engine) as connection:
            return (await connection.execute(taken)).first() is not None

    async def beat(self, room: str, job_id: str, at: datetime) -> bool:
        statement = update(heartbeats).where(_held(room, job_id)).values(beat_at=at)
        async with _transaction(self._engine) as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def release(self, room: str, job_id: str) -> None:
        statement = update(heartbeats).where(_held(room, job_id)).values(released=True)
        async with _transaction(self._engine) as connection:
            await connection.execute(statement)

    async def get(self, room: str) -> Heartbeat | None:
        async with _transaction(self._engine) as connection:
            found = await connection.execute(select(heartbeats).where(heartbeats.c.room == room))
            row = found.mappings().one_or_none()
        return Heartbeat(**row) if row else None


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with translated():
        async with engine.begin() as connection:
            yield connection


def _held(room: str, job_id: str) -> Any:
    return and_(
        heartbeats.c.room == room, heartbeats.c.job_id == job_id, heartbeats.c.released.is_(False)
    )


def _session(row: Any) -> SessionRecord:
    return SessionRecord(**{**row, "status": SessionStatus(row["status"])})
