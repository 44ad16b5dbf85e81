"""Processes that spend from one budget at once; `python -m bench.purse_race` is one of them.

It waits until a moment that all of them were told, asks for its share of calls together, and prints
how many were let through. `naive` is what a program does that looks first and adds afterwards.
"""

import argparse
import asyncio
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.optimizing import redis_process
from bench.table import Table
from services.adapters.embedded.file import SharedFile
from services.adapters.embedded.purse import TABLES, SqlitePurse
from services.adapters.redis_shared.client import RedisLink
from services.adapters.redis_shared.purse import RedisPurse
from services.core.clock import SystemClock
from services.core.money import nano
from services.llm.entry import LedgerEntry, Role
from services.llm.ports import BudgetLine, Hold, Purse
from services.llm.request import TaskType

CALL_USD = 0.10
BUDGET_USD = 5.00
PROCESSES, CALLS_EACH = 4, 50
LINE = BudgetLine(key="race", scope="day", limit_nano=nano(BUDGET_USD))


async def measure() -> Iterable[Table]:
    """Who lets how many through."""
    rows = []
    with TemporaryDirectory() as folder, redis_process() as redis_url:
        rows.append(("optimizer, SQLite", await _started("sqlite", folder)))
        if redis_url:
            rows.append(("optimizer, Redis", await _started("redis", redis_url)))
            rows.append(("check, then add (Redis)", await _started("naive", redis_url)))
    return [
        Table(
            title=f"{PROCESSES * CALLS_EACH} calls of $0.10 at once against a budget of $5",
            columns=("who counts", "admitted", "spent"),
            rows=tuple((name, str(count), f"${count * CALL_USD:.2f}") for name, count in rows),
            note=f"{PROCESSES} processes, {CALLS_EACH} calls each, all at once; 50 is right.",
        )
    ]


async def _started(kind: str, where: str) -> int:
    start = ("--calls", str(CALLS_EACH), "--start", str(time.time() + 3))
    command = (sys.executable, "-m", "bench.purse_race", kind, where, *start)
    children = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    told = await asyncio.gather(*(child.communicate() for child in children))
    return sum(int(out) for out, _ in told)


async def admitted(spend: Callable[[], Awaitable[bool]], calls: int) -> int:
    """How many of so many calls at once were let through."""
    return sum(await asyncio.gather(*(spend() for _ in range(calls))))


def careful(purse: Purse) -> Callable[[], Awaitable[bool]]:
    """A call as the optimizer pays it: set aside before it is made."""
    clock = SystemClock()

    async def spend() -> bool:
        id, now = uuid.uuid4().hex, clock.now()
        draft = LedgerEntry(id=id, call=id, at=now, role=Role.LOST, task=TaskType.AGENT_RESPONSE)
        hold = Hold(
            id=id,
            lines=(LINE,),
            amount_nano=nano(CALL_USD),
            draft=draft,
            expires_at=now + timedelta(seconds=60),
        )
        return (await purse.reserve([hold])).denied is None

    return spend


def naive(link: RedisLink) -> Callable[[], Awaitable[bool]]:
    """Looks at the sum, makes the call (10 ms), adds its cost."""

    async def spend() -> bool:
        spent = int(await link.call("GET", "naive") or 0)
        if spent + nano(CALL_USD) > LINE.limit_nano:
            return False
        await asyncio.sleep(0.01)
        await link.call("INCRBY", "naive", nano(CALL_USD))
        return True

    return spend


async def race(kind: str, where: str, calls: int, start_s: float) -> int:
    """This process's share of the calls, all at once, from `start_s` (Unix time) on."""
    clock = SystemClock()
    if kind == "sqlite":
        file = SharedFile(Path(where), tables=TABLES)
        try:
            await asyncio.sleep(start_s - time.time())
            return await admitted(careful(SqlitePurse(file, clock, timeout_s=30)), calls)
        finally:
            await file.aclose()
    link = RedisLink(where, timeout_s=5)
    await link.open()
    try:
        await asyncio.sleep(start_s - time.time())
        spend = naive(link) if kind == "naive" else careful(RedisPurse(link, clock))
        return await admitted(spend, calls)
    finally:
        await link.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.purse_race")
    parser.add_argument("kind", choices=("sqlite", "redis", "naive"))
    parser.add_argument("where", help="a folder, or a REDIS_URL")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--start", type=float, required=True, help="Unix time")
    told = parser.parse_args()
    print(asyncio.run(race(told.kind, told.where, told.calls, told.start)))
