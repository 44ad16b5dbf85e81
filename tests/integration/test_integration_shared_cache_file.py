"""The shared SQLite file: opened by many, locked, full, corrupt or gone (C1, C3, O4)."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.embedded.cache import CACHE_TABLES, SqliteCache
from services.adapters.embedded.file import SharedFile, open_shared_file
from services.core.clock import SystemClock
from services.core.errors import BackendError, ConfigError
from services.llm.cache.stored import MARK
from tests.fakes.clock import FakeClock

KEY = "llm:cache:00:m:t"
VALUE = MARK + b"}"
_TOO_MUCH = "INSERT INTO cache_1 VALUES ('k', zeroblob(1000000), 1)"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[SharedFile]:
    file = await open_shared_file(folder, tables=CACHE_TABLES)
    try:
        yield file
    finally:
        await file.aclose()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process's write under way."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def put(cache: SqliteCache, key: str = KEY, value: bytes = VALUE) -> None:
    await cache.put(key, value, ttl_s=60, tags=["user:a1"])


def spoil(path: Path) -> None:
    """Overwrites all but the first page, as a dying disk does."""
    with path.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xa5" * (path.stat().st_size - 4096))


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_file_is_the_owners_alone_and_its_log_too(tmp_path: Path) -> None:
    async with opened(tmp_path / "deep" / "data") as file:
        await put(SqliteCache(file, SystemClock()))
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()
        }
    assert modes == dict.fromkeys(
        ["shared.db", "shared.db-wal", "shared.db-shm", "shared.lock"], 0o600
    )


async def test_many_open_a_fresh_folder_at_once(tmp_path: Path) -> None:
    files = await asyncio.gather(
        *(open_shared_file(tmp_path, tables=CACHE_TABLES) for _ in range(8))
    )
    caches = [SqliteCache(file, SystemClock()) for file in files]
    await asyncio.gather(*(put(cache, f"k{n}") for n, cache in enumerate(caches)))
    for cache in caches:
        assert [await cache.get(f"k{n}") for n in range(8)] == [VALUE] * 8
    await asyncio.gather(*(file.aclose() for file in files))


async def test_reading_waits_for_no_writer_and_the_write_comes_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        await put(cache)
        with locked(file.path):
            writing = asyncio.create_task(put(cache, "later"))
            assert await cache.get(KEY) == VALUE
            assert await cache.get("later") is None
            assert not writing.done()
        await writing
        assert await cache.get("later") == VALUE


async def test_write_that_waits_too_long_is_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        with locked(file.path):
            await put(cache)
        assert await cache.get(KEY) is None
        await put(cache)
        assert await cache.get(KEY) == VALUE
    assert [record.getMessage() for record in caplog.records] == ["cache.file_failed"]


async def test_o4_full_disk_stops_writes_and_leaves_reads(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        await put(cache)
        await file.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchall())
        for number in range(5):
            await put(cache, f"k{number}", MARK + b"x" * 100_000)
        assert await cache.get("k0") is None
        assert await cache.get(KEY) == VALUE
        with pytest.raises(BackendError, match="SQLITE_FULL") as caught:
            await file.write(lambda db: db.execute(_TOO_MUCH))
        assert caught.value.code == "shared_file"
        await file.write(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchall())
        await put(cache, "again")
        assert await cache.get("again") == VALUE
    assert [record.getMessage() for record in caplog.records] == ["cache.file_failed"]


@pytest.mark.parametrize("garbage", [b"no database at all" * 1000, b"\x00" * 5000])
async def test_c3_corrupt_file_is_left_behind_at_start(
    tmp_path: Path, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "shared.db").write_bytes(garbage)
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        await put(cache)
        assert await cache.get(KEY) == VALUE
        assert file.path == tmp_path / "shared.1.db"
    async with opened(tmp_path) as file:
        assert await SqliteCache(file, SystemClock()).get(KEY) == VALUE
    assert (tmp_path / "shared.db").read_bytes() == garbage
    assert [record.getMessage() for record in caplog.records] == ["shared_file.corrupt"]


async def test_c3_file_that_spoils_in_use_is_left_behind_by_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        cache, neighbour = SqliteCache(one, SystemClock()), SqliteCache(other, SystemClock())
        for number in range(50):
            await put(cache, f"k{number}", MARK + b"x" * 4_000)
        await one.checkpoint()
        spoil(one.path)
        found = [await SqliteCache(other, SystemClock()).get(f"k{n}") for n in range(50)]
        assert None in found
        for _ in range(3):
            await put(cache)
            await put(neighbour, "neighbour")
        assert await cache.get(KEY) == VALUE
        assert await cache.get("neighbour") == VALUE
        assert one.path == other.path == tmp_path / "shared.1.db"


async def test_file_that_was_deleted_is_made_anew_under_another_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        cache = SqliteCache(one, SystemClock())
        await put(cache)
        one.path.unlink()
        await put(cache)
        await put(SqliteCache(other, SystemClock()), "neighbour")
        assert [await cache.get(key) for key in (KEY, "neighbour")] == [VALUE, VALUE]
        assert one.path == other.path == tmp_path / "shared.1.db"


async def test_o3_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as file:
        path = file.path
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer program"):
        await open_shared_file(tmp_path, tables=CACHE_TABLES)


async def test_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(BackendError) as caught:
        await open_shared_file(tmp_path / "data", tables=CACHE_TABLES)
    assert caught.value.code == "shared_file"


async def test_what_a_job_raises_undoes_it_and_reaches_the_caller(tmp_path: Path) -> None:
    def job(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO cache_1 VALUES ('half', x'00', 9e15)")
        raise KeyError("boom")

    async with opened(tmp_path) as file:
        with pytest.raises(KeyError, match="boom"):
            await file.write(job)
        assert file.rows("SELECT key FROM cache_1") == []
        await put(SqliteCache(file, SystemClock()))


async def test_cancelled_caller_does_not_undo_its_write(tmp_path: Path) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        writing = asyncio.create_task(put(cache))
        await asyncio.sleep(0)
        writing.cancel()
        await put(cache, "next")
        assert await cache.get(KEY) == VALUE


async def test_closing_finishes_what_was_asked_for(tmp_path: Path) -> None:
    file = await open_shared_file(tmp_path, tables=CACHE_TABLES)
    cache = SqliteCache(file, SystemClock())
    writes = [asyncio.create_task(put(cache, f"k{number}")) for number in range(20)]
    await asyncio.sleep(0)
    await file.aclose()
    await asyncio.gather(*writes)
    await put(cache, "late")
    assert await cache.get("k0") is None
    await file.aclose()
    async with opened(tmp_path) as again:
        assert again.rows("SELECT count(*) FROM cache_1") == [(20,)]


async def test_d2_purged_words_are_nowhere_on_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock())
        for number in range(20):
            await put(cache, f"k{number}", MARK + b"canary-0612345678" * 100)
        assert await cache.purge("user:a1") == 20
        left = on_disk(tmp_path)
    assert b"canary" not in left


async def test_cache_stays_within_its_bound(tmp_path: Path) -> None:
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, SystemClock(), max_entries=100)
        for number in range(256):
            await put(cache, f"k{number}")
        assert file.rows("SELECT count(*) FROM cache_1") == [(100,)]
        assert file.rows("SELECT count(*) FROM cache_tag_1") == [(100,)]
        assert await cache.get("k255") == VALUE


async def test_d3_corrupt_file_is_deleted_after_a_day(tmp_path: Path) -> None:
    (tmp_path / "shared.db").write_bytes(b"words of a person" * 1000)
    clock = FakeClock(SystemClock().now())
    async with opened(tmp_path) as file:
        cache = SqliteCache(file, clock)
        await put(cache)
        await cache.sweep()
        assert (tmp_path / "shared.db").exists()
        clock.advance(timedelta(days=1, hours=1).total_seconds())
        await cache.sweep()
        assert not (tmp_path / "shared.db").exists()
        assert file.path.exists()
