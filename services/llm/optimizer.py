"""The one call that every character makes: words by a deadline, and a line whatever happens.

Owns the deadline, the end of an answer that breaks off, and what an Outcome says. There is one
model and no second attempt: when it fails in a spoken turn, the line is the understudy's.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from services.core.clock import Clock
from services.core.errors import BackendError
from services.core.tokens import estimate_tokens
from services.llm.outcome import Latency, Outcome, Source, Usage
from services.llm.ports import ChatModel, Delta
from services.llm.request import Message, Request, TaskType
from services.llm.sentences import SentenceGate, useful

Hook = Callable[[Request, Outcome], None]

STALL_S = 1.5
"""Silence that a listener is left in before an answer that stopped coming is closed."""

_CHARS_SPOKEN_PER_S = 15.0
"""Playout of ordinary speech, about 2.5 words a second, in English and French."""

_UNBILLED = ("connection", "status_")
"""Faults before the vendor took the call: nothing to pay for."""


def _ignore(*_: object) -> None:
    """Nobody asked to be told."""


class Answer:
    """Words as they come: an async iterator of text, in pieces that may be spoken at once.

    It starts working when it is made. `outcome` is set when it has ended, by itself or by `aclose`.
    A consumer that stops early, a cancelled one too, calls `aclose`: that ends the vendor's stream.
    """

    def __init__(self, call: "_Call") -> None:
        self.outcome: Outcome | None = None
        self._call = call
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> str:
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
            await self._task
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Ends it now; does nothing when it has ended."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()
        if self.outcome is None:
            self.outcome = self._call.ended("cancelled")

    async def _run(self) -> None:
        try:
            self.outcome = await self._call.run(self._pieces.put_nowait)
        except asyncio.CancelledError:
            self.outcome = self._call.ended("cancelled")
            raise
        finally:
            self._pieces.put_nowait(None)


class LLMOptimizer:
    """Words for a request, from the model or, when that fails, from the author."""

    def __init__(
        self,
        model: ChatModel | None,
        clock: Clock,
        *,
        on_outcome: Hook = _ignore,
        stall_s: float = STALL_S,
    ) -> None:
        self._model = model
        self._clock = clock
        self._on_outcome = on_outcome
        self._stall_s = stall_s

    @property
    def has_model(self) -> bool:
        """Whether a model is configured; without one every line is the understudy's."""
        return self._model is not None

    def stream(self, request: Request, *, understudy: Callable[[], str]) -> Answer:
        """Begins the call at once. `understudy` is asked for a line only when one is needed."""
        spoken = replace(request, spoken=True)
        return Answer(self._call(spoken, understudy, spoken=True))

    async def get_optimized_response(
        self,
        messages: Sequence[Message],
        task_type: TaskType = TaskType.CONVERSATION,
        *,
        understudy: Callable[[], str] = str,
        max_tokens: int = 160,
        temperature: float = 0.8,
        deadline_s: float = 2.0,
        session: str | None = None,
        persona: str | None = None,
    ) -> Outcome:
        """The whole answer at once, for words that nobody waits to hear."""
        request = Request(
            task=task_type,
            messages=tuple(messages),
            max_tokens=max_tokens,
            temperature=temperature,
            deadline_s=deadline_s,
            session=session,
            persona=persona,
        )
        call = self._call(request, understudy, spoken=False)
        try:
            return await call.run(_ignore)
        except asyncio.CancelledError:
            call.ended("cancelled")
            raise

    def _call(self, request: Request, understudy: Callable[[], str], *, spoken: bool) -> "_Call":
        return _Call(
            request=request,
            understudy=understudy,
            model=self._model,
            clock=self._clock,
            on_outcome=self._on_outcome,
            stall_s=self._stall_s,
            spoken=spoken,
        )


class _Call:
    """One call's state: what came, when, and how it ended."""

    def __init__(
        self,
        *,
        request: Request,
        understudy: Callable[[], str],
        model: ChatModel | None,
        clock: Clock,
        on_outcome: Hook,
        stall_s: float,
        spoken: bool,
    ) -> None:
        self._request = request
        self._understudy = understudy
        self._model = model
        self._clock = clock
        self._on_outcome = on_outcome
        self._stall_s = stall_s
        self._spoken = spoken
        self._gate = SentenceGate()
        self._began_s = clock.monotonic_s()
        self._asked = False
        self._received = ""
        self._first_s: float | None = None
        self._first_at_s = 0.0
        self._finish: str | None = None
        self._usage: Usage | None = None
        self._outcome: Outcome | None = None

    async def run(self, emit: Callable[[str], None]) -> Outcome:
        """Plays the call through `emit`; ends in an outcome unless it is cancelled."""
        if self._model is None:
            return self._stand_in(emit, fault=None)
        fault = await self._listen(self._model, emit)
        if fault is None:
            self._say(self._gate.finish(), emit)
        elif fault != "filter" or self._gate.said:
            self._say(self._gate.close(), emit)
        return self.ended(fault) if self._gate.said else self._stand_in(emit, fault=fault)

    def ended(self, fault: str | None) -> Outcome:
        """The outcome of what was said so far; the first one stays."""
        return self._close(self._gate.said, Source.LIVE, fault)

    async def _listen(self, model: ChatModel, emit: Callable[[str], None]) -> str | None:
        """Takes the model's words until they end; the fault, or None."""
        self._asked = True
        try:
            async with (
                asyncio.timeout(self._request.deadline_s) as limit,
                aclosing(model.stream(self._request)) as deltas,
            ):
                async for delta in deltas:
                    self._take(delta)
                    self._say(self._gate.feed(delta.text), emit)
                    if self._gate.said or (self._first_s is not None and not self._spoken):
                        limit.reschedule(self._patience_ends())
        except BackendError as error:
            return error.code
        except TimeoutError:
            return "stall" if self._gate.said else "deadline"
        if self._finish in {"length", "content_filter"}:
            return "length" if self._finish == "length" else "filter"
        return None if useful(self._received) else "empty"

    def _take(self, delta: Delta) -> None:
        self._received += delta.text
        self._finish = delta.finish or self._finish
        self._usage = delta.usage or self._usage
        if self._first_s is None and useful(delta.text):
            self._first_s = self._clock.monotonic_s() - self._began_s
            self._first_at_s = asyncio.get_running_loop().time()

    def _patience_ends(self) -> float:
        """Loop time by which more must come: after what was said is heard, a short silence."""
        if not self._spoken:
            return asyncio.get_running_loop().time() + self._request.deadline_s + self._stall_s
        playout_s = len(self._gate.said) / _CHARS_SPOKEN_PER_S
        return self._first_at_s + playout_s + self._stall_s

    def _say(self, text: str, emit: Callable[[str], None]) -> None:
        if text:
            emit(text)

    def _stand_in(self, emit: Callable[[str], None], *, fault: str | None) -> Outcome:
        line = self._understudy()
        self._say(line, emit)
        return self._close(line, Source.UNDERSTUDY, fault)

    def _close(self, text: str, source: Source, fault: str | None) -> Outcome:
        if self._outcome is None:
            self._outcome = Outcome(
                text=text,
                source=source,
                model=self._model.name if self._model else None,
                usage=self._used(fault),
                latency=Latency(
                    first_token_s=self._first_s,
                    total_s=self._clock.monotonic_s() - self._began_s,
                ),
                fault=fault,
            )
            self._on_outcome(self._request, self._outcome)
        return self._outcome

    def _used(self, fault: str | None) -> Usage:
        """The vendor's count, else an estimate: a call that was cut or cancelled is billed too."""
        if self._usage is not None:
            return self._usage
        if not self._asked or (fault or "").startswith(_UNBILLED):
            return Usage()
        asked = " ".join(message.content for message in self._request.messages)
        return Usage(
            prompt_tokens=estimate_tokens(asked),
            completion_tokens=estimate_tokens(self._received),
            estimated=True,
        )
