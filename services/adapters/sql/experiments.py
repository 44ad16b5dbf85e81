"""The answers of experiments, counted by the database: a few rows for each ten minutes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncEngine

from services.adapters.sql.engine import translated
from services.adapters.sql.moments import TEN_MINUTES_CHARS, utc_text
from services.adapters.sql.schema import llm_calls
from services.llm.entry import Role
from services.llm.experiments.results import Row
from services.llm.outcome import Source
from services.stats.ports import ArmTotals

_C = llm_calls.c


class SqlExperiments:
    """Results and ArmLedger on SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def rows(
        self, labels: Sequence[str], *, since: datetime | None, until: datetime
    ) -> Sequence[Row]:
        block = utc_text(_C.at, dialect=self._engine.dialect.name, chars=TEN_MINUTES_CHARS)
        kinds = (_C.variant, _C.role, _C.source, _C.provider, _C.model, _C.fault)
        query = (
            select(block.label("block"), *kinds, func.count().label("calls"))
            .where(_of(labels, since), _C.at < until, _C.calls > 0)
            .group_by("block", *kinds)
        )
        with translated():
            async with self._engine.connect() as connection:
                found = (await connection.execute(query)).mappings().all()
        return [
            Row(
                block=datetime.fromisoformat(f"{row['block']}0").replace(tzinfo=UTC),
                label=row["variant"],
                role=row["role"],
                source=row["source"],
                model=f"{row['provider']}/{row['model']}" if row["model"] else None,
                fault=row["fault"],
                calls=row["calls"],
            )
            for row in found
        ]

    async def arms(self, labels: Sequence[str], *, since: datetime | None) -> Sequence[ArmTotals]:
        sums = (
            select(
                _C.variant,
                func.count(_C.session.distinct()).label("sessions"),
                func.sum(_C.cost_nano).label("cost_nano"),
            )
            .where(_of(labels, since))
            .group_by(_C.variant)
        )
        own = and_(_C.role == Role.SERVED.value, _C.source == Source.LIVE.value)
        times = (
            select(_C.variant, _C.first_token_bucket, func.count())
            .where(_of(labels, since), own, _C.first_token_bucket.is_not(None))
            .group_by(_C.variant, _C.first_token_bucket)
        )
        with translated():
            async with self._engine.connect() as connection:
                found = (await connection.execute(sums)).mappings().all()
                timed = (await connection.execute(times)).all()
        buckets: defaultdict[str, dict[int, int]] = defaultdict(dict)
        for label, bucket, count in timed:
            buckets[label][bucket] = count
        return [
            ArmTotals(
                label=row["variant"],
                sessions=row["sessions"],
                cost_nano=int(row["cost_nano"]),
                first_token=buckets[row["variant"]],
            )
            for row in found
        ]


def _of(labels: Sequence[str], since: datetime | None) -> ColumnElement[bool]:
    """Bookings of those variants from `since` on; the index holds them and no others."""
    began: Any = true() if since is None else _C.at >= since
    return and_(_C.variant.in_(labels), began)
