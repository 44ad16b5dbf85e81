"""Redis dies or sleeps under running scenes: hits stop, answers do not, and counters are right."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.vendor import Delays, Vendor, vendor
from services.llm.outcome import Level, Outcome, Source
from services.llm.request import Scope
from services.settings import Settings
from services.wiring import Services, open_services
from tests.bills import assert_bills_are_booked
from tests.integration.purse_worker import opened_purse
from tests.redis_server import RedisServer
from tests.wired import budget, ledger, say, settings_of, spent, stats, turn

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
SLEEPY = ("--enable-debug-command", "yes")
BUDGETS = "session=2, user/day=5, day=10"


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    async with vendor(delays=Delays(first_token_s=0.01, word_s=0.001)) as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path, stub: Vendor, own_redis: RedisServer) -> Settings:
    return settings_of(tmp_path, stub.url, REDIS_URL=own_redis.url, REPARTEE_BUDGETS=BUDGETS)


@asynccontextmanager
async def two_houses(settings: Settings) -> AsyncIterator[tuple[Services, Services]]:
    """Two jobs of one installation: a cache and a purse between them, nothing else."""
    async with open_services(settings) as one, open_services(settings) as other:
        yield one, other


async def ask(services: Services, words: str) -> Outcome:
    """A line that any session of the scene may share."""
    request = turn(words, use_cache=True, scope=Scope.SCENARIO, session="s-1", persona=None)
    return (await say(services, request))[1]


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110 - the facts are about another process
            await asyncio.sleep(0.02)


async def back(*houses: Services) -> None:
    """Waits until each has found Redis again and has booked what it did without."""
    async with asyncio.timeout(30):
        for house in houses:
            while house.books.purse_away or not await house.books.flush():  # noqa: ASYNC110 - Redis gives no sign
                await asyncio.sleep(0.02)


def cached(server: RedisServer) -> int:
    """How many answers stand in Redis."""
    return server.ask("KEYS", "llm:cache:*").count(b"llm:cache:")


async def counted(services: Services) -> list[int]:
    """What Redis says of session, user and day, to somebody who never saw it before."""
    url = services.settings.redis_url
    assert url is not None
    async with opened_purse(url) as purse:
        return await spent(purse, budget(services, session="s-1", user="ada"))


async def assert_right(services: Services, settings: Settings, stub: Vendor) -> None:
    """Purse, ledger, stats and the vendor's bill tell the same."""
    entries = await ledger(settings)
    total = sum(entry.cost_nano for entry in entries)
    assert await counted(services) == [total] * 3
    assert (await stats(services))["counterfactual"]["spent_nano"] == total > 0
    assert not assert_bills_are_booked(entries, stub)


async def test_c1_redis_killed_and_back_hits_stop_and_answers_do_not(
    own_redis: RedisServer, settings: Settings, stub: Vendor
) -> None:
    """Its disk is kept: two jobs go on with one budget, before, meanwhile and after."""
    own_redis.start(*DURABLE)
    async with two_houses(settings) as (one, other):
        for words in ("Premier point ?", "Deuxième point ?"):
            assert (await ask(one, words)).source is Source.LIVE
        await until(lambda: cached(own_redis) == 2)
        assert (await ask(other, "Premier point ?")).level is Level.SHARED
        own_redis.kill()
        assert (await ask(one, "Premier point ?")).level is Level.PROCESS
        assert (await ask(other, "Deuxième point ?")).source is Source.LIVE, "no shared hit"
        for number in range(4):
            for house in (one, other):
                assert (await ask(house, f"Sans Redis {number} ?")).source is Source.LIVE
        assert one.books.purse_away
        assert other.books.purse_away
        own_redis.start(*DURABLE)
        await back(one, other)
        assert (await ask(one, "Après coup ?")).source is Source.LIVE
        await until(lambda: cached(own_redis) > 2)
        assert (await ask(other, "Après coup ?")).level is Level.SHARED
        await back(one, other)
        await assert_right(one, settings, stub)


async def test_c1_redis_that_comes_back_empty_loses_no_spending(
    own_redis: RedisServer, settings: Settings, stub: Vendor
) -> None:
    own_redis.start()
    async with open_services(settings) as house:
        for number in range(5):
            await ask(house, f"Avant {number} ?")
        await back(house)
        own_redis.kill()
        for number in range(5):
            assert (await ask(house, f"Sans Redis {number} ?")).source is Source.LIVE
        own_redis.start()
        await back(house)
        await ask(house, "Après ?")
        await back(house)
        await assert_right(house, settings, stub)


async def test_c1_redis_that_sleeps_five_seconds_holds_no_answer_up(
    own_redis: RedisServer, settings: Settings, stub: Vendor
) -> None:
    own_redis.start(*SLEEPY)
    async with two_houses(settings) as (one, other):
        for number in range(3):
            await ask(one, f"Avant {number} ?")
        await until(lambda: cached(own_redis) == 3)
        assert (await ask(other, "Avant 0 ?")).level is Level.SHARED
        await back(one, other)
        own_redis.nap(5)
        for number in range(1, 3):
            outcome = await ask(other, f"Avant {number} ?")
            assert outcome.source is Source.LIVE, "the shared answer is out of reach"
        for number in range(5):
            for house in (one, other):
                assert (await ask(house, f"Pendant {number} ?")).source is Source.LIVE
        assert one.books.purse_away, "Redis still slept when all had been answered"
        assert other.books.purse_away
        await back(one, other)
        assert (await ask(one, "Réveillé ?")).source is Source.LIVE
        await until(lambda: cached(own_redis) > 3)
        assert (await ask(other, "Réveillé ?")).level is Level.SHARED
        await back(one, other)
        await assert_right(one, settings, stub)


async def test_c1_redis_that_freezes_in_mid_answer_cuts_nothing_off(
    own_redis: RedisServer, settings: Settings, stub: Vendor
) -> None:
    """Money was set aside and words were coming when it stopped; it is settled when it thaws."""
    own_redis.start()
    stub.delays = Delays(first_token_s=0.01, word_s=0.01)
    async with open_services(settings) as house:
        answer = house.optimizer.stream(turn("Dites-moi tout ?"), understudy=str)
        assert await anext(answer)
        own_redis.freeze()
        try:
            rest = [piece async for piece in answer]
            await answer.aclose()
            assert rest
            assert (await ask(house, "Et gelé ?")).source is Source.LIVE
            assert house.books.purse_away
        finally:
            own_redis.thaw()
        await back(house)
        assert answer.outcome is not None
        assert answer.outcome.complete
        await assert_right(house, settings, stub)
