"""Several real processes on one purse: races, kill -9, a disk that is full."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.llm.entry import LedgerEntry, Role
from tests.integration.purse_worker import MOST, books_of, opened_purse, spent

WORKER = "tests.integration.purse_worker"
ROOT = Path(__file__).parents[2]


class Later(SystemClock):
    """An hour from now: every lease has run out."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


class Worker:
    """A child process that tells and is told by lines."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child

    async def heard(self) -> Any:
        assert self.child.stdout is not None
        async with asyncio.timeout(60):
            line = await self.child.stdout.readline()
        assert line, "the worker ended without a word"
        return json.loads(line)

    def go(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(b"go\n")


@asynccontextmanager
async def workers(*arguments: tuple[str, ...]) -> AsyncIterator[list[Worker]]:
    pipe = asyncio.subprocess.PIPE
    started = [
        Worker(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", WORKER, *one, stdin=pipe, stdout=pipe, cwd=ROOT
            )
        )
        for one in arguments
    ]
    try:
        yield started
    finally:
        for worker in started:
            if worker.child.returncode is None:
                worker.child.kill()
            await worker.child.communicate()


@pytest.fixture(params=["sqlite", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty purse: a folder or a URL."""
    if request.param == "redis":
        return str(request.getfixturevalue("empty_redis"))
    return str(tmp_path / "purse")


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"


async def test_l7_of_200_calls_in_four_processes_exactly_50_go_through(where: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    async with workers(*(("race", where, name, today) for name in "abcd")) as racers:
        for racer in racers:
            assert await racer.heard() == "ready"
        for racer in racers:
            racer.go()
        told = [await racer.heard() for racer in racers]
    assert sum(one["admitted"] for one in told) == 50
    assert {cause for one in told for cause in one["refused"]} == {"budget:day"}
    async with opened_purse(where) as purse:
        assert await spent(purse, datetime.fromisoformat(f"{today}T12:00:00Z")) == 50 * MOST


async def test_o8_ledger_and_purse_agree_after_kill_9_in_mid_call(
    where: str, database: str
) -> None:
    """One process is killed while it has nine calls under way, its neighbour ends in peace."""
    begun = datetime.now(UTC)
    async with workers(("work", where, database, "a"), ("work", where, database, "b")) as pair:
        for worker in pair:
            assert await worker.heard() == "working"
        pair[0].child.kill()
        await pair[0].child.wait()
        pair[1].go()
        assert await pair[1].heard() == {"waiting": 0}
    entries, found, total = await recovered(where, database, begun)
    assert sum(entry.cost_nano for entry in entries) == total
    lost = [entry for entry in entries if entry.role is Role.LOST]
    assert found >= len(lost)
    assert {entry.call.partition("-")[0] for entry in lost} == {"a"}
    assert "a-open" in {entry.call for entry in lost}
    assert all(entry.usage.estimated for entry in lost)
    assert len({entry.call for entry in entries}) == len(entries)


async def test_o8_calls_without_any_budget_are_booked_after_kill_9(
    where: str, database: str
) -> None:
    async with workers(("work", where, database, "a", "")) as (worker,):
        assert await worker.heard() == "working"
        worker.child.kill()
        await worker.child.wait()
    entries, _, total = await recovered(where, database, datetime.now(UTC))
    assert "a-open" in {entry.call for entry in entries if entry.role is Role.LOST}
    assert len({entry.call for entry in entries}) == len(entries)
    assert total == 0


async def recovered(
    where: str, database: str, begun: datetime
) -> tuple[tuple[LedgerEntry, ...], int, int]:
    """What stands in the ledger after another process looked, how many it found, what is spent."""
    async with opened_purse(where) as purse, open_sql(database) as parts:
        books = books_of(purse, parts.ledger, clock=Later())
        found = await books.recover()
        assert await books.recover() == 0
        entries = await parts.ledger.entries()
        days = {begun.date(): begun, datetime.now(UTC).date(): datetime.now(UTC)}
        total = sum([await spent(purse, at) for at in days.values()])
    return entries, found, total


async def test_o4_disk_full_stops_no_call_and_loses_no_entry(tmp_path: Path) -> None:
    """No file of the process may grow: the purse's nor the ledger's."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    async with workers(("fill", str(tmp_path), database)) as (worker,):
        told = await worker.heard()
    assert told["served"] > 20
    assert not told["flushed"]
    assert told["waiting"] > 0
    assert {"ledger_away", "ledger_back", "purse_away", "purse_back"} <= set(told["events"])
    assert "ledger_dropped" not in told["events"]
    assert told["booked"] == 20 + told["served"]
    assert told["spent_nano"] == told["ledger_nano"]
