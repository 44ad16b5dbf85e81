"""A database by its URL, opened, brought to this program's schema, and its errors made ours.

Owns what differs between SQLite and PostgreSQL: drivers, locks, timeouts.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Table, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.adapters.sql import migrations
from services.core.errors import BackendError, BackendTimeout, ConfigError

_BUSY_TIMEOUT_MS = 5_000
_UPGRADE_BUSY_TIMEOUT_MS = 30_000
_LOCK_POLL_S = 0.02
_UPGRADE_LOCK = 0x5265_7061
"""Key of PostgreSQL's advisory lock; any number will do that nobody else on that server takes."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the database raises into BackendError, without statement, values or cause."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise BackendError(f"the store failed: {type(error).__name__}", code="store") from None


def insert_into(table: Table, engine: AsyncEngine) -> Any:
    """An INSERT that knows ON CONFLICT; both dialects spell it alike."""
    return (postgresql if engine.dialect.name == "postgresql" else sqlite).insert(table)


async def open_engine(url: str) -> AsyncEngine:
    """An engine on an up-to-date schema.

    Raises:
        ConfigError: no such kind of database, or it belongs to a newer program.
        BackendError: the database cannot be reached.
    """
    target = _parse(url)
    if target.get_backend_name() == "sqlite":
        async with _alone(Path(f"{target.database}.lock")):
            await _upgrade(target)
    else:
        await _upgrade(target)
    return _engine(target, busy_timeout_ms=_BUSY_TIMEOUT_MS)


def _parse(url: str) -> URL:
    try:
        target = make_url(url)
    except ArgumentError:
        raise ConfigError("DATABASE_URL: not a database URL") from None
    backend = target.get_backend_name()
    if backend not in _DRIVERS:
        raise ConfigError(f"DATABASE_URL: {backend} is not supported; use {' or '.join(_DRIVERS)}")
    if backend == "sqlite":
        if target.database in {None, "", ":memory:"}:
            raise ConfigError(
                "DATABASE_URL: a SQLite database needs a file: several processes use it"
            )
        with translated():
            Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
    return target.set(drivername=_DRIVERS[backend])


def _engine(url: URL, *, busy_timeout_ms: int, begin: str | None = None) -> AsyncEngine:
    if url.get_backend_name() == "postgresql":
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"timeout": 5, "command_timeout": busy_timeout_ms / 1000},
        )
    engine = create_async_engine(url, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        if begin:
            connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        if begin:
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    if begin:

        @event.listens_for(engine.sync_engine, "begin")
        def start(connection: Any) -> None:
            connection.exec_driver_sql(begin)

    return engine


@asynccontextmanager
async def _alone(lock: Path) -> AsyncIterator[None]:
    """Keeps other processes out: SQLite's switch to WAL does not wait for its own lock."""
    with _opened(lock) as handle:
        try:
            async with asyncio.timeout(_UPGRADE_BUSY_TIMEOUT_MS / 1000):
                while not _locked(handle):  # noqa: ASYNC110 - another process gives no signal
                    await asyncio.sleep(_LOCK_POLL_S)
        except TimeoutError:
            raise BackendTimeout(
                "another process keeps the database locked", code="store"
            ) from None
        yield


@contextmanager
def _opened(lock: Path) -> Iterator[int]:
    with translated():
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _upgrade(url: URL) -> None:
    """Upgrades under the database's own lock: one process works, others wait and find it done."""
    engine = _engine(url, busy_timeout_ms=_UPGRADE_BUSY_TIMEOUT_MS, begin="BEGIN IMMEDIATE")
    try:
        with translated():
            async with engine.begin() as connection:
                if url.get_backend_name() == "postgresql":
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK}
                    )
                await connection.run_sync(migrations.upgrade)
    finally:
        await engine.dispose()
