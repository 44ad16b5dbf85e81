"""Redis dead, slow, full or restarted under the cache: hits stop, calls do not (failures.md C1)."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.adapters.redis_shared.cache import RedisCache
from services.adapters.redis_shared.client import RedisLink, Script
from services.core.clock import SystemClock
from services.core.errors import BackendError, BackendTimeout
from services.launch.ports import free_port
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import Keys
from services.llm.cache.stored import MARK
from services.llm.request import Message, Request, TaskType
from tests.fakes.cached import cache_key
from tests.fakes.specs import stub_spec
from tests.integration.shared_cache_worker import answer
from tests.redis_server import RedisServer

KEY = "llm:cache:00:m:t"
VALUE = MARK + b"}"


@asynccontextmanager
async def linked(url: str, *, timeout_s: float = 5.0) -> AsyncIterator[RedisLink]:
    """A link; patient unless a test is about time."""
    link = RedisLink(url, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.aclose()


async def until(fact: Callable[[], bool]) -> None:
    """Waits for a fact, ten seconds at most."""
    async with asyncio.timeout(10):
        while not fact():  # noqa: ASYNC110 - the fact is in another task's hands
            await asyncio.sleep(0.01)


async def failures(link: RedisLink, count: int) -> list[type[BaseException]]:
    """How that many calls in a row fail."""
    ends: list[object] = []
    for _ in range(count):
        ends += await asyncio.gather(link.call("GET", KEY), return_exceptions=True)
    return [type(end) for end in ends if isinstance(end, BaseException)]


async def test_c1_redis_that_is_dead_at_start_is_found_when_it_comes(
    own_redis: RedisServer,
) -> None:
    async with linked(own_redis.url) as link:
        cache = RedisCache(link)
        assert await cache.get(KEY) is None
        await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
        assert (await cache.purge("model:m"), await cache.sweep()) == (0, 0)
        assert link.away
        own_redis.start()
        await until(lambda: not link.away)
        await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
        assert await cache.get(KEY) == VALUE


async def test_c1_redis_killed_in_mid_session_is_a_miss_and_heals(own_redis: RedisServer) -> None:
    own_redis.start()
    async with linked(own_redis.url) as link:
        cache = AnswerCache(RedisCache(link), SystemClock(), random.Random(1))
        one, other = cache_key("llm:cache:1:m:t"), cache_key("llm:cache:2:m:t")
        cache.keep(one, answer("Hm."), 60)
        own_redis.kill()
        await until(lambda: link.away)
        assert cache.peek(one) is not None
        assert await cache.find(other) is None
        own_redis.start()
        await until(lambda: not link.away)
        cache.keep(other, answer("Vraiment ?"), 60)
        await cache.aclose()
        assert await cache.find(other) is not None


async def test_c1_of_twenty_calls_on_a_frozen_redis_one_waits(own_redis: RedisServer) -> None:
    own_redis.start()
    async with linked(own_redis.url, timeout_s=0.025) as link:
        await until(lambda: not link.away)
        await link.open()
        await until(lambda: not link.away)
        own_redis.freeze()
        kinds = await failures(link, 20)
        assert kinds == [BackendTimeout] + [BackendError] * 19
        own_redis.thaw()
        await until(lambda: not link.away)
        assert await link.call("PING") == b"PONG"


async def test_c1_frozen_redis_at_start_costs_the_first_call_only(own_redis: RedisServer) -> None:
    own_redis.start()
    own_redis.freeze()
    async with linked(own_redis.url, timeout_s=0.025) as link:
        assert len(await failures(link, 20)) == 20
        assert link.away
        own_redis.thaw()
        await until(lambda: not link.away)
        assert await failures(link, 1) == []


async def test_c1_away_and_back_are_told_once(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    own_redis.start()
    async with linked(own_redis.url) as link:
        cache = RedisCache(link)
        await cache.put(KEY, VALUE, ttl_s=60, tags=[])
        own_redis.kill()
        await until(lambda: link.away)
        for _ in range(5):
            await cache.get(KEY)
            await cache.put(KEY, VALUE, ttl_s=60, tags=[])
        own_redis.start()
        await until(lambda: not link.away)
    assert [record.getMessage() for record in caplog.records] == ["redis.away", "redis.back"]


async def test_barge_ins_cost_no_connection(empty_redis: str) -> None:
    async with linked(empty_redis) as link:
        await link.call("CLIENT", "SETNAME", "ours")
        for _ in range(50):
            task = asyncio.create_task(link.call("GET", KEY))
            await asyncio.sleep(0)
            task.cancel()
        assert await link.call("CLIENT", "GETNAME") == b"ours"
        assert not link.away


async def test_connection_that_the_server_closes_is_made_anew(empty_redis: str) -> None:
    async with linked(empty_redis) as link, linked(empty_redis) as other:
        await other.call("SET", KEY, VALUE)
        await link.call("PING")
        await other.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await until(lambda: link.away)
        await until(lambda: not link.away)
        assert await link.call("GET", KEY) == VALUE


async def test_script_is_known_again_after_a_restart(own_redis: RedisServer) -> None:
    script = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    own_redis.start()
    async with linked(own_redis.url) as link:
        assert [await link.eval(script, ["n"], [2]) for _ in range(2)] == [2, 4]
        own_redis.kill()
        await until(lambda: link.away)
        own_redis.start()
        await until(lambda: not link.away)
        assert await link.eval(script, ["n"], [2]) == 2


async def test_refusal_is_ours_and_repeats_no_value(empty_redis: str) -> None:
    async with linked(empty_redis) as link:
        await link.call("SET", KEY, VALUE)
        for call in (link.call("LPUSH", KEY, "canary"), link.call("CANARY", "canary")):
            with pytest.raises(BackendError) as caught:
                await call
            assert "canary" not in str(caught.value).lower()
        assert not link.away


async def test_calls_sent_together_come_back_in_order(empty_redis: str) -> None:
    async with linked(empty_redis) as link:
        commands = [("SET", "a", 1), ("INCR", "a"), ("GET", "a")]
        assert await link.call_all(commands) == [b"OK", 2, b"2"]
        assert await link.call_all([]) == []
        with pytest.raises(BackendError):
            await link.call_all([("LPUSH", "a", 1), ("GET", "a")])


async def test_password_is_sent_and_a_missing_one_is_a_redis_that_is_away(
    own_redis: RedisServer,
) -> None:
    own_redis.start()
    own_redis.ask("CONFIG", "SET", "requirepass", "s3cret")
    async with linked(own_redis.url) as link:
        assert not await link.open()
        assert await failures(link, 3) == [BackendError] * 3
    async with linked(own_redis.url.replace("unix://", "unix://:s3cret@")) as link:
        assert await link.open()
        assert await failures(link, 3) == []


async def test_c1_server_on_a_port_that_sleeps_costs_one_call(
    own_redis: RedisServer,
) -> None:
    port = free_port()
    own_redis.start("--port", str(port), "--bind", "127.0.0.1", "--enable-debug-command", "yes")
    async with linked(f"redis://127.0.0.1:{port}/2", timeout_s=0.025) as link:
        await link.open()
        await until(lambda: not link.away)
        own_redis.nap(2)
        kinds = await failures(link, 100)
        assert kinds.count(BackendTimeout) == 1
        assert kinds[0] is BackendTimeout
        await until(lambda: not link.away)
        assert await link.call("SET", KEY, VALUE) == b"OK"
    assert own_redis.ask("GET", KEY) == b"$13\r\n" + VALUE + b"\r\n"


async def test_closed_link_fails_at_once_and_may_be_closed_again(empty_redis: str) -> None:
    link = RedisLink(empty_redis)
    await link.open()
    await link.aclose()
    await link.aclose()
    assert await failures(link, 1) == [BackendError]
    unused = RedisLink(empty_redis)
    await unused.aclose()
    assert await failures(unused, 1) == [BackendError]


async def test_c6_full_redis_evicts_answers_and_no_counter(own_redis: RedisServer) -> None:
    own_redis.start("--maxmemory", "4mb", "--maxmemory-policy", "volatile-lfu")
    async with linked(own_redis.url) as link:
        cache = RedisCache(link)
        await link.call("SET", "llm:budget:user:x", 7)
        for number in range(400):
            await cache.put(
                f"llm:cache:{number}:m:t", MARK + b"x" * 20_000, ttl_s=60, tags=["model:m"]
            )
        found = [await cache.get(f"llm:cache:{number}:m:t") for number in range(400)]
        assert None in found
        assert await link.call("GET", "llm:budget:user:x") == b"7"
        assert not link.away


async def test_c6_redis_without_memory_is_a_miss(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_redis.start("--maxmemory", "1mb", "--maxmemory-policy", "noeviction")
    async with linked(own_redis.url) as link:
        cache = RedisCache(link)
        await cache.put(KEY, MARK + b"x" * 2_000_000, ttl_s=60, tags=[])
        await cache.put(KEY, VALUE, ttl_s=60, tags=[])
        assert await cache.get("llm:cache:none:m:t") is None
        assert not link.away
    assert {record.getMessage() for record in caplog.records} == {"cache.redis_failed"}


async def test_c2_keys_have_their_shape_a_time_to_live_and_nothing_of_a_person(
    empty_redis: str,
) -> None:
    keys = Keys(b"a secret of thirty-two bytes ....")
    request = Request(
        task=TaskType.AGENT_REACTION,
        messages=(Message("user", "canary-0612345678"),),
        user="canary-user",
        session="canary-session",
        scenario="debat-tv",
        persona="morel",
    )
    key = keys.key(request, stub_spec("gpt-6-luna"))
    assert key is not None
    async with linked(empty_redis) as link:
        await RedisCache(link).put(key.text, VALUE, ttl_s=60, tags=key.tags)
        names = [name.decode() for name in await link.call("KEYS", "*")]
        assert key.text in names
        assert len(names) == 6
        assert all(name.startswith(("llm:cache:", "llm:cache-tag:")) for name in names)
        assert "canary" not in "".join(names)
        lives_ms = [await link.call("PTTL", name) for name in names]
        assert all(0 < life_ms <= 60_000 for life_ms in lives_ms)


async def test_index_of_a_tag_forgets_what_has_expired(empty_redis: str) -> None:
    async with linked(empty_redis) as link:
        cache = RedisCache(link)
        for number in range(20):
            await cache.put(f"llm:cache:{number}:m:t", VALUE, ttl_s=0.01, tags=["model:m"])
        await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
        await asyncio.sleep(0.05)
        await cache.put(KEY, VALUE, ttl_s=60, tags=["model:m"])
        assert await link.call("ZCARD", "llm:cache-tag:model:m") == 1


async def test_sweep_walks_all_of_a_large_cache(empty_redis: str) -> None:
    async with linked(empty_redis) as link:
        cache = RedisCache(link)
        for number in range(1_000):
            value = VALUE if number % 2 else b"{}"
            await cache.put(f"llm:cache:{number}:m:t", value, ttl_s=60, tags=[])
        await link.call("SET", "llm:cache:forever:m:t", VALUE)
        await link.call("LPUSH", "llm:cache:no-value:m:t", "x")
        assert await cache.sweep() == 502
        assert len(await link.call("KEYS", "llm:cache:*")) == 500
