"""How long calls take: wall time of each, CPU time on average, in blocks that take turns.

Runs in the peers' environment too, so it imports nothing but the standard library.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Call = Callable[[], Awaitable[object]]
Streamed = Callable[[], AsyncIterator[str]]

BLOCK = 20
"""Calls of one subject before the next one's turn: what else the machine does meets all alike."""


@dataclass(slots=True)
class Timed:
    """Milliseconds of each call, and of CPU a call (all threads of this process)."""

    each_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0


@dataclass(slots=True)
class TimedStream:
    """Milliseconds to each stream's first piece and to its end."""

    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0


async def calls(subjects: Mapping[str, Call], *, rounds: int, warm: int = 30) -> dict[str, Timed]:
    """Times every subject `rounds` times (a multiple of BLOCK), one call after the other."""
    for call in subjects.values():
        for _ in range(warm):
            await call()
    found = {name: Timed() for name in subjects}
    for _ in range(rounds // BLOCK):
        for name, call in subjects.items():
            before = time.process_time()
            for _ in range(BLOCK):
                began = time.perf_counter()
                await call()
                found[name].each_ms.append((time.perf_counter() - began) * 1000)
            found[name].cpu_ms += (time.process_time() - before) * 1000
    for timed in found.values():
        timed.cpu_ms /= len(timed.each_ms)
    return found


async def streams(
    subjects: Mapping[str, Streamed], *, rounds: int, warm: int = 30
) -> dict[str, TimedStream]:
    """The same for streamed answers."""
    found = {name: TimedStream() for name in subjects}
    for stream in subjects.values():
        for _ in range(warm):
            await _one(stream, TimedStream())
    for _ in range(rounds // BLOCK):
        for name, stream in subjects.items():
            before = time.process_time()
            for _ in range(BLOCK):
                await _one(stream, found[name])
            found[name].cpu_ms += (time.process_time() - before) * 1000
    for timed in found.values():
        timed.cpu_ms /= len(timed.total_ms)
    return found


async def _one(stream: Streamed, timed: TimedStream) -> None:
    began = time.perf_counter()
    first = None
    async for piece in stream():
        if first is None and piece:
            first = time.perf_counter()
    ended = time.perf_counter()
    timed.first_ms.append(((first or ended) - began) * 1000)
    timed.total_ms.append((ended - began) * 1000)
