"""What processes say of their routes, on SQL: one row a process."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.adapters.sql.engine import insert_into, translated
from services.adapters.sql.schema import llm_health
from services.stats.ports import HealthNote


class SqlHealthBoard:
    """HealthBoard on SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._insert = insert_into(llm_health, engine)

    async def post(self, note: HealthNote) -> None:
        told = {"at": note.at, "routes": dict(note.routes)}
        statement = self._insert.values(process=note.process, **told).on_conflict_do_update(
            index_elements=["process"], set_=told
        )
        with translated():
            async with self._engine.begin() as connection:
                await connection.execute(statement)

    async def notes(self, *, since: datetime) -> Sequence[HealthNote]:
        query = select(llm_health).where(llm_health.c.at >= since).order_by(llm_health.c.process)
        with translated():
            async with self._engine.connect() as connection:
                found = await connection.execute(query)
                return tuple(HealthNote(**row) for row in found.mappings())

    async def sweep(self, *, before: datetime) -> int:
        with translated():
            async with self._engine.begin() as connection:
                gone = await connection.execute(delete(llm_health).where(llm_health.c.at < before))
                return gone.rowcount
