"""Level 2 written behind the calls' backs: one task, a bounded queue, nobody waits."""

import asyncio
import contextlib
import logging
from collections import deque

from services.core.clock import Clock
from services.llm.cache.key import CacheKey
from services.llm.cache.stored import Shelf, StoredAnswer, Unreadable, decode, encode, merged
from services.llm.ports import Observer, SharedCache

logger = logging.getLogger(__name__)

_MAX_WAITING = 256
_DRAIN_S = 1.0


class SharedWriter:
    """Puts variants on their shared shelves, in order. Ended by `aclose`.

    What comes while 256 writes wait is left out and counted: a cache may forget.
    """

    def __init__(self, shared: SharedCache, clock: Clock, observer: Observer | None = None) -> None:
        self._shared = shared
        self._clock = clock
        self._observer = observer
        self._waiting: deque[tuple[CacheKey, StoredAnswer | None]] = deque()
        self._under_way: tuple[CacheKey, StoredAnswer | None] | None = None
        self._wanted = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, key: CacheKey, answer: StoredAnswer) -> None:
        """Adds a variant, soon."""
        self._queue(key, answer)

    def drop(self, key: CacheKey) -> None:
        """Deletes a shelf, soon."""
        self._queue(key, None)

    def waiting(self, key: str) -> list[StoredAnswer]:
        """Variants for that key that level 2 may not have yet."""
        writes = (self._under_way, *self._waiting) if self._under_way else self._waiting
        return [answer for one, answer in writes if one.text == key and answer is not None]

    async def purge(self, tag: str) -> int:
        """Forgets all that carries the tag, what still waits too; how many were there."""
        self._waiting = deque([one for one in self._waiting if tag not in one[0].tags])
        async with self._writing:
            return await self._shared.purge(tag)

    async def aclose(self) -> None:
        """Gives what waits a second, then ends the task."""
        self._closed = True
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._drain()
        self._task.cancel()
        await asyncio.wait({self._task})

    def _queue(self, key: CacheKey, answer: StoredAnswer | None) -> None:
        if self._closed:
            return
        if len(self._waiting) >= _MAX_WAITING:
            self._count("cache_write_dropped")
            return
        self._waiting.append((key, answer))
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="cache-writer")

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._drain()

    async def _drain(self) -> None:
        while self._waiting:
            async with self._writing:
                if self._waiting:
                    self._under_way = self._waiting.popleft()
                    await self._write(*self._under_way)
                    self._under_way = None

    async def _write(self, key: CacheKey, answer: StoredAnswer | None) -> None:
        try:
            if answer is None:
                await self._shared.drop(key.text)
            else:
                await self._add(key, answer)
        except Exception as error:  # noqa: BLE001 - a task's loop: one write must not end it
            logger.warning("cache.write_failed", extra={"kind": type(error).__name__})
            self._count("cache_error")

    async def _add(self, key: CacheKey, answer: StoredAnswer) -> None:
        """Read, merge, write: two processes that do it at once may lose one of two variants."""
        now = self._clock.now()
        shelf = merged(await self._stored(key), (answer,), now=now)
        if shelf:
            ttl_s = (max([one.until for one in shelf]) - now).total_seconds()
            await self._shared.put(key.text, encode(shelf), ttl_s=ttl_s, tags=key.tags)

    async def _stored(self, key: CacheKey) -> Shelf:
        value = await self._shared.get(key.text)
        try:
            return decode(value) if value is not None else ()
        except Unreadable:
            return ()

    def _count(self, name: str) -> None:
        if self._observer is not None:
            self._observer.event(name)
