"""Settings to the sessions on record, and nothing else: for whoever only reads them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.adapters.sql.store import open_sql
from services.core.errors import NotFound
from services.sessions.ports import SessionStore
from services.settings import Settings


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[SessionStore]:
    """The store of the settings' database; a file that is not there is not made.

    Raises:
        NotFound: no session was ever written here.
        ConfigError: the database cannot be used, or is newer than this program.
        BackendError: the database cannot be reached.
    """
    if _has_no_file(settings.database_url):
        raise NotFound("no session was ever written here")
    async with open_sql(settings.database_url) as sql:
        yield sql.store


def _has_no_file(url: str) -> bool:
    kind, _, path = url.partition(":///")
    return kind.startswith("sqlite") and bool(path) and not Path(path).exists()
