"""Lines that are being written while others are heard, and which of a round is played next.

Owns the way of words from whoever writes them to the one who speaks them, in order and no faster
than they come. Which beats there are is the plan's.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence

from agents.manager.beats import Beat, BeatKind
from agents.roleplay.lines import Line
from agents.stage.performance import Performance


class Ahead:
    """A line that is being written already, while another one is heard."""

    def __init__(self, performance: Performance, line: Line) -> None:
        self.performance = performance
        self.ready = asyncio.Event()
        self._line = line
        self._words: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._write(), name=f"line {performance.key}")

    async def words(self) -> AsyncIterator[str]:
        """The words as they come. Leaving early ends the vendor's stream."""
        try:
            while (word := await self._words.get()) is not None:
                self.performance.source = self._line.source
                self.performance.add(word)
                yield word
            await self._task
            self.performance.source = self._line.source
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Ends the writing."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._line.aclose()

    async def _write(self) -> None:
        try:
            async for word in self._line:
                self._words.put_nowait(word)
                self.ready.set()
        finally:
            self._words.put_nowait(None)
            self.ready.set()


def written_together(beats: Sequence[Beat], index: int) -> range:
    """The beats whose words are asked for at once: one, or a whole opening round."""
    end = index + 1
    if beats[index].kind is BeatKind.OPENING:
        while end < len(beats) and beats[end].kind is BeatKind.OPENING:
            end += 1
    return range(index, end)


async def first_ready(lines: Iterable[tuple[int, Ahead]]) -> int:
    """The number of the line whose first words came first; of equals the earlier one."""
    waiting = dict(lines)
    tasks = {asyncio.create_task(one.ready.wait()): at for at, one in waiting.items()}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    return next(at for at, one in waiting.items() if one.ready.is_set())
