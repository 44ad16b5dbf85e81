"""One SQLite file that the processes of a machine share: `shared.db` in the data folder.

Owns opening it (also by several processes at once), its two connections, and what is done when the
file is corrupt or gone. What stands in it belongs to the adapters beside this module.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from services.adapters.embedded.folder import Folder
from services.core.errors import BackendError, ConfigError

logger = logging.getLogger(__name__)

_VERSION = 1
_BUSY_S = 2.0
_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

T = TypeVar("T")
Row = tuple[Any, ...]


async def open_shared_file(folder: Path, *, tables: Sequence[str]) -> "SharedFile":
    """The file in that folder, opened outside the event loop. Raises as `SharedFile`."""
    return await asyncio.to_thread(SharedFile, folder, tables=tables)


class SharedFile:
    """The open file: point reads in the caller's thread, writes one by one in a thread of its own.

    `tables` are `CREATE ... IF NOT EXISTS` statements. A table whose columns change gets another
    name (`cache_1`, `cache_2`), so that an older program beside a newer one keeps its own.

    Raises:
        BackendError: the folder cannot be written; code `shared_file`.
        ConfigError: the file belongs to a newer program.
    """

    def __init__(self, folder: Path, *, tables: Sequence[str]) -> None:
        self._folder = Folder(folder)
        self._tables = tuple(tables)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._retired: list[sqlite3.Connection] = []
        self._closed = False
        self._waits_since_s: float | None = None
        with _translated():
            self._open()
        self._thread = threading.Thread(target=self._work, name="shared-file", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """Where it is now; another name after a corrupt file was left behind."""
        return self._folder.path

    @property
    def locked_s(self) -> float:
        """Seconds since the writer has been kept out by other processes; 0 when it was let in."""
        since_s = self._waits_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def row(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None. For point reads, 10 to 40 us; it never waits.

        Raises:
            BackendError: the file is locked or broken.
        """
        try:
            found: Row | None = self._reader.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise self._unread(error) from None
        return found

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a short query; as `row`."""
        try:
            return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._unread(error) from None

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What `job` returns; it runs in the writer's thread as one immediate transaction.

        It waits for other processes' writes for two seconds at most. A caller that is cancelled
        does not stop it. What the job raises undoes it and is raised here.

        Raises:
            BackendError: locked for too long, disk full, or broken (another file is made then).
        """
        return await self.submit(job)

    def submit(
        self, job: Callable[[sqlite3.Connection], T], *, wait_s: float = _BUSY_S
    ) -> asyncio.Future[T]:
        """As `write`, for who waits in a way of their own; other processes' locks for `wait_s`."""
        return self._submit(lambda: self._transaction(job, wait_s))

    async def checkpoint(self) -> None:
        """Moves the write-ahead log into the file and empties it, if nobody is reading just now."""
        with contextlib.suppress(BackendError):
            await self._submit(self._checkpoint)

    def tidy(self, *, before: datetime) -> None:
        """Deletes files that were left behind as corrupt, if last written before that time."""
        for path in self._folder.left_behind():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()

    async def aclose(self) -> None:
        """Finishes the writes that were asked for, then closes the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            for connection in (*self._retired, self._reader, self._writer):
                _close(connection)

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """What `work` will return or raise in the writer's thread."""
        if self._closed:
            raise BackendError("the shared file is closed", code="shared_file")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - a thread's edge: it is raised at `await`
                _hand_over(loop, future, future.set_exception, error)
            else:
                _hand_over(loop, future, future.set_result, result)

        self._jobs.put(run)
        return future

    def _open(self) -> None:
        with self._folder.alone():
            self._folder.find()
            try:
                self._connect()
            except sqlite3.DatabaseError as error:
                if not _is_broken(error):
                    raise
                self._leave_behind()

    def _connect(self) -> None:
        """Both connections to the folder's newest file; the tables, if they are not there."""
        writer = _connected(self._folder.path, busy_s=_BUSY_S)
        try:
            _prepare(writer, self._tables)
            reader = _connected(self._folder.path, busy_s=0.0)
        except BaseException:
            _close(writer)
            raise
        reader.execute("PRAGMA query_only = ON")
        self._writer, self._reader = writer, reader
        self._patience_s = _BUSY_S

    def _leave_behind(self) -> None:
        logger.error("shared_file.corrupt", extra={"file": self._folder.path.name})
        self._folder.advance()
        self._connect()

    def _unread(self, error: sqlite3.Error) -> BackendError:
        """Has a file that a read found broken mended, soon."""
        if _is_broken(error) and not self._closed:
            reader = self._reader
            self._jobs.put(lambda: self._mend(reader))
        return _ours(error)

    def _work(self) -> None:
        """The writer's thread."""
        while (run := self._jobs.get()) is not None:
            run()

    def _transaction(self, job: Callable[[sqlite3.Connection], T], wait_s: float) -> T:
        with _translated():
            if self._folder.moved_on():
                self._reopen(mend=False)
            writer = self._writer
            try:
                self._take_lock(writer, wait_s)
                result = job(writer)
                writer.execute("COMMIT")
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    writer.rollback()
                if isinstance(error, sqlite3.Error) and _is_broken(error):
                    self._reopen(mend=True)
                raise
            return result

    def _take_lock(self, writer: sqlite3.Connection, wait_s: float) -> None:
        if self._waits_since_s is None:
            self._waits_since_s = time.monotonic()
        if wait_s != self._patience_s:
            writer.execute(f"PRAGMA busy_timeout = {int(wait_s * 1000)}")
            self._patience_s = wait_s
        writer.execute("BEGIN IMMEDIATE")
        self._waits_since_s = None

    def _checkpoint(self) -> None:
        with _translated():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _mend(self, reader: sqlite3.Connection) -> None:
        """What a reader that found the file broken asks of the writer's thread."""
        if reader is self._reader:
            try:
                self._reopen(mend=True)
            except (sqlite3.Error, OSError, BackendError) as error:
                logger.warning("shared_file.not_mended", extra={"kind": type(error).__name__})

    def _reopen(self, *, mend: bool) -> None:
        """Goes over to the newest file; makes one when this one is the newest and broken.

        The old connections stay open until the end: the other thread may be using one.
        """
        old = (self._writer, self._reader)
        with self._folder.alone():
            if self._folder.moved_on():
                self._folder.find()
                self._connect()
            elif mend:
                self._leave_behind()
        if self._writer is not old[0]:
            self._retired.extend(old)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _ours(error) from None


def _ours(error: Exception) -> BackendError:
    kind = getattr(error, "sqlite_errorname", type(error).__name__)
    return BackendError(f"the shared file failed: {kind}", code="shared_file")


def _is_broken(error: sqlite3.Error) -> bool:
    return str(getattr(error, "sqlite_errorname", "")).startswith(_BROKEN)


def _connected(path: Path, *, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=busy_s, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _prepare(writer: sqlite3.Connection, tables: Sequence[str]) -> None:
    writer.execute("PRAGMA journal_mode = WAL")
    (version,) = writer.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise ConfigError(
            "the shared file in REPARTEE_DATA_DIR belongs to a newer program: start that one,"
            " or name another folder"
        )
    writer.execute("BEGIN IMMEDIATE")
    for statement in tables:
        writer.execute(statement)
    writer.execute(f"PRAGMA user_version = {_VERSION}")
    writer.execute("COMMIT")


def _close(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        connection.close()


def _hand_over(
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[Any]",
    settle: Callable[[Any], None],
    end: object,
) -> None:
    def settled() -> None:
        if not future.done():
            settle(end)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settled)
