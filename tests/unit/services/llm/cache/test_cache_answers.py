"""Two levels of answers: what is served, to whom again, and what happens when level 2 fails."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from services.llm.cache.answers import FRESH_S, AnswerCache
from services.llm.cache.key import CacheKey
from services.llm.cache.stored import MARK, decode, encode, fingerprint
from services.llm.outcome import Level
from tests.fakes.cached import cache_key, stored
from tests.fakes.clock import FakeClock
from tests.fakes.shared_cache import FakeSharedCache

KEY = cache_key("llm:cache:00:m:t", "scenario:debat-tv", "user:a1")
OTHER = cache_key("llm:cache:11:m:t", "scenario:jury", "user:a1")
OWN = CacheKey("llm:cache:22:m:t", (), None, shared=False)


class Events:
    """Counts events; an Observer as far as the cache needs one."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def call(self, request: object, outcome: object) -> None:
        """Not here."""

    def entry(self, entry: object) -> None:
        """Not here."""

    def event(self, name: str, **labels: str) -> None:
        self.names.append(name)


class House:
    """Processes that share a level 2, one clock, and what they counted."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.shared = FakeSharedCache(self.clock)
        self.events = Events()
        self.open: list[AnswerCache] = []

    def process(self, *, shared: bool = True, **more: int) -> AnswerCache:
        """One more process."""
        level_2 = self.shared if shared else None
        rng = random.Random(7)
        cache = AnswerCache(level_2, self.clock, rng, observer=self.events, **more)
        self.open.append(cache)
        return cache


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    for cache in house.open:
        await cache.aclose()


async def written() -> None:
    """Lets what waits for level 2 be written."""
    await asyncio.sleep(0.1)


def keep(cache: AnswerCache, *texts: str, key: CacheKey = KEY, ttl_s: float = 60) -> None:
    for number, text in enumerate(texts):
        cache.keep(key, stored(text, after_s=number / 100), ttl_s)


def lines(cache: AnswerCache, key: CacheKey = KEY) -> set[str]:
    """All that this process would serve."""
    heard: list[str] = []
    texts: set[str] = set()
    while (hit := cache.peek(key, heard)) is not None:
        texts.add(hit.answer.text)
        heard.append(hit.answer.fingerprint)
    return texts


async def test_kept_answer_is_served_by_its_process_at_once(house: House) -> None:
    cache = house.process()
    assert cache.peek(KEY) is None
    keep(cache, "Hm.")
    hit = cache.peek(KEY)
    assert hit is not None
    assert (hit.answer.text, hit.level) == ("Hm.", Level.PROCESS)
    assert cache.peek(OTHER) is None


async def test_kept_answer_reaches_other_processes(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "Hm.")
    await written()
    assert other.peek(KEY) is None
    hit = await other.find(KEY)
    assert hit is not None
    assert (hit.answer.text, hit.level) == ("Hm.", Level.SHARED)
    again = other.peek(KEY)
    assert again is not None
    assert again.level is Level.PROCESS


async def test_keeping_waits_for_nobody(house: House) -> None:
    keep(house.process(), "Hm.")
    assert house.shared.asked == []


async def test_trap_4_line_that_the_session_heard_is_not_said_again(house: House) -> None:
    cache = house.process()
    keep(cache, "Hm.", "Vraiment ?")
    hit = cache.peek(KEY, {fingerprint("hm")})
    assert hit is not None
    assert hit.answer.text == "Vraiment ?"
    assert cache.peek(KEY, {fingerprint("hm"), fingerprint("vraiment")}) is None
    await written()
    assert await cache.find(KEY, {fingerprint("hm"), fingerprint("vraiment")}) is None


async def test_trap_4_when_all_were_heard_a_new_line_joins_the_shelf(house: House) -> None:
    cache = house.process()
    keep(cache, "Hm.")
    assert cache.peek(KEY, {fingerprint("hm")}) is None
    cache.keep(KEY, stored("Vraiment ?", after_s=1), 60)
    assert lines(cache) == {"Hm.", "Vraiment ?"}


async def test_variants_take_turns(house: House) -> None:
    cache = house.process()
    keep(cache, "a", "b", "c", "d")
    served = [hit.answer.text for _ in range(100) if (hit := cache.peek(KEY))]
    assert {text: served.count(text) > 10 for text in "abcd"} == dict.fromkeys("abcd", True)


async def test_fifth_variant_displaces_the_oldest_on_both_levels(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "a", "b", "c", "d", "e")
    assert lines(one) == {"b", "c", "d", "e"}
    await written()
    await other.find(KEY)
    assert lines(other) == {"b", "c", "d", "e"}


async def test_variants_of_two_processes_stand_on_one_shelf(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "a")
    await written()
    other.keep(KEY, stored("b", after_s=1), 60)
    await written()
    value = await house.shared.get(KEY.text)
    assert value is not None
    assert [answer.text for answer in decode(value)] == ["a", "b"]


async def test_line_that_is_not_written_yet_is_not_lost_to_a_look(house: House) -> None:
    cache = house.process()
    await house.shared.put(KEY.text, encode((stored("a"),)), ttl_s=60, tags=())
    cache.keep(KEY, stored("b", after_s=1), 60)
    await cache.find(KEY, {fingerprint("b")})
    assert lines(cache) == {"a", "b"}


async def test_c6_answer_is_served_for_its_time_to_the_second(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "Hm.", ttl_s=20)
    await written()
    house.clock.advance(18.9)
    assert await other.find(KEY) is not None
    house.clock.advance(1.1)
    assert one.peek(KEY) is None
    assert other.peek(KEY) is None
    assert await one.find(KEY) is None
    assert await other.find(KEY) is None


async def test_c6_young_variant_does_not_keep_an_old_one_alive(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "a", ttl_s=20)
    house.clock.advance(15)
    one.keep(KEY, stored("b", after_s=15), 20)
    await written()
    house.clock.advance(6)
    await one.find(KEY)
    await other.find(KEY)
    assert lines(one) == {"b"}
    assert lines(other) == {"b"}


async def test_answer_without_time_to_live_is_not_kept(house: House) -> None:
    cache = house.process()
    keep(cache, "Hm.", ttl_s=0)
    await written()
    assert cache.peek(KEY) is None
    assert house.shared.asked == []


async def test_c2_key_of_this_process_alone_stays_in_it(house: House) -> None:
    cache = house.process()
    keep(cache, "Hm.", key=OWN)
    await written()
    house.clock.advance(FRESH_S + 1)
    assert lines(cache, OWN) == {"Hm."}
    assert await cache.find(OWN) is None
    assert house.shared.asked == []


async def test_c1_without_level_2_the_process_serves_alone(house: House) -> None:
    cache = house.process(shared=False)
    keep(cache, "Hm.", ttl_s=600)
    house.clock.advance(500)
    assert lines(cache) == {"Hm."}
    assert await cache.find(KEY) is None
    assert await cache.purge("user:a1") == 1
    assert cache.peek(KEY) is None


async def test_c1_level_2_that_is_away_is_a_miss_and_comes_back(house: House) -> None:
    one, other = house.process(), house.process()
    house.shared.away = True
    keep(one, "Hm.")
    assert lines(one) == {"Hm."}
    await written()
    assert await other.find(KEY) is None
    house.shared.away = False
    one.keep(KEY, stored("Vraiment ?", after_s=1), 60)
    await written()
    assert await other.find(KEY) is not None


@pytest.mark.parametrize("value", [b"\x00garbage", MARK + b'"variants":[{}]}', b'{"schema":0}'])
async def test_c3_unreadable_value_is_a_miss_is_deleted_and_counted(
    house: House, value: bytes
) -> None:
    cache = house.process()
    await house.shared.put(KEY.text, value, ttl_s=60, tags=())
    assert await cache.find(KEY) is None
    await written()
    assert await house.shared.get(KEY.text) is None
    assert house.events.names == ["cache_unreadable"]


async def test_c3_new_answer_replaces_an_unreadable_value(house: House) -> None:
    one, other = house.process(), house.process()
    await house.shared.put(KEY.text, b"garbage", ttl_s=60, tags=())
    keep(one, "Hm.")
    await written()
    assert await other.find(KEY) is not None


async def test_d2_purge_forgets_on_both_levels_and_what_waits(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "a")
    keep(one, "b", key=OTHER)
    await written()
    one.keep(KEY, stored("c", after_s=1), 60)
    assert await one.purge("scenario:debat-tv") == 1
    await written()
    assert await other.find(KEY) is None
    assert lines(one) == set()
    assert lines(one, OTHER) == {"b"}
    assert await one.purge("user:a1") == 1
    assert lines(one, OTHER) == set()


async def test_d2_purge_reaches_other_processes_within_ten_seconds(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "a", ttl_s=600)
    await written()
    await other.find(KEY)
    house.clock.advance(FRESH_S - 1)
    other.keep(KEY, stored("b", after_s=1), 600)
    await written()
    await one.purge("user:a1")
    one.keep(KEY, stored("c", after_s=2), 600)
    await written()
    house.clock.advance(1)
    assert other.peek(KEY) is None
    await other.find(KEY)
    assert lines(other) == {"c"}


async def test_forgotten_answer_is_gone_on_both_levels(house: House) -> None:
    one, other = house.process(), house.process()
    keep(one, "Hm.")
    await written()
    one.forget(KEY)
    assert one.peek(KEY) is None
    await written()
    assert await other.find(KEY) is None


async def test_sweep_forgets_expired_and_foreign_entries(house: House) -> None:
    cache = house.process()
    keep(cache, "a", ttl_s=5)
    keep(cache, "b", key=OTHER, ttl_s=500)
    await house.shared.put("llm:cache:99:m:t", b"old", ttl_s=60, tags=())
    await written()
    house.clock.advance(6)
    assert await cache.sweep() == 3
    assert await cache.sweep() == 0
    assert lines(cache, OTHER) == {"b"}


async def test_process_holds_no_more_shelves_than_its_bound(house: House) -> None:
    cache = house.process(max_entries=3)
    keys = [cache_key(f"llm:cache:{n}:m:t") for n in range(5)]
    for key in keys[:3]:
        keep(cache, "Hm.", key=key)
    cache.peek(keys[0])
    for key in keys[3:]:
        keep(cache, "Hm.", key=key)
    assert [cache.peek(key) is not None for key in keys] == [True, False, False, True, True]


async def test_process_holds_no_more_bytes_than_its_bound(house: House) -> None:
    cache = house.process(max_bytes=25_000)
    keys = [cache_key(f"llm:cache:{n}:m:t") for n in range(4)]
    for key in keys:
        keep(cache, "x" * 5_000, key=key)
    assert [cache.peek(key) is not None for key in keys] == [False, False, True, True]


async def test_writes_that_nobody_can_take_are_left_out_and_counted(house: House) -> None:
    cache = house.process()
    for number in range(300):
        keep(cache, "Hm.", key=cache_key(f"llm:cache:{number}:m:t"))
    await written()
    assert house.events.names.count("cache_write_dropped") == 44
    assert house.shared.asked.count("put") == 256


async def test_write_that_fails_is_counted_and_the_next_one_is_made(house: House) -> None:
    class Broken(FakeSharedCache):
        async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
            await super().put(key, value, ttl_s=ttl_s, tags=tags)
            if self.asked.count("put") == 1:
                raise RuntimeError("boom")

    house.shared = Broken(house.clock)
    cache = house.process()
    keep(cache, "a")
    keep(cache, "b", key=OTHER)
    await written()
    assert house.events.names == ["cache_error"]
    assert await house.process().find(OTHER) is not None


async def test_closing_writes_what_waits_and_leaves_level_2_open(house: House) -> None:
    cache = house.process()
    keep(cache, "Hm.")
    await cache.aclose()
    assert await house.process().find(KEY) is not None
    assert "aclose" not in house.shared.asked
    keep(cache, "Vraiment ?")
    await cache.aclose()


async def test_closing_does_not_wait_for_a_level_2_that_hangs(house: House) -> None:
    class Hanging(FakeSharedCache):
        async def get(self, key: str) -> bytes | None:
            return await asyncio.Event().wait() and None

    house.shared = Hanging(house.clock)
    cache = house.process()
    keep(cache, "Hm.")
    before = asyncio.get_running_loop().time()
    await cache.aclose()
    assert asyncio.get_running_loop().time() - before == pytest.approx(1.0)
