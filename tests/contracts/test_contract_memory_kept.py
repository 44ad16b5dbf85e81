"""Analyses of sessions in every cache that processes share."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from services.adapters.embedded.cache import CACHE_TABLES, SqliteCache
from services.adapters.embedded.file import open_shared_file
from services.adapters.redis_shared.cache import RedisCache
from services.adapters.redis_shared.client import RedisLink
from services.debrief.kept import Kept
from services.debrief.ports import Counts
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import CacheKey, Keys, Tag
from services.llm.ports import SharedCache
from services.telemetry.memory_metrics import MemoryMetrics
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import FakeClock
from tests.fakes.memory import ROOM, FakeCounts, about, analyst_on, answering, draft, turn
from tests.fakes.optimizer import SECRET
from tests.fakes.shared_cache import FakeSharedCache

TURNS = (turn("learner", "Nous publierons le rapport."),)
STALE_S = 11.0
"""After so long a process looks whether what it knows is still there for all."""


@pytest.fixture(params=["fake", "redis", "sqlite"])
async def shared(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SharedCache]:
    clock = FakeClock()
    if request.param == "fake":
        yield FakeSharedCache(clock)
    elif request.param == "redis":
        link = RedisLink(request.getfixturevalue("empty_redis"), timeout_s=5)
        yield RedisCache(link)
        await link.aclose()
    else:
        file = await open_shared_file(tmp_path, tables=CACHE_TABLES)
        yield SqliteCache(file, clock)
        await file.aclose()


async def analysed(shared: SharedCache, model: FakeChatModel) -> bool:
    """Whether a process that has just started knows the analysis."""
    analyst = analyst_on(model, FakeClock(), shared=shared)
    found = await analyst.analyse_turns(about(), TURNS)
    await analyst.aclose()
    return found.cached


def key_of(secret: bytes) -> CacheKey:
    clock = FakeClock()
    kept = Kept(AnswerCache(None, clock, Random(1)), Keys(secret), clock)
    return kept.key(about(), TURNS, "memory.fr@2")


async def test_another_process_finds_the_analysis(shared: SharedCache) -> None:
    model = FakeChatModel(*answering(draft()))
    assert [await analysed(shared, model) for _ in range(3)] == [False, True, True]
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("kind", "id"), [(Tag.SESSION, ROOM), (Tag.USER, "ada"), (Tag.SCENARIO, "debat-tv")]
)
async def test_d2_a_purge_finds_it_by_session_user_and_scenario(
    shared: SharedCache, kind: Tag, id: str
) -> None:
    model = FakeChatModel(*answering(draft()))
    await analysed(shared, model)
    assert await shared.purge(Keys(SECRET).tag(kind, id)) == 1
    assert not await analysed(shared, model)


async def test_d2_a_process_that_runs_forgets_what_another_one_purged(shared: SharedCache) -> None:
    clock, model = FakeClock(), FakeChatModel(*answering(draft()))
    await analysed(shared, model)
    analyst = analyst_on(model, clock, shared=shared)
    assert (await analyst.analyse_turns(about(), TURNS)).cached
    assert await shared.purge(Keys(SECRET).tag(Tag.SESSION, ROOM)) == 1
    clock.advance(STALE_S)
    assert not (await analyst.analyse_turns(about(), TURNS)).cached
    await analyst.aclose()


async def test_a_sweep_leaves_it_where_it_is(shared: SharedCache) -> None:
    model = FakeChatModel(*answering(draft()))
    await analysed(shared, model)
    await shared.sweep()
    assert await analysed(shared, model)


@pytest.mark.parametrize("value", [b"", b"{}", b'{"schema":1,"variants":[]}', b"\xff\x00"])
async def test_c3_a_value_that_cannot_be_read_is_a_miss(shared: SharedCache, value: bytes) -> None:
    await shared.put(key_of(SECRET).text, value, ttl_s=60, tags=())
    model = FakeChatModel(*answering(draft()))
    assert not await analysed(shared, model)
    assert await analysed(shared, model)


async def test_c1_a_cache_that_is_away_costs_a_call_and_nothing_else() -> None:
    shared = FakeSharedCache(FakeClock())
    shared.away = True
    model = FakeChatModel(*answering(draft()))
    assert [await analysed(shared, model) for _ in range(2)] == [False, False]
    assert len(model.requests) == 2


def test_c2_keys_and_tags_hold_no_word_and_no_name() -> None:
    key = key_of(SECRET)
    start, session, digest = key.text.split(":")
    assert (start, session, len(digest)) == ("memory_analysis", ROOM, 32)
    assert "ada" not in "".join(key.tags)
    assert key_of(b"another secret, another hash").text != key.text


@pytest.mark.parametrize("counts", [FakeCounts(), MemoryMetrics()], ids=["fake", "prometheus"])
async def test_whoever_counts_is_told_of_hits_misses_and_seconds(counts: Counts) -> None:
    told: list[str] = []

    class Told:
        def hit(self) -> None:
            told.append("hit")
            counts.hit()

        def miss(self) -> None:
            told.append("miss")
            counts.miss()

        def took(self, seconds: float) -> None:
            told.append("took")
            counts.took(seconds)

    model = FakeChatModel(*answering(draft()))
    analyst = analyst_on(model, FakeClock(), counts=Told())
    for _ in range(2):
        await analyst.analyse_turns(about(), TURNS)
    assert told == ["miss", "took", "hit"]
    await analyst.aclose()
