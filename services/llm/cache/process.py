"""Level 1: the shelves that this process used lately, in memory."""

import math
from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from random import Random

from services.core.clock import Clock
from services.llm.cache.key import CacheKey
from services.llm.cache.stored import Shelf, StoredAnswer, merged

_ANSWER_BYTES = 700
"""What an answer takes in memory besides its text, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A shelf with, for each variant, the monotonic second at which it ends."""

    shelf: Shelf
    ends_s: tuple[float, ...]
    stale_s: float
    tags: tuple[str, ...]
    size: int


class ProcessCache:
    """Least recently used goes first, beyond `max_entries` shelves or about `max_bytes`.

    `fresh_s` is how long a shelf is served before level 2 must be asked again.
    """

    def __init__(self, clock: Clock, rng: Random, *, max_entries: int, max_bytes: int) -> None:
        self._clock = clock
        self._rng = rng
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def pick(self, key: str, heard: Container[str]) -> StoredAnswer | None:
        """One of the variants that were not heard, at random; None if there is none."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now_s = self._clock.monotonic_s()
        if now_s >= entry.stale_s:
            return None
        self._entries.move_to_end(key)
        if len(entry.shelf) == 1:
            answer = entry.shelf[0]
            return answer if entry.ends_s[0] > now_s and answer.fingerprint not in heard else None
        fitting = [
            answer
            for answer, end_s in zip(entry.shelf, entry.ends_s, strict=True)
            if end_s > now_s and answer.fingerprint not in heard
        ]
        if len(fitting) > 1:
            return self._rng.choice(fitting)
        return fitting[0] if fitting else None

    def add(
        self, key: CacheKey, answer: StoredAnswer, *, now: datetime, fresh_s: float = math.inf
    ) -> None:
        """Puts a variant on its shelf, which is to be looked at again no later than before."""
        entry = self._entries.get(key.text)
        left_s = entry.stale_s - self._clock.monotonic_s() if entry else 0.0
        if entry is None or left_s <= 0:
            self.put(key, (answer,), now=now, fresh_s=fresh_s)
        else:
            self.put(key, merged(entry.shelf, (answer,), now=now), now=now, fresh_s=left_s)

    def put(self, key: CacheKey, shelf: Shelf, *, now: datetime, fresh_s: float = math.inf) -> None:
        """Keeps a shelf in place of what stood there; an empty one only removes it."""
        self.drop(key.text)
        if not shelf:
            return
        now_s = self._clock.monotonic_s()
        ends_s = tuple([now_s + (answer.until - now).total_seconds() for answer in shelf])
        size = sum([2 * len(answer.text) + _ANSWER_BYTES for answer in shelf])
        self._entries[key.text] = _Entry(
            shelf=shelf,
            ends_s=ends_s,
            stale_s=now_s + fresh_s,
            tags=key.tags,
            size=size,
        )
        self._bytes += size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self.drop(next(iter(self._entries)))

    def drop(self, key: str) -> bool:
        """Forgets a shelf; whether there was one."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._bytes -= entry.size
        return True

    def drop_stale(self, key: str) -> None:
        """Forgets a shelf that level 2 no longer has."""
        entry = self._entries.get(key)
        if entry and self._clock.monotonic_s() >= entry.stale_s:
            self.drop(key)

    def purge(self, tag: str) -> int:
        """Forgets all that carries the tag; how many."""
        keys = [key for key, entry in self._entries.items() if tag in entry.tags]
        return sum([self.drop(key) for key in keys])

    def sweep(self) -> int:
        """Forgets what has expired; how many."""
        now_s = self._clock.monotonic_s()
        keys = [key for key, entry in self._entries.items() if max(entry.ends_s) <= now_s]
        return sum([self.drop(key) for key in keys])
