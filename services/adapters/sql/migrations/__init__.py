"""Schema migrations (Alembic), shipped with the program and run whenever a database is opened.

The caller holds the database's write lock: several processes may start at once, and the first one
through does the work. Alembic keeps its current migration in module globals, so one event loop must
not upgrade two databases at the same time; `engine` sees to that.
"""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.core.errors import ConfigError


def head() -> str:
    """The newest revision that this program knows."""
    return str(_scripts().get_current_head())


def upgrade(connection: Connection, *, to: str = "head") -> bool:
    """Brings the schema to revision `to` in the caller's transaction; True if that changed it.

    Raises:
        ConfigError: the database was written by a newer program.
    """
    scripts = _scripts()

    def steps(revision: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        return list(scripts._upgrade_revs(to, revision))  # type: ignore[arg-type]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    before = context.get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise ConfigError(
            f"DATABASE_URL: the database is at revision {before}, newer than this program "
            f"(revision {head()}): start the newer program, or restore the backup made before it"
        )
    with Operations.context(context):
        context.run_migrations()
    return context.get_current_revision() != before


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))
