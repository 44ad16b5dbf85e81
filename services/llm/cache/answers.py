"""The answers that may be served again, on two levels: this process's, and what all share.

Owns which variant is served, what a new one displaces, and that level 2 is written without anybody
waiting for it. What may be kept is `policy`'s; where level 2 lies is an adapter's.
"""

from collections.abc import Container
from random import Random
from typing import NamedTuple

from services.core.clock import Clock
from services.llm.cache import policy
from services.llm.cache.key import CacheKey
from services.llm.cache.process import ProcessCache
from services.llm.cache.stored import StoredAnswer, Unreadable, decode, living, merged
from services.llm.cache.writer import SharedWriter
from services.llm.outcome import Level
from services.llm.ports import Observer, SharedCache

FRESH_S = 10.0
"""How long a process serves a shared shelf without looking: what another process purges is gone
here by then."""


class Hit(NamedTuple):
    """An answer from the cache, and where it was found."""

    answer: StoredAnswer
    level: Level


class AnswerCache:
    """Answers by key. `heard` are fingerprints of lines that must not be said again, or empty.

    Level 2 is written by one task that `aclose` ends; `shared` is closed by whoever opened it.
    """

    def __init__(
        self,
        shared: SharedCache | None,
        clock: Clock,
        rng: Random,
        *,
        observer: Observer | None = None,
        max_entries: int = 2_000,
        max_bytes: int = 8_000_000,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._rng = rng
        self._observer = observer
        self._process = ProcessCache(clock, rng, max_entries=max_entries, max_bytes=max_bytes)
        self._writer = SharedWriter(shared, clock, observer) if shared else None

    def peek(self, key: CacheKey, heard: Container[str] = ()) -> Hit | None:
        """A variant that this process holds; a few microseconds."""
        answer = self._process.pick(key.text, heard)
        return None if answer is None else Hit(answer, Level.PROCESS)

    async def find(self, key: CacheKey, heard: Container[str] = ()) -> Hit | None:
        """A variant that level 2 holds, which this process then holds too.

        A cache that is away is a miss; a value that cannot be read is one too, and is deleted.
        """
        if self._shared is None or self._writer is None or not key.shared:
            return None
        value = await self._shared.get(key.text)
        if value is None:
            self._process.drop_stale(key.text)
            return None
        try:
            shelf = decode(value)
        except Unreadable:
            self._process.drop_stale(key.text)
            self._delete(key)
            if self._observer is not None:
                self._observer.event("cache_unreadable")
            return None
        now = self._clock.now()
        shelf = merged(shelf, self._writer.waiting(key.text), now=now)
        self._process.put(key, shelf, now=now, fresh_s=FRESH_S)
        answer = self._process.pick(key.text, heard)
        return None if answer is None else Hit(answer, Level.SHARED)

    def keep(self, key: CacheKey, answer: StoredAnswer, ttl_s: float) -> None:
        """Serves it for `ttl_s`, a little less: here at once, elsewhere soon. Returns at once.

        Beyond four variants the oldest goes. Two processes that add one at the same moment may
        lose one of the two.
        """
        if ttl_s <= 0:
            return
        now = self._clock.now()
        answer = living(answer, policy.jittered_s(ttl_s, self._rng), now)
        if self._writer and key.shared:
            self._process.add(key, answer, now=now, fresh_s=FRESH_S)
            self._writer.add(key, answer)
        else:
            self._process.add(key, answer, now=now)

    def forget(self, key: CacheKey) -> None:
        """Drops what turned out to be unfit: here at once, elsewhere soon."""
        self._process.drop(key.text)
        self._delete(key)

    async def purge(self, tag: str) -> int:
        """Forgets all that carries the tag (`Keys.tag`), pending writes too; how many shelves.

        Other processes forget it within FRESH_S.
        """
        here = self._process.purge(tag)
        return max(here, await self._writer.purge(tag)) if self._writer else here

    async def sweep(self) -> int:
        """Forgets what has expired and what an older schema wrote, on both levels; how many."""
        here = self._process.sweep()
        return here + (await self._shared.sweep() if self._shared else 0)

    async def aclose(self) -> None:
        """Gives pending writes a second, then ends the task that makes them."""
        if self._writer:
            await self._writer.aclose()

    def _delete(self, key: CacheKey) -> None:
        if self._writer and key.shared:
            self._writer.drop(key)
