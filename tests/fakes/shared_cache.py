"""A SharedCache in memory: the rules of the port and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.core.clock import Clock
from services.llm.cache.stored import MARK


@dataclass(frozen=True, slots=True)
class _Kept:
    value: bytes
    ends_s: float
    tags: frozenset[str]


class FakeSharedCache:
    """`away` makes it answer nothing, as a cache that fails open does; `asked` names the calls."""

    def __init__(self, clock: Clock) -> None:
        self.away = False
        self.asked: list[str] = []
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def get(self, key: str) -> bytes | None:
        kept = self._living(key) if self._answers("get") else None
        return kept.value if kept else None

    async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
        if self._answers("put"):
            ends_s = self._clock.monotonic_s() + ttl_s
            self._kept[key] = _Kept(value, ends_s, frozenset(tags))

    async def drop(self, key: str) -> None:
        if self._answers("drop"):
            self._kept.pop(key, None)

    async def purge(self, tag: str) -> int:
        if not self._answers("purge"):
            return 0
        tagged = [key for key, kept in self._kept.items() if tag in kept.tags]
        gone = sum(self._living(key) is not None for key in tagged)
        for key in tagged:
            del self._kept[key]
        return gone

    async def sweep(self) -> int:
        if not self._answers("sweep"):
            return 0
        old = [
            key
            for key, kept in self._kept.items()
            if self._living(key) is None or not kept.value.startswith(MARK)
        ]
        for key in old:
            del self._kept[key]
        return len(old)

    async def aclose(self) -> None:
        self.asked.append("aclose")

    def _answers(self, call: str) -> bool:
        self.asked.append(call)
        return not self.away

    def _living(self, key: str) -> _Kept | None:
        kept = self._kept.get(key)
        return kept if kept and kept.ends_s > self._clock.monotonic_s() else None
