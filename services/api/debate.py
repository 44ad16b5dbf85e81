"""A debate in text, without a room: `POST /api/debate`.

Owns the call and its answer, as one JSON or as server-sent events. Who debates, and how, is the
cast's affair: this program's HTTP side is handed one that can, or answers 503.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Annotated, Protocol

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse

from scenarios.schema import Scenario
from services.api.admission import afford
from services.api.auth import Player
from services.api.debate_cast import cast_for
from services.api.debate_view import DebateRequest, DebateView, Said, line_of, usd, view
from services.api.idempotency import Idempotency, Key
from services.api.parts import PartsOf
from services.api.problems import ProblemError
from services.core.clock import Clock

AT_ONCE = 3
"""Debates that one user may have running."""
RETRY_S = 10
GONE_S = 0.5
"""How often it is looked whether the client still waits."""

router = APIRouter(tags=["debates"])


class Debates(Protocol):
    """Who holds debates."""

    def hold(
        self, scenario: Scenario, *, order: Sequence[str], rounds: int, topic: str, user: str
    ) -> AsyncGenerator[Said, None]:
        """The lines as they are ready: the first round's by who is first, later ones in order.

        `order` are ids of that scene's cast. The last line is the synthesis. Closing the generator
        ends the debate.
        """
        ...


class Running:
    """How many debates each user has running."""

    def __init__(self) -> None:
        self._users: Counter[str] = Counter()

    @contextmanager
    def one(self, user: str) -> Iterator[None]:
        """Counts one more while the block lasts. Raises: ProblemError 429."""
        if self._users[user] >= AT_ONCE:
            raise ProblemError(
                429,
                "too_many_debates",
                f"{AT_ONCE} of your debates are running, the most at once",
                headers={"Retry-After": str(RETRY_S)},
            )
        self._users[user] += 1
        try:
            yield
        finally:
            self._users[user] -= 1


@router.post(
    "/api/debate",
    operation_id="holdDebate",
    summary="A debate in text, without a room",
    response_model=DebateView,
    responses={
        200: {
            "description": "the debate; with `Accept: text/event-stream` each line as it is ready",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def hold_debate(
    request: Request,
    parts: PartsOf,
    caller: Player,
    asked: DebateRequest,
    key: Key = None,
    accept: Annotated[str, Header()] = "application/json",
) -> DebateView | Response:
    """The cast of a scene debates a subject. In the first round all speak at once and blind to
    each other, in the later ones in order; the last of the order sums up. A line that no model
    could write is its author's and carries an `error`; the debate goes on. It ends when the client
    leaves, but for one that comes with a key: a second try finds its answer. A stream is not kept.
    """
    debates: Debates | None = request.app.state.debates
    if debates is None:
        raise ProblemError(503, "debate_unavailable", "no cast is at hand in this process")
    seat = cast_for(
        parts.catalogue, order=asked.agent_order, language=asked.language, scenario=asked.scenario
    )
    await afford(parts, user=caller.user, scenario=seat.scenario.id)
    running: Running = request.app.state.running
    lines = partial(
        debates.hold,
        seat.scenario,
        order=seat.order,
        rounds=asked.rounds,
        topic=asked.topic,
        user=caller.user,
    )
    if "text/event-stream" in accept:
        return await _stream(streamed(lines, running, caller.user, parts.clock))

    async def hold() -> DebateView:
        began_s = parts.clock.monotonic_s()
        with running.one(caller.user):
            async with aclosing(lines()) as spoken:
                said = [line async for line in spoken]
        return view(asked, seat, said, seconds=parts.clock.monotonic_s() - began_s)

    if key is None:
        return await _while_there(request, hold)
    once: Idempotency = request.app.state.idempotency
    return await once.once(
        key, user=caller.user, operation="debate", asked=asked, shape=DebateView, work=hold
    )


async def streamed(
    lines: Callable[[], AsyncGenerator[Said, None]], running: Running, user: str, clock: Clock
) -> AsyncGenerator[str]:
    """A comment, then `round` before each round's lines, `line` for each, `synthesis` and `done`.

    Raises: ProblemError 429 before the comment.
    """
    began_s, last, cost_nano, failed = clock.monotonic_s(), 0, 0, False
    with running.one(user):
        yield ": it begins\n\n"
        async with aclosing(lines()) as spoken:
            async for one in spoken:
                cost_nano, failed = cost_nano + one.cost_nano, failed or one.fault is not None
                line = line_of(one).model_dump(mode="json")
                if one.round is None:
                    yield _message("synthesis", line)
                    continue
                if one.round != last:
                    last = one.round
                    yield _message("round", {"round": last, "parallel": last == 1})
                yield _message("line", {"round": last, **line})
    seconds = round(clock.monotonic_s() - began_s, 3)
    yield _message("done", {"partial": failed, "cost": usd(cost_nano), "seconds": seconds})


async def _stream(messages: AsyncGenerator[str]) -> StreamingResponse:
    """The messages after the first, which is waited for: a refusal is then a problem."""
    await anext(messages)
    return StreamingResponse(
        messages,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _while_there(request: Request, work: Callable[[], Awaitable[DebateView]]) -> DebateView:
    """What `work` gives; it is cancelled as soon as the client no longer waits for it."""
    working = asyncio.ensure_future(work())
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=GONE_S)
            if not working.done() and await request.is_disconnected():
                raise ProblemError(408, "client_gone", "nobody waits for the answer")
        return working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def _message(event: str, data: Mapping[str, object]) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
