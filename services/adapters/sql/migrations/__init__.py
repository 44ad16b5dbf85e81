"""Schema migrations (Alembic), shipped with the program and run whenever a database is opened.

The caller holds the database's write lock: several processes may start at once, and the first one
through does the work. Alembic keeps its current migration in module globals, so one event loop must
not upgrade two databases at the same time; `engine` sees to that. It takes 10 MB and 0.15 s, so it
is loaded only when there is a step to take.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

_VERSIONS = Path(__file__).with_name("versions")
_TABLE = "alembic_version"


def head() -> str:
    """The newest revision that this program knows: `v0004_experiments.py` holds `0004`."""
    return max(path.name[1:5] for path in _VERSIONS.glob("v*.py"))


def upgrade(connection: Connection, *, to: str | None = None) -> bool:
    """Brings the schema to that revision (None: the head) in the caller's transaction.

    True if that changed it.

    Raises:
        ConfigError: the database was written by a newer program.
    """
    wanted = to or head()
    if _revision(connection) == wanted:
        return False
    from services.adapters.sql.migrations.stepping import step_to

    return step_to(wanted, connection)


def _revision(connection: Connection) -> str | None:
    """Where the schema stands; None before the first migration."""
    if not inspect(connection).has_table(_TABLE):
        return None
    query = text(f"SELECT version_num FROM {_TABLE}")  # noqa: S608 - a constant
    revision: str | None = connection.scalar(query)
    return revision
