"""Runs migrations with Alembic, which keeps its current one in module globals."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.core.errors import ConfigError

_FOLDER = Path(__file__).parent


def step_to(revision: str, connection: Connection) -> bool:
    """Brings the schema there in the caller's transaction; True if that changed it.

    Raises:
        ConfigError: the database was written by a newer program.
    """
    scripts = ScriptDirectory(str(_FOLDER))

    def steps(current: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        return list(scripts._upgrade_revs(revision, current))  # type: ignore[arg-type]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    before = context.get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise ConfigError(
            f"DATABASE_URL: the database is at revision {before}, newer than this program "
            f"(revision {scripts.get_current_head()}): start the newer program, or restore the "
            "backup made before it"
        )
    with Operations.context(context):
        context.run_migrations()
    return context.get_current_revision() != before
