"""A debate as server-sent events: each line as it is ready, or as it was once."""

import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing
from typing import Protocol

from fastapi.responses import StreamingResponse

from services.api.debate_view import DebateLine, DebateView, Said, line_of
from services.api.idempotency import Held
from services.core.clock import Clock

STREAM = "text/event-stream"


def wants_stream(accept: str) -> bool:
    """Whether an `Accept` header names the stream, in whatever case, and not to refuse it (q=0)."""
    for wanted in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in wanted.split(";"))
        if kind == STREAM:
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", one) for one in parameters)
    return False


class Whole(Protocol):
    """Makes the whole debate of its lines."""

    def __call__(self, said: Sequence[Said], *, seconds: float) -> DebateView: ...


async def streamed(
    held: Callable[[], AbstractAsyncContextManager[Held[DebateView]]],
    running: AbstractContextManager[None],
    lines: Callable[[], AsyncGenerator[Said, None]],
    whole: Whole,
    clock: Clock,
) -> AsyncGenerator[str]:
    """A comment, then `round` before each round's lines, `line` for each, `synthesis` and `done`.

    What was kept under the call's key is told again and asked of nobody.

    Raises: ProblemError before the comment: 429, or 422 for a key that was used before.
    """
    async with held() as before:
        if before.answer is not None:
            yield ": it was held before\n\n"
            for message in retold(before.answer):
                yield message
            return
        began_s, said, last = clock.monotonic_s(), [], 0
        with running:
            yield ": it begins\n\n"
            async with aclosing(lines()) as spoken:
                async for one in spoken:
                    said.append(one)
                    if one.round is None:
                        yield _message("synthesis", _data(line_of(one)))
                        continue
                    if one.round != last:
                        last = one.round
                        yield _round(last)
                    yield _message("line", {"round": last, **_data(line_of(one))})
        debate = whole(said, seconds=clock.monotonic_s() - began_s)
        await before.keep(debate)
        yield _done(debate)


def retold(debate: DebateView) -> Iterator[str]:
    """The messages of a debate that is over, each round in the order of speakers."""
    for one in debate.rounds:
        yield _round(one.round)
        for line in one.lines:
            yield _message("line", {"round": one.round, **_data(line)})
    yield _message("synthesis", _data(debate.synthesis))
    yield _done(debate)


async def begun(messages: AsyncGenerator[str]) -> StreamingResponse:
    """The messages after the first, which is waited for: a refusal is then a problem."""
    await anext(messages)
    return StreamingResponse(
        messages,
        media_type=STREAM,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _round(number: int) -> str:
    return _message("round", {"round": number, "parallel": number == 1})


def _done(debate: DebateView) -> str:
    facts = {"partial": debate.partial, "cost": debate.cost, "seconds": debate.seconds}
    return _message("done", facts)


def _data(line: DebateLine) -> dict[str, object]:
    return line.model_dump(mode="json")


def _message(event: str, data: Mapping[str, object]) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
