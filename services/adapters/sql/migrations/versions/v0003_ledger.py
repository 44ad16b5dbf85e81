"""The ledger of calls for words, and what processes know of their routes.

Rows of `usage` are copied into the ledger: without a price (rule `unpriced`, cost 0) and without
buckets, so that they count as calls and tokens, and in no quantile. The table goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_UTC = sa.DateTime(timezone=True)

_COPY = """
INSERT INTO llm_calls (
  id, call, at, role, task, session, persona, rule, model, source, template,
  prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, estimated,
  cost_nano, list_nano, saved_nano, squeezed_tokens, squeezed_nano, refused_nano,
  predicted_tokens, calls,
  first_token_s, total_s, overhead_s, fault, currency)
SELECT
  'usage-' || CAST(id AS VARCHAR(20)), 'usage-' || CAST(id AS VARCHAR(20)), at,
  CASE WHEN fault = 'cancelled' THEN 'cancelled' WHEN source = 'cached' THEN 'cached'
       WHEN source = 'deck' THEN 'deck' WHEN source = 'understudy' THEN 'understudy'
       ELSE 'served' END,
  task, room, persona, 'unpriced', model, source, '',
  prompt_tokens, cached_tokens, 0, completion_tokens, estimated,
  0, 0, 0, 0, 0, 0,
  0, 1,
  first_token_s, total_s, 0, fault, 'USD'
FROM usage
"""


def upgrade() -> None:
    _create_calls()
    op.create_index("ix_llm_calls_at", "llm_calls", ["at"])
    op.create_index("ix_llm_calls_session", "llm_calls", ["session"])
    op.create_index("ix_llm_calls_task_at", "llm_calls", ["task", "at"])
    op.create_table(
        "llm_health",
        sa.Column("process", sa.String(128), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("routes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("process", name="pk_llm_health"),
    )
    op.execute(_COPY)
    op.drop_table("usage")


def _create_calls() -> None:
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("call", sa.String(128), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        *_words(),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _COUNTS),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("calls", sa.SmallInteger, nullable=False),
        sa.Column("first_token_s", sa.Float),
        sa.Column("total_s", sa.Float, nullable=False),
        sa.Column("overhead_s", sa.Float, nullable=False),
        sa.Column("first_token_bucket", sa.SmallInteger),
        sa.Column("total_bucket", sa.SmallInteger),
        sa.Column("overhead_bucket", sa.SmallInteger),
        sa.PrimaryKeyConstraint("id", name="pk_llm_calls"),
    )


_COUNTS = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "cost_nano",
    "list_nano",
    "saved_nano",
    "squeezed_tokens",
    "squeezed_nano",
    "refused_nano",
    "predicted_tokens",
)


def _words() -> tuple[sa.Column[str], ...]:
    always = {"role": 16, "task": 32, "rule": 64, "source": 16, "template": 128, "currency": 8}
    maybe = {
        "session": 128,
        "user": 255,
        "scenario": 64,
        "persona": 64,
        "tier": 16,
        "provider": 64,
        "model": 128,
        "level": 16,
        "fault": 64,
    }
    return (
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in always.items()),
        *(sa.Column(name, sa.String(length)) for name, length in maybe.items()),
    )
