"""The shared file kept locked by another process: no call waits for it twice (C1)."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.embedded.file import SharedFile
from services.adapters.embedded.purse import TABLES, SqlitePurse
from services.core.errors import BackendError, BackendTimeout
from services.llm.ports import BudgetLine, Hold
from tests.fakes.booked import booked
from tests.fakes.clock import FakeClock

LINE = BudgetLine(key="day:2026-11-21", scope="day", limit_nano=1000)


@dataclass
class Desk:
    """A purse in a file, and a clock that moves when it is told to."""

    file: SharedFile
    clock: FakeClock
    purse: SqlitePurse

    async def reserve(self, id: str) -> None:
        expires_at = self.clock.now() + timedelta(seconds=30)
        hold = Hold(id=id, lines=(LINE,), amount_nano=10, draft=booked(id), expires_at=expires_at)
        assert (await self.purse.reserve([hold])).denied is None

    async def spent(self) -> int:
        return (await self.purse.spent([LINE]))[LINE.key]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    file, clock = SharedFile(tmp_path, tables=TABLES), FakeClock()
    purse = SqlitePurse(file, clock, timeout_s=0.05)
    yield Desk(file, clock, purse)
    await purse.aclose()
    await file.aclose()


@contextmanager
def locked(file: SharedFile) -> Iterator[None]:
    """Another process writes."""
    connection = sqlite3.connect(file.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def unasked(file: SharedFile, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file may not be written to."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the file was asked")

    with monkeypatch.context() as patch:
        patch.setattr(file, "submit", refuse)
        yield


async def test_c1_after_the_first_call_none_waits_for_a_locked_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(desk.file):
        with pytest.raises(BackendError):
            await desk.reserve("a")
        desk.clock.advance(0.9)
        with unasked(desk.file, monkeypatch):
            with pytest.raises(BackendError):
                await desk.reserve("b")
            with pytest.raises(BackendError):
                await desk.spent()


async def test_c1_locked_file_is_tried_again_until_it_is_free(desk: Desk) -> None:
    with locked(desk.file):
        with pytest.raises(BackendError):
            await desk.reserve("a")
        desk.clock.advance(1.0)
        with pytest.raises(BackendError):
            await desk.reserve("b")
    async with asyncio.timeout(20):
        while True:
            desk.clock.advance(1.0)
            try:
                await desk.reserve("c")
            except BackendError:
                await asyncio.sleep(0.01)
            else:
                break
    assert desk.file.locked_s == 0
    assert await desk.spent() >= 10


async def test_c1_write_that_waits_before_it_for_the_lock_keeps_no_call(desk: Desk) -> None:
    """The cache has more patience than a call."""
    with locked(desk.file):
        before = desk.file.submit(lambda db: None, wait_s=60)
        with pytest.raises(BackendTimeout):
            await desk.reserve("a")
        assert not before.done()
    await before


async def test_own_writes_before_it_are_waited_for(desk: Desk) -> None:
    slow = desk.file.submit(lambda db: time.sleep(0.2))
    await desk.reserve("a")
    assert slow.done()
    assert await desk.spent() == 10


async def test_purse_can_be_closed_while_it_tries_a_locked_file(desk: Desk) -> None:
    with locked(desk.file):
        with pytest.raises(BackendError):
            await desk.reserve("a")
        desk.clock.advance(1.0)
        with pytest.raises(BackendError):
            await desk.reserve("b")
        await desk.purse.aclose()
