"""Redis dead, frozen or emptied under the purse: the scene goes on, and counters stay right."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.redis_shared.client import RedisLink
from services.adapters.redis_shared.purse import RedisPurse
from services.core.clock import SystemClock
from services.core.errors import Refused
from services.llm.ledger.books import Books
from tests.fakes.ledger import FakeLedger
from tests.fakes.money import ADVANCED, ask, end, route
from tests.integration.purse_worker import books_of, opened_purse, spent
from tests.redis_server import RedisServer

WORKING_S = 0.025


class Scene:
    """Books on a real Redis; the ledger is in memory."""

    def __init__(self, link: RedisLink, books: Books, ledger: FakeLedger) -> None:
        self.link = link
        self.books = books
        self.ledger = ledger

    async def call(self, name: str) -> None:
        """A call from asking for money to its end."""
        self.books.close(await self.books.admit(ask(name), route()), end())

    async def booked_nano(self) -> int:
        return sum(entry.cost_nano for entry in await self.ledger.entries())


@asynccontextmanager
async def scene(
    url: str, *, setting: str = "session=30, day=100", spool: Path | None = None
) -> AsyncIterator[Scene]:
    link = RedisLink(url, timeout_s=WORKING_S)
    ledger = FakeLedger()
    books = books_of(RedisPurse(link, SystemClock()), ledger, setting=setting, spool=spool)
    running = asyncio.create_task(books.run())
    try:
        await link.open()
        yield Scene(link, books, ledger)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await books.aclose()
        await link.aclose()


async def until(fact: Callable[[], bool]) -> None:
    """Waits for a fact, twenty seconds at most."""
    async with asyncio.timeout(20):
        while not fact():  # noqa: ASYNC110 - the fact is in another task's hands
            await asyncio.sleep(0.01)


async def counted(url: str) -> int:
    """What Redis itself says of the day, to somebody who never saw it before."""
    async with opened_purse(url) as purse:
        return await spent(purse, SystemClock().now())


async def test_c1_redis_killed_in_mid_session_keeps_counters_right(own_redis: RedisServer) -> None:
    """It comes back with nothing: what was spent before, meanwhile and after is counted again."""
    own_redis.start()
    async with scene(own_redis.url) as played:
        for number in range(5):
            await played.call(f"before-{number}")
        open_call = await played.books.admit(ask("open"), route())
        await until(lambda: played.books.waiting == 0)
        own_redis.kill()
        for number in range(5):
            await played.call(f"meanwhile-{number}")
        assert played.books.purse_away
        own_redis.start()
        await until(lambda: not played.books.purse_away)
        await played.call("after")
        played.books.close(open_call, end())
        await until(lambda: played.books.waiting == 0)
        assert len(await played.ledger.entries()) == 12
        assert await counted(own_redis.url) == await played.booked_nano()


async def test_c1_redis_down_at_start_lets_the_scene_begin(own_redis: RedisServer) -> None:
    async with scene(own_redis.url) as played:
        await played.call("first")
        assert played.books.purse_away
        own_redis.start()
        await until(lambda: played.books.waiting == 0)
        assert await counted(own_redis.url) == await played.booked_nano() > 0


async def test_c1_process_that_ends_while_redis_is_away_is_settled_by_the_next(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    async with scene(own_redis.url, spool=tmp_path) as played:
        for number in range(5):
            await played.call(f"alone-{number}")
    spent_nano = await played.booked_nano()
    own_redis.start()
    for _ in range(2):
        async with scene(own_redis.url, spool=tmp_path) as later:
            await later.books.recover()
            await until(lambda: not [*tmp_path.glob("*.jsonl")])  # or its own round was first
    assert await counted(own_redis.url) == spent_nano > 0


async def test_c1_frozen_redis_holds_no_call_up_and_is_settled_once(
    own_redis: RedisServer,
) -> None:
    """The reservation lies in its socket and is carried out when it thaws, unheard."""
    own_redis.start()
    async with scene(own_redis.url) as played:
        await played.call("before")
        await until(lambda: played.books.waiting == 0)
        own_redis.freeze()
        ticket = await played.books.admit(ask("frozen"), route())
        assert played.books.purse_away
        own_redis.thaw()
        played.books.close(ticket, end())
        await until(lambda: played.books.waiting == 0)
        assert len(await played.ledger.entries()) == 2
        assert await counted(own_redis.url) == await played.booked_nano()


async def test_c1_refusal_while_frozen_leaves_nothing_held(own_redis: RedisServer) -> None:
    own_redis.start()
    setting = "session=0.02, day=100"
    async with scene(own_redis.url, setting=setting) as played:
        await played.call("before")
        await until(lambda: played.books.waiting == 0)
        own_redis.freeze()
        with pytest.raises(Refused, match="budget:away"):
            await played.books.admit(ask("dear"), route(ADVANCED))
        own_redis.thaw()
        await until(lambda: played.books.waiting == 0)
        assert len(await played.ledger.entries()) == 1
        assert await counted(own_redis.url) == await played.booked_nano()


async def test_no_key_of_the_purse_may_be_evicted(own_redis: RedisServer) -> None:
    """`volatile-lfu` takes keys with a time to live only."""
    own_redis.start()
    async with scene(own_redis.url) as played:
        await played.call("done")
        await until(lambda: played.books.waiting == 0)
        await played.books.admit(ask("open"), route())
        keys = [key.decode() for key in await played.link.call("KEYS", "*")]
        assert {key.partition(":")[0] for key in keys} == {"llm"}
        assert {await played.link.call("TTL", key) for key in keys} == {-1}
        assert not [key for key in keys if key.startswith("llm:cache:")]


async def test_counters_go_when_their_window_is_long_over(empty_redis: str) -> None:
    """The day's, not the session's; nothing else is left of what was booked."""
    async with scene(empty_redis) as played:
        await played.call("done")
        await until(lambda: played.books.waiting == 0)
        purse = RedisPurse(played.link, SystemClock())
        await purse.orphans(SystemClock().now() + timedelta(days=4))
        keys = {key.decode() for key in await played.link.call("KEYS", "*")}
    assert keys == {"llm:budget:session:s-1", "llm:budget:ends"}
