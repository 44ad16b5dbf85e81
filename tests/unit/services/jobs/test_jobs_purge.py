"""An operator's purge is certain, or says that it is not."""

from collections.abc import Sequence

import pytest

from services.core.errors import BackendError
from services.jobs.purge import purge, sweep
from services.llm.cache.stored import MARK, encode
from tests.fakes.cached import stored
from tests.fakes.clock import FakeClock
from tests.fakes.shared_cache import FakeSharedCache

TAG = "scenario:debat-tv"
SHELF = encode((stored(),))


def cache() -> FakeSharedCache:
    return FakeSharedCache(FakeClock())


async def test_purge_counts_what_was_there_and_not_its_own_probe() -> None:
    shared = cache()
    for number in range(3):
        await shared.put(f"llm:cache:{number}:m:t", SHELF, ttl_s=60, tags=[TAG])
    await shared.put("llm:cache:other:m:t", SHELF, ttl_s=60, tags=["scenario:jury"])
    assert await purge(shared, TAG) == 3
    assert await purge(shared, TAG) == 0
    assert await shared.get("llm:cache:0:m:t") is None
    assert await shared.get("llm:cache:other:m:t") == SHELF


async def test_c1_purge_of_a_cache_that_is_away_is_an_error_and_not_zero() -> None:
    shared = cache()
    shared.away = True
    with pytest.raises(BackendError, match="may still be served"):
        await purge(shared, TAG)


async def test_c1_purge_that_the_cache_left_in_the_middle_is_an_error() -> None:
    class Leaving(FakeSharedCache):
        async def purge(self, tag: str) -> int:
            found = await super().purge(tag)
            self.away = True
            return found

    with pytest.raises(BackendError):
        await purge(Leaving(FakeClock()), TAG)


async def test_what_is_written_during_a_purge_is_purged_too() -> None:
    class Busy(FakeSharedCache):
        late = True

        async def purge(self, tag: str) -> int:
            found = await super().purge(tag)
            if self.late:
                self.late = False
                await self.put("llm:cache:late:m:t", SHELF, ttl_s=60, tags=[tag])
            return found

    shared = Busy(FakeClock())
    assert await purge(shared, TAG) == 1
    assert await shared.get("llm:cache:late:m:t") is None


async def test_sweep_counts_what_an_older_schema_wrote_and_leaves_no_probe() -> None:
    shared = cache()
    await shared.put("llm:cache:old:m:t", b'{"schema":0,', ttl_s=60, tags=[])
    await shared.put("llm:cache:new:m:t", SHELF, ttl_s=60, tags=[])
    assert await sweep(shared) == 1
    assert await sweep(shared) == 0
    assert SHELF.startswith(MARK)


async def test_sweep_of_a_cache_that_is_away_is_an_error() -> None:
    shared = cache()
    shared.away = True
    with pytest.raises(BackendError):
        await sweep(shared)


async def test_a_cache_that_takes_nothing_any_more_is_away() -> None:
    class Full(FakeSharedCache):
        async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
            """The disk is full."""

    with pytest.raises(BackendError):
        await purge(Full(FakeClock()), TAG)
