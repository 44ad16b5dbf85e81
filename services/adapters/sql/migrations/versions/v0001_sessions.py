"""Sessions, their turns, and what calls for words used."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_UTC = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("scenario_id", sa.String(64), nullable=False),
        sa.Column("scenario_hash", sa.String(64), nullable=False),
        sa.Column("scenario_text", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("started_at", _UTC, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("ended_at", _UTC),
        sa.Column("end_reason", sa.String(64)),
        sa.Column("scene", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("room", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    _create_turns()
    _create_usage()


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", _BIG_ID, autoincrement=True, nullable=False),
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("turn_id", sa.String(64), nullable=False),
        sa.Column("speaker", sa.String(64), nullable=False),
        sa.Column("speaker_name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("phase", sa.String(64), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["room"], ["sessions.room"], name="fk_turns_room_sessions", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("room", "turn_id", name="uq_turns_room_turn_id"),
    )


def _create_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("id", _BIG_ID, autoincrement=True, nullable=False),
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("persona", sa.String(64)),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("model", sa.String(128)),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("first_token_s", sa.Float),
        sa.Column("total_s", sa.Float, nullable=False),
        sa.Column("fault", sa.String(64)),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage"),
    )
    op.create_index("ix_usage_room", "usage", ["room"])
    op.create_index("ix_usage_at", "usage", ["at"])
