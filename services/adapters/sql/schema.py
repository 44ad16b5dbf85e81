"""Tables of the store, as they stand after the newest migration.

A test compares them with what the migrations build, on SQLite and on PostgreSQL. Times are stored
as UTC without a zone where the database has none, and always read back aware.
"""

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
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
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

usage = Table(
    "usage",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("room", String(64), nullable=False),
    Column("persona", String(64)),
    Column("task", String(32), nullable=False),
    Column("source", String(16), nullable=False),
    Column("model", String(128)),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("first_token_s", Float),
    Column("total_s", Float, nullable=False),
    Column("fault", String(64)),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "room"),
    Index(None, "at"),
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
