"""A debate in text, without a room: `POST /api/debate`.

Owns the call and its answer, as one JSON or as server-sent events. Who debates, and how, is the
cast's affair: this program's HTTP side is handed one that can, or answers 503.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Annotated, Protocol

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from scenarios.schema import Scenario
from services.api.admission import afford
from services.api.auth import Player
from services.api.debate_cast import cast_for
from services.api.debate_stream import begun, streamed, wants_stream
from services.api.debate_view import DebateRequest, DebateView, Said, view
from services.api.idempotency import Idempotency, Key
from services.api.parts import PartsOf
from services.api.problems import ProblemError

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
    leaves, but for an answer as JSON that comes with a key: a second try finds it.
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
    once: Idempotency = request.app.state.idempotency
    held = partial(
        once.held,
        key,
        user=caller.user,
        operation="debate",
        asked=asked,
        shape=DebateView,
    )
    whole = partial(view, asked, seat)
    if wants_stream(accept):
        return await begun(streamed(held, running.one(caller.user), lines, whole, parts.clock))

    async def hold() -> DebateView:
        async with held() as before:
            if before.answer is not None:
                return before.answer
            began_s = parts.clock.monotonic_s()
            with running.one(caller.user):
                async with aclosing(lines()) as spoken:
                    said = [line async for line in spoken]
            debate = whole(said, seconds=parts.clock.monotonic_s() - began_s)
            await before.keep(debate)
            return debate

    return await (_while_there(request, hold) if key is None else hold())


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
