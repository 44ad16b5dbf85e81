"""Level 2 of the answer cache in the shared SQLite file: rows that expire."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from services.adapters.embedded.file import SharedFile
from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.cache.stored import MARK

logger = logging.getLogger(__name__)

CACHE_TABLES = (
    """CREATE TABLE IF NOT EXISTS cache_1 (
        key TEXT PRIMARY KEY, value BLOB NOT NULL, ends_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS cache_1_ends ON cache_1 (ends_ms)",
    """CREATE TABLE IF NOT EXISTS cache_tag_1 (
        tag TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (tag, key)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS cache_tag_1_key ON cache_tag_1 (key)",
)
"""Its tables, for `open_shared_file`."""

_GET = "SELECT value FROM cache_1 WHERE key = ? AND ends_ms > ?"
_PUT = "INSERT OR REPLACE INTO cache_1 (key, value, ends_ms) VALUES (?, ?, ?)"
_TAGGED = """SELECT t.key, c.ends_ms FROM cache_tag_1 AS t
    LEFT JOIN cache_1 AS c ON c.key = t.key WHERE t.tag = ?"""
_DELETE = ("DELETE FROM cache_1 WHERE key = ?", "DELETE FROM cache_tag_1 WHERE key = ?")
_TRIM_EVERY = 256
_LEFT_BEHIND_FOR = timedelta(days=1)

T = TypeVar("T")


class SqliteCache:
    """A SharedCache. The file belongs to whoever opened it: the purse uses it too.

    `mark` is how every value of the present schema begins. Beyond `max_entries`, what ends soonest
    is forgotten.
    """

    def __init__(
        self, file: SharedFile, clock: Clock, *, mark: bytes = MARK, max_entries: int = 20_000
    ) -> None:
        self._file = file
        self._clock = clock
        self._mark = mark
        self._max_entries = max_entries
        self._puts = 0
        self._failing = False

    async def get(self, key: str) -> bytes | None:
        """Read in the event loop: some ten microseconds, and no waiting for any lock."""
        try:
            row = self._file.row(_GET, (key, self._now_ms()))
        except BackendError:
            return None
        return None if row is None else row[0]

    async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
        ends_ms = self._now_ms() + max(1, round(ttl_s * 1000))
        self._puts += 1
        trim = self._puts % _TRIM_EVERY == 0

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT, (key, value, ends_ms))
            connection.executemany(
                "INSERT OR IGNORE INTO cache_tag_1 VALUES (?, ?)", [(tag, key) for tag in tags]
            )
            if trim:
                self._trim(connection)

        await self._write("put", job, None)

    async def drop(self, key: str) -> None:
        await self._write("drop", lambda connection: _delete(connection, [key]), None)

    async def purge(self, tag: str) -> int:
        """Also empties the write-ahead log, so that no copy stays on the disk."""
        now_ms = self._now_ms()

        def job(connection: sqlite3.Connection) -> int:
            tagged = connection.execute(_TAGGED, (tag,)).fetchall()
            _delete(connection, [key for key, _ in tagged])
            return sum([ends_ms is not None and ends_ms > now_ms for _, ends_ms in tagged])

        gone = await self._write("purge", job, 0)
        await self._file.checkpoint()
        return gone

    async def sweep(self) -> int:
        """Also deletes corrupt files that were left behind more than a day ago."""
        now = self._clock.now()
        now_ms = self._now_ms()

        def job(connection: sqlite3.Connection) -> int:
            gone = connection.execute(
                "DELETE FROM cache_1 WHERE ends_ms <= ? OR substr(value, 1, ?) IS NOT ?",
                (now_ms, len(self._mark), self._mark),
            ).rowcount
            self._trim(connection)
            return gone

        gone = await self._write("sweep", job, 0)
        await self._file.checkpoint()
        self._file.tidy(before=now - _LEFT_BEHIND_FOR)
        return gone

    async def aclose(self) -> None:
        """Nothing: the file is closed by its owner."""

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Keeps the bound, and no tag of what is gone."""
        connection.execute(
            "DELETE FROM cache_1 WHERE key IN"
            " (SELECT key FROM cache_1 ORDER BY ends_ms DESC LIMIT -1 OFFSET ?)",
            (self._max_entries,),
        )
        connection.execute("DELETE FROM cache_tag_1 WHERE key NOT IN (SELECT key FROM cache_1)")

    async def _write(self, what: str, job: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Writes, or tells once that writing fails; reads go on, a full disk needs only them."""
        try:
            result = await self._file.write(job)
        except BackendError as error:
            if not self._failing:
                logger.warning("cache.file_failed", extra={"what": what, "cause": str(error)})
            self._failing = True
            return otherwise
        self._failing = False
        return result

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _delete(connection: sqlite3.Connection, keys: Sequence[str]) -> None:
    for statement in _DELETE:
        connection.executemany(statement, [(key,) for key in keys])
