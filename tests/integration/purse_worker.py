"""One of several processes on one purse: it races for a budget, works until it is killed, or fills
the disk. It prints what it saw as JSON."""

import asyncio
import json
import random
import resource
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from services.adapters.embedded.file import open_shared_file
from services.adapters.embedded.purse import TABLES, SqlitePurse
from services.adapters.redis_shared.client import RedisLink
from services.adapters.redis_shared.purse import RedisPurse
from services.adapters.sql.store import open_sql
from services.core.clock import Clock, SystemClock
from services.core.errors import Refused
from services.llm.entry import Role
from services.llm.ledger.books import Books
from services.llm.ledger.budgets import parse_budgets
from services.llm.ports import LedgerStore, Observer, Purse
from tests.fakes.ledger import FakeLedger
from tests.fakes.money import ADVANCED, ask, end, pricing, route
from tests.fakes.observer import FakeObserver

MOST = 1050 * 1000 + 25 * 5000
"""Nano-USD that an `ask` can cost at most, from the cheap model."""

RACE = f"day={50 * MOST / 1_000_000_000}"
"""A budget for exactly fifty calls."""

ROOMY = "session=30, day=100"
RACERS_CALLS = 50
SPARE_BYTES = 4096


@asynccontextmanager
async def opened_purse(where: str, *, timeout_s: float = 5.0) -> AsyncIterator[Purse]:
    """A Redis by its URL, or the file of a folder; patient."""
    if "://" in where:
        link = RedisLink(where, timeout_s=timeout_s)
        yield RedisPurse(link, SystemClock())
        await link.aclose()
    else:
        file = await open_shared_file(Path(where), tables=TABLES)
        yield SqlitePurse(file, SystemClock(), timeout_s=timeout_s)
        await file.aclose()


def books_of(
    purse: Purse,
    ledger: LedgerStore,
    *,
    setting: str = ROOMY,
    clock: Clock | None = None,
    observer: Observer | None = None,
    spool: Path | None = None,
) -> Books:
    """Books with the prices of the tests."""
    clock = clock or SystemClock()
    return Books(
        purse=purse,
        ledger=ledger,
        prices=pricing(clock),
        plan=parse_budgets(setting),
        clock=clock,
        observer=observer or FakeObserver(),
        advanced=ADVANCED,
        spool=spool,
    )


async def say(told: object) -> None:
    """One line to whoever started this."""
    await asyncio.to_thread(print, json.dumps(told), flush=True)


async def race(where: str, name: str, day: str) -> None:
    """Asks for fifty calls at once when told to; prints how many were let through."""
    async with opened_purse(where) as purse:
        books = books_of(purse, FakeLedger(), setting=RACE, clock=NoonOf(day))
        await purse.spent(())
        await say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        attempts = [books.admit(ask(f"{name}-{n}"), route()) for n in range(RACERS_CALLS)]
        ends = await asyncio.gather(*attempts, return_exceptions=True)
        refused = [str(one) for one in ends if isinstance(one, BaseException)]
        await say({"admitted": len(ends) - len(refused), "refused": sorted(set(refused))})


async def work(where: str, database: str, name: str, setting: str = ROOMY) -> None:
    """Makes calls until it reads a line, or is killed; then it books the rest."""
    rng = random.Random(name)
    async with opened_purse(where) as purse, open_sql(database) as parts:
        books = books_of(purse, parts.ledger, setting=setting)
        tasks = [asyncio.create_task(books.run())]
        tasks += [asyncio.create_task(_calls(books, f"{name}-{n}", rng)) for n in range(8)]
        await asyncio.sleep(0.5)
        forgotten = await books.admit(ask(f"{name}-open", max_tokens=99), route())
        await asyncio.sleep(0.5)  # a draft that draws on no budget is written after the admission
        await say("working")
        await asyncio.to_thread(sys.stdin.readline)
        books.close(forgotten, end(Role.CANCELLED, usage=None))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        async with asyncio.timeout(45):
            while not await books.flush():  # noqa: ASYNC110 - a purse that is away gives no sign
                await asyncio.sleep(0.1)
        await books.aclose()
        await say({"waiting": books.waiting})


async def _calls(books: Books, name: str, rng: random.Random) -> None:
    number = 0
    while True:
        number += 1
        ticket = await books.admit(ask(f"{name}-{number}"), route())
        try:
            await asyncio.sleep(rng.random() * 0.02)
        finally:
            books.close(ticket, end(rng.choice([Role.SERVED, Role.CANCELLED, Role.LATE])))


async def fill(folder: str, database: str) -> None:
    """Works on while no file may grow any more, then on a disk with room again."""
    observer = FakeObserver()
    async with opened_purse(folder) as purse, open_sql(database) as parts:
        books = books_of(purse, parts.ledger, observer=observer)
        await _some(books, "before", 20)
        await books.flush()
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_largest(folder) + SPARE_BYTES, hard))
        served = await _some(books, "full", 300)
        flushed = await books.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        waiting = books.waiting
        async with asyncio.timeout(45):
            while not await books.flush():  # noqa: ASYNC110 - a disk gives no sign
                await asyncio.sleep(0.1)
        entries = await parts.ledger.entries()
        await say(
            {
                "served": served,
                "flushed": flushed,
                "waiting": waiting,
                "events": sorted({name for name, _ in observer.events}),
                "booked": len(entries),
                "ledger_nano": sum(entry.cost_nano for entry in entries),
                "spent_nano": await spent(purse, entries[0].at),
            }
        )


def _largest(folder: str) -> int:
    """Bytes of the largest file there."""
    return max(one.stat().st_size for one in Path(folder).iterdir())


async def _some(books: Books, name: str, count: int) -> int:
    """How many of so many calls a model was asked for; the others got written words."""
    served = 0
    for number in range(count):
        with suppress(Refused):
            ticket = await books.admit(ask(f"{name}-{number}"), route())
            books.close(ticket, end())
            served += 1
        if number % 10 == 0:
            await books.flush()
    return served


async def spent(purse: Purse, at: datetime) -> int:
    """What the purse says of the day."""
    lines = parse_budgets(ROOMY).lines(now=at)
    return (await purse.spent(lines))[lines[0].key]


class NoonOf:
    """The clock of a day, so that no race runs over midnight."""

    def __init__(self, day: str) -> None:
        self._now = datetime.fromisoformat(f"{day}T12:00:00Z")

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return 0.0


JOBS: dict[str, Callable[..., Coroutine[None, None, None]]] = {
    "race": race,
    "work": work,
    "fill": fill,
}

if __name__ == "__main__":
    asyncio.run(JOBS[sys.argv[1]](*sys.argv[2:]))
