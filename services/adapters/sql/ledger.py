"""The ledger on SQL: every call for words, booked once.

Ids make it idempotent: whoever is not sure that a booking arrived books it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.adapters.sql.engine import insert_into, translated
from services.adapters.sql.schema import llm_calls
from services.core.errors import BackendError
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Level, Usage
from services.llm.request import TaskType
from services.llm.spec import Tier
from services.stats.buckets import bucket_of

_USAGE = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "estimated",
)
_PLAIN = tuple(name for name in LedgerEntry.__slots__ if name != "usage")


class SqlLedger:
    """LedgerStore on SQLite or PostgreSQL.

    An entry that no ledger may hold (a negative or endless amount) is a BackendError that is not
    retryable, with the code `ledger_entry`; nothing of its batch is booked.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._add = insert_into(llm_calls, engine).on_conflict_do_nothing(index_elements=["id"])

    async def add(self, entries: Sequence[LedgerEntry]) -> None:
        if not entries:
            return
        with translated(), _refusing():
            rows = [_row(entry) for entry in sorted(entries, key=lambda entry: entry.id)]
            async with self._engine.begin() as connection:
                await connection.execute(self._add, rows)

    async def entries(
        self, *, since: datetime | None = None, session: str | None = None
    ) -> tuple[LedgerEntry, ...]:
        query = select(llm_calls).order_by(llm_calls.c.at, llm_calls.c.id)
        if since is not None:
            query = query.where(llm_calls.c.at >= since)
        if session is not None:
            query = query.where(llm_calls.c.session == session)
        with translated():
            async with self._engine.connect() as connection:
                found = await connection.execute(query)
                return tuple(_entry(row) for row in found.mappings())


@contextmanager
def _refusing() -> Iterator[None]:
    """Tells an entry that can never be booked from a database that does not answer."""
    try:
        yield
    except ValueError as error:
        raise _refusal(error) from None
    except StatementError as error:
        if isinstance(error.orig, ValueError):
            raise _refusal(error.orig) from None
        raise


def _refusal(error: ValueError) -> BackendError:
    return BackendError(f"an entry cannot be booked: {error}", retryable=False, code="ledger_entry")


def _row(entry: LedgerEntry) -> dict[str, Any]:
    usage, first_token_s = entry.usage, entry.first_token_s
    row: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN}
    for name in _USAGE:
        row[name] = getattr(usage, name)
    row["first_token_bucket"] = None if first_token_s is None else _bucket(first_token_s)
    row["total_bucket"] = _bucket(entry.total_s)
    row["overhead_bucket"] = _bucket(entry.overhead_s)
    return row


def _bucket(seconds: float) -> int:
    """Raises: ValueError."""
    if not 0 <= seconds < float("inf"):
        raise ValueError("not a duration that can be booked")
    return bucket_of(seconds)


def _entry(row: Mapping[Any, Any]) -> LedgerEntry:
    plain = {name: row[name] for name in _PLAIN}
    return LedgerEntry(
        **plain
        | {
            "role": Role(row["role"]),
            "task": TaskType(row["task"]),
            "tier": None if row["tier"] is None else Tier(row["tier"]),
            "level": None if row["level"] is None else Level(row["level"]),
            "usage": Usage(**{name: row[name] for name in _USAGE}),
        }
    )
