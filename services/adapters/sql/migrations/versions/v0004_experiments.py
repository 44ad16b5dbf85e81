"""The part that a booking's session has in an experiment; only rows that have one are indexed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("llm_calls", sa.Column("variant", sa.String(64)))
    some = sa.text("variant IS NOT NULL")
    op.create_index(
        "ix_llm_calls_variant_at",
        "llm_calls",
        ["variant", "at"],
        sqlite_where=some,
        postgresql_where=some,
    )
