"""An optimizer that gives the same spoken answer to every request, for those who only stream."""

import asyncio
from collections.abc import AsyncIterator, Callable

from services.llm.outcome import Outcome, Source, Usage
from services.llm.request import Request


class FakeAnswer:
    """Gives its pieces; `hangs` after them until it is closed."""

    def __init__(self, pieces: tuple[str, ...], source: Source, *, hangs: bool) -> None:
        self.outcome: Outcome | None = None
        self.closed = 0
        self._pieces = pieces
        self._source = source
        self._hangs = hangs

    def __aiter__(self) -> AsyncIterator[str]:
        return self._say()

    async def _say(self) -> AsyncIterator[str]:
        for piece in self._pieces:
            yield piece
        if self._hangs:
            await asyncio.Event().wait()
        self._end(None)

    async def aclose(self) -> None:
        self.closed += 1
        self._end("cancelled")

    def _end(self, fault: str | None) -> None:
        self.outcome = self.outcome or Outcome(
            text="".join(self._pieces),
            source=self._source,
            usage=Usage(prompt_tokens=20, cached_tokens=5, completion_tokens=7),
            fault=fault,
        )


class FakeOptimizer:
    """Answers every request the same way, with the understudy's line when there are no pieces."""

    def __init__(self, *pieces: str, source: Source = Source.LIVE, hangs: bool = False) -> None:
        self.requests: list[Request] = []
        self.answers: list[FakeAnswer] = []
        self._pieces = pieces
        self._source = source
        self._hangs = hangs

    def stream(self, request: Request, *, understudy: Callable[[], str]) -> FakeAnswer:
        self.requests.append(request)
        pieces = self._pieces or (understudy(),)
        self.answers.append(FakeAnswer(pieces, self._source, hangs=self._hangs))
        return self.answers[-1]
