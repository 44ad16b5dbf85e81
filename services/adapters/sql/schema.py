"""Tables of the store, as they stand after the newest migration.

A test compares them with what the migrations build, on SQLite and on PostgreSQL. Times are stored
as UTC without a zone where the database has none, and always read back aware.
"""

import math
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from services.core.text import storable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime; naive ones are refused before they reach the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Words(TypeDecorator[str]):
    """What people and characters say, fit for any database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Label(TypeDecorator[str]):
    """A word of ours: fit for any database, and cut to its column."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and value.isprintable() and len(value) <= self.length):
            return value
        return storable(value)[: self.length]


class Count(TypeDecorator[int]):
    """Tokens or nano-USD: an integer from 0 to 10^15, a million dollars. Nothing else is stored."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Dialect) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
            raise ValueError("not a count that can be booked")
        return value


class Seconds(TypeDecorator[float]):
    """A duration, finite and not negative. Nothing else is stored."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: float | None, _dialect: Dialect) -> float | None:
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise ValueError("not a duration that can be booked")
        return value


_MOST = 10**15

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in an INTEGER primary key."""

sessions = Table(
    "sessions",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("user", String(255), nullable=False, index=True),
    Column("scenario_id", String(64), nullable=False),
    Column("scenario_hash", String(64), nullable=False),
    Column("scenario_text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String(64)),
    Column("scene", JSON, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("room", ForeignKey("sessions.room", ondelete="CASCADE"), nullable=False),
    Column("turn_id", String(64), nullable=False),
    Column("speaker", String(64), nullable=False),
    Column("speaker_name", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("source", String(16), nullable=False),
    Column("phase", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("cut", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),
    UniqueConstraint("room", "turn_id"),
)

events = Table(
    "events",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("data", JSON, nullable=False),
)

event_counters = Table(
    "event_counters",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("job_id", String(128), nullable=False),
    Column("identity", String(255), nullable=False),
    Column("beat_at", UtcDateTime, nullable=False),
    Column("released", Boolean, nullable=False),
)

llm_calls = Table(
    "llm_calls",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("call", String(128), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("role", Label(16), nullable=False),
    Column("task", Label(32), nullable=False),
    Column("session", Label(128)),
    Column("user", Label(255)),
    Column("scenario", Label(64)),
    Column("persona", Label(64)),
    Column("tier", Label(16)),
    Column("rule", Label(64), nullable=False),
    Column("provider", Label(64)),
    Column("model", Label(128)),
    Column("level", Label(16)),
    Column("source", Label(16), nullable=False),
    Column("template", Label(128), nullable=False),
    Column("prompt_tokens", Count, nullable=False),
    Column("cached_tokens", Count, nullable=False),
    Column("cache_write_tokens", Count, nullable=False),
    Column("completion_tokens", Count, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost_nano", Count, nullable=False),
    Column("list_nano", Count, nullable=False),
    Column("saved_nano", Count, nullable=False),
    Column("squeezed_tokens", Count, nullable=False),
    Column("squeezed_nano", Count, nullable=False),
    Column("refused_nano", Count, nullable=False),
    Column("predicted_tokens", Count, nullable=False),
    Column("calls", SmallInteger, nullable=False),
    Column("first_token_s", Seconds),
    Column("total_s", Seconds, nullable=False),
    Column("overhead_s", Seconds, nullable=False),
    Column("fault", Label(64)),
    Column("currency", Label(8), nullable=False),
    Column("first_token_bucket", SmallInteger),
    Column("total_bucket", SmallInteger),
    Column("overhead_bucket", SmallInteger),
    Column("variant", Label(64)),
    Index(None, "at"),
    Index(None, "session"),
    Index("ix_llm_calls_task_at", "task", "at"),
    Index(
        "ix_llm_calls_variant_at",
        "variant",
        "at",
        sqlite_where=text("variant IS NOT NULL"),
        postgresql_where=text("variant IS NOT NULL"),
    ),
)

llm_health = Table(
    "llm_health",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("routes", JSON, nullable=False),
)
