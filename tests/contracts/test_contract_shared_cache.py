"""What every SharedCache does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.adapters.embedded.cache import CACHE_TABLES, SqliteCache
from services.adapters.embedded.file import open_shared_file
from services.adapters.redis_shared.cache import RedisCache
from services.adapters.redis_shared.client import RedisLink
from services.llm.cache.stored import MARK
from services.llm.ports import SharedCache
from tests.fakes.clock import FakeClock
from tests.fakes.shared_cache import FakeSharedCache

KEY = "llm:cache:0011:gpt-6-luna:agent_reaction"
OTHER = "llm:cache:2233:gpt-6-luna:agent_reaction"
VALUE = MARK + 'caché 🎭\x00"'.encode() + b"\xff"


@dataclass(frozen=True)
class Setup:
    """A cache on an empty store, and the way to let time pass there."""

    cache: SharedCache
    pass_s: Callable[[float], Awaitable[None]]


@pytest.fixture(params=["fake", "redis", "sqlite"])
async def setup(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setup]:
    clock = FakeClock()

    async def advance(seconds: float) -> None:
        clock.advance(seconds)

    if request.param == "fake":
        yield Setup(FakeSharedCache(clock), advance)
    elif request.param == "redis":
        link = RedisLink(request.getfixturevalue("empty_redis"), timeout_s=5)
        yield Setup(RedisCache(link), asyncio.sleep)
        await link.aclose()
    else:
        file = await open_shared_file(tmp_path, tables=CACHE_TABLES)
        yield Setup(SqliteCache(file, clock), advance)
        await file.aclose()


@pytest.fixture
def cache(setup: Setup) -> SharedCache:
    return setup.cache


async def test_unknown_key_is_a_miss(cache: SharedCache) -> None:
    assert await cache.get(KEY) is None


async def test_value_comes_back_byte_by_byte(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
    assert await cache.get(KEY) == VALUE
    assert await cache.get(OTHER) is None


async def test_later_value_replaces_the_earlier(cache: SharedCache) -> None:
    await cache.put(KEY, MARK + b"1}", ttl_s=60, tags=[])
    await cache.put(KEY, MARK + b"2}", ttl_s=60, tags=["model:m"])
    assert await cache.get(KEY) == MARK + b"2}"
    assert await cache.purge("model:m") == 1


async def test_c6_value_is_a_miss_once_its_time_is_over(setup: Setup) -> None:
    await setup.cache.put(KEY, VALUE, ttl_s=0.05, tags=["model:m"])
    await setup.cache.put(OTHER, VALUE, ttl_s=60, tags=["model:m"])
    await setup.pass_s(0.1)
    assert await setup.cache.get(KEY) is None
    assert await setup.cache.get(OTHER) == VALUE


async def test_c6_time_to_live_counts_from_the_last_put(setup: Setup) -> None:
    await setup.cache.put(KEY, VALUE, ttl_s=0.05, tags=[])
    await setup.cache.put(KEY, VALUE, ttl_s=60, tags=[])
    await setup.pass_s(0.1)
    assert await setup.cache.get(KEY) == VALUE


async def test_dropped_key_is_a_miss_and_others_stay(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
    await cache.put(OTHER, VALUE, ttl_s=60, tags=["model:m"])
    await cache.drop(KEY)
    await cache.drop(KEY)
    assert await cache.get(KEY) is None
    assert await cache.get(OTHER) == VALUE


async def test_purge_forgets_what_carries_the_tag_and_nothing_else(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=["scenario:debat", "user:a1"])
    await cache.put(OTHER, VALUE, ttl_s=60, tags=["scenario:debat", "user:b2"])
    assert await cache.purge("user:a1") == 1
    assert await cache.get(KEY) is None
    assert await cache.get(OTHER) == VALUE
    assert await cache.purge("scenario:debat") == 1
    assert await cache.get(OTHER) is None


async def test_purge_of_an_unknown_tag_forgets_nothing(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=["scenario:debat"])
    assert await cache.purge("scenario:deb") == 0
    assert await cache.get(KEY) == VALUE


async def test_purge_reaches_hundreds_of_entries(cache: SharedCache) -> None:
    for number in range(450):
        await cache.put(f"llm:cache:{number}:m:t", VALUE, ttl_s=60, tags=["user:a1"])
    assert await cache.purge("user:a1") == 450
    assert await cache.get("llm:cache:449:m:t") is None


async def test_purge_counts_no_expired_entry(setup: Setup) -> None:
    await setup.cache.put(KEY, VALUE, ttl_s=0.05, tags=["user:a1"])
    await setup.cache.put(OTHER, VALUE, ttl_s=60, tags=["user:a1"])
    await setup.pass_s(0.1)
    assert await setup.cache.purge("user:a1") == 1


async def test_purged_key_can_be_put_again(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=["user:a1"])
    await cache.purge("user:a1")
    await cache.put(KEY, VALUE, ttl_s=60, tags=["user:a1"])
    assert await cache.get(KEY) == VALUE
    assert await cache.purge("user:a1") == 1


async def test_c3_sweep_forgets_what_another_schema_wrote(cache: SharedCache) -> None:
    await cache.put(KEY, VALUE, ttl_s=60, tags=[])
    await cache.put(OTHER, b'{"schema":0,"text":"x"}', ttl_s=60, tags=[])
    await cache.put("llm:cache:4455:m:t", b"", ttl_s=60, tags=[])
    assert await cache.sweep() == 2
    assert await cache.get(KEY) == VALUE
    assert await cache.get(OTHER) is None
    assert await cache.sweep() == 0


async def test_many_puts_at_once_all_arrive(cache: SharedCache) -> None:
    keys = [f"llm:cache:{number}:m:t" for number in range(50)]
    await asyncio.gather(
        *(cache.put(key, MARK + key.encode(), ttl_s=60, tags=["model:m"]) for key in keys)
    )
    found = await asyncio.gather(*(cache.get(key) for key in keys))
    assert found == [MARK + key.encode() for key in keys]
