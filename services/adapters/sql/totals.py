"""The ledger summed by the database: a handful of rows comes back, however many were booked.

All sums of one answer are read in one snapshot, so that they agree with each other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.adapters.sql.engine import translated
from services.adapters.sql.moments import DAY_CHARS, utc_text
from services.adapters.sql.schema import llm_calls
from services.adapters.sql.verdicts import causes_query, trials_query
from services.llm.entry import Role
from services.llm.models.thresholds import TrialCount
from services.llm.request import TaskType
from services.stats.ports import Cell, Duration, Spender, Timed, Totals

_C = llm_calls.c
_KINDS = ("task", "tier", "provider", "model", "role", "source", "level")
_SUMS = (
    "calls",
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "predicted_tokens",
    "squeezed_tokens",
    "squeezed_nano",
    "refused_nano",
    "cost_nano",
    "list_nano",
    "saved_nano",
)
_FREE = (Role.CACHED.value, Role.DECK.value)
"""Answers whose tokens nobody paid for."""

_BUCKETS: dict[Duration, Any] = {
    "total": _C.total_bucket,
    "first_token": _C.first_token_bucket,
    "overhead": _C.overhead_bucket,
}


class SqlLedgerTotals:
    """LedgerTotals on SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def totals(self, *, since: datetime | None, top: int) -> Totals:
        window = true() if since is None else _C.at >= since
        with translated():
            async with self._snapshot() as connection:
                return Totals(
                    cells=[Cell(**_whole(row)) for row in await _rows(connection, _cells(window))],
                    timings={
                        kind: [
                            Timed(**row)
                            for row in await _rows(connection, _timings(window, kind, bucket))
                        ]
                        for kind, bucket in _BUCKETS.items()
                    },
                    sessions=[
                        Spender(**_whole(row))
                        for row in await _rows(connection, _spenders(window, top, _C.session))
                    ],
                    characters=[
                        Spender(**_whole(row))
                        for row in await _rows(
                            connection, _spenders(window, top, _C.persona, _C.scenario)
                        )
                    ],
                    faults=await _counts(connection, causes_query(window, top)),
                    rules=await _counts(connection, _rules(window, top)),
                )

    async def days(self, *, since: datetime) -> Mapping[date, int]:
        day = utc_text(_C.at, dialect=self._engine.dialect.name, chars=DAY_CHARS)
        query = (
            select(day.label("day"), func.sum(_C.cost_nano)).where(_C.at >= since).group_by("day")
        )
        with translated():
            async with self._engine.connect() as connection:
                found = (await connection.execute(query)).all()
        return {date.fromisoformat(text): int(nano) for text, nano in found}

    async def trials(self, *, since: datetime) -> Sequence[TrialCount]:
        with translated():
            async with self._engine.connect() as connection:
                return [
                    TrialCount(
                        task=TaskType(row["task"]),
                        rule=row["rule"],
                        trials=row["trials"],
                        repaired=int(row["repaired"]),
                    )
                    for row in await _rows(connection, trials_query(since))
                ]

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                yield await connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                await connection.exec_driver_sql("BEGIN")  # its driver begins for writes only
                yield connection


async def _rows(connection: AsyncConnection, query: Select[Any]) -> Sequence[RowMapping]:
    found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return found


async def _counts(connection: AsyncConnection, query: Select[Any]) -> dict[str, int]:
    found = await connection.execute(query)
    return {str(name): int(count) for name, count in found.all()}


def _whole(row: RowMapping) -> dict[str, Any]:
    """PostgreSQL sums 64-bit integers to decimals."""
    return {
        name: int(value) if name.endswith(("_nano", "_tokens", "calls", "bookings")) else value
        for name, value in row.items()
    }


def _cells(window: ColumnElement[bool]) -> Select[Any]:
    kinds = [_C[name] for name in _KINDS]
    return (
        select(
            *kinds,
            func.count().label("bookings"),
            *(func.sum(_C[name]).label(name) for name in _SUMS),
            func.sum(case((_C.estimated, _C.cost_nano), else_=0)).label("estimated_nano"),
            func.sum(
                case((_C.list_nano > _C.cost_nano, _C.list_nano - _C.cost_nano), else_=0)
            ).label("dearer_nano"),
            func.sum(case((_C.fault.is_not(None), _C.calls), else_=0)).label("faulty_calls"),
            func.sum(_C.total_s * _C.calls).label("total_s"),
        )
        .where(window)
        .group_by(*kinds)
    )


def _timings(window: ColumnElement[bool], kind: Duration, bucket: Any) -> Select[Any]:
    """First words are timed for each attempt that gave some, the rest once an answer."""
    kinds = (_C.task, _C.provider, _C.model, _C.source)
    counted = true() if kind == "first_token" else _C.calls > 0
    return (
        select(*kinds, bucket.label("bucket"), func.count().label("count"))
        .where(window, counted, bucket.is_not(None))
        .group_by(*kinds, bucket)
    )


def _spenders(
    window: ColumnElement[bool], top: int, name: Any, scenario: Any = None
) -> Select[Any]:
    kinds = (name,) if scenario is None else (name, scenario)
    paid = _C.role.not_in(_FREE)
    cost = func.sum(_C.cost_nano)
    return (
        select(
            name.label("name"),
            *(() if scenario is None else (scenario.label("scenario"),)),
            func.sum(_C.calls).label("calls"),
            func.sum(case((paid, _C.prompt_tokens), else_=0)).label("prompt_tokens"),
            func.sum(case((paid, _C.completion_tokens), else_=0)).label("completion_tokens"),
            cost.label("cost_nano"),
            func.sum(_C.list_nano).label("list_nano"),
        )
        .where(window, name.is_not(None))
        .group_by(*kinds)
        .order_by(cost.desc(), *kinds)
        .limit(top)
    )


def _rules(window: ColumnElement[bool], top: int) -> Select[Any]:
    count = func.sum(_C.calls)
    return (
        select(_C.rule, count)
        .where(window, _C.calls > 0, _C.rule != "")
        .group_by(_C.rule)
        .order_by(count.desc(), _C.rule)
        .limit(top)
    )
