"""A debate in text, without a room: `POST /api/debate`.

Owns the call and its answer, as one JSON or as server-sent events. Who debates, and how, is the
cast's affair: this program's HTTP side is handed one that can, or answers 503.
"""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from scenarios.schema import Scenario
from services.api.admission import afford
from services.api.auth import Player
from services.api.debate_cast import Seat, cast_for
from services.api.idempotency import Idempotency, Key
from services.api.parts import PartsOf
from services.api.problems import ProblemError
from services.core.clock import Clock
from services.core.money import NANO_PER_USD

MAX_ROUNDS = 10
MAX_TOPIC = 4000
AT_ONCE = 3
"""Debates that one user may have running."""
RETRY_S = 10

router = APIRouter(tags=["debates"])

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TOPIC)]


class DebateRequest(BaseModel):
    """What is debated, by whom and for how long."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"topic": "Faut-il payer la route ?", "rounds": 2, "agentOrder": ["roche"]}
            ]
        },
    )

    topic: Text = Field(description="the subject, as somebody of the audience would put it")
    rounds: int = Field(2, ge=1, le=MAX_ROUNDS, strict=True)
    agent_order: tuple[str, ...] | None = Field(
        None, description="ids of one scene's cast, each once; without it, all but late guests"
    )
    language: Literal["fr", "en"] | None = None
    scenario: str | None = Field(None, description="the scene whose cast debates")


class DebateFault(BaseModel):
    """Why no model wrote a line."""

    model_config = ConfigDict(frozen=True)

    code: str


class DebateLine(BaseModel):
    """What one of them said. With an `error` the words are their author's, not a model's."""

    model_config = ConfigDict(frozen=True)

    agent: str
    name: str
    text: str
    source: str
    error: DebateFault | None = None


class DebateRound(BaseModel):
    """The lines of one round, in the order of speakers."""

    model_config = ConfigDict(frozen=True)

    round: int
    parallel: bool
    lines: tuple[DebateLine, ...]


class DebateView(BaseModel):
    """A debate that was held. `partial` when any line has an error."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    topic: str
    scenario: str
    language: str
    agent_order: tuple[str, ...]
    rounds: tuple[DebateRound, ...]
    synthesis: DebateLine
    partial: bool
    cost: str = Field(description="what models were paid for it, in USD")
    seconds: float


class Said(Protocol):
    """One line as whoever holds the debate gives it; `round` is None for the synthesis."""

    @property
    def round(self) -> int | None: ...

    @property
    def agent(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def fault(self) -> str | None: ...

    @property
    def cost_nano(self) -> int: ...


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
    could write is its author's and carries an `error`; the debate goes on."""
    debates: Debates | None = request.app.state.debates
    if debates is None:
        raise ProblemError(503, "debate_unavailable", "no cast is at hand in this process")
    seat = cast_for(
        parts.catalogue, order=asked.agent_order, language=asked.language, scenario=asked.scenario
    )
    await afford(parts, user=caller.user, scenario=seat.scenario.id)
    running: Running = request.app.state.running

    async def lines() -> AsyncGenerator[Said, None]:
        held = debates.hold(
            seat.scenario,
            order=seat.order,
            rounds=asked.rounds,
            topic=asked.topic,
            user=caller.user,
        )
        with running.one(caller.user):
            async with aclosing(held) as spoken:
                async for line in spoken:
                    yield line

    began_s = parts.clock.monotonic_s()
    if "text/event-stream" in accept:
        with running.one(caller.user):
            pass  # refused before the stream begins, as a problem
        return StreamingResponse(
            streamed(lines(), parts.clock),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def hold() -> DebateView:
        async with aclosing(lines()) as spoken:
            said = [line async for line in spoken]
        return view(asked, seat, said, seconds=parts.clock.monotonic_s() - began_s)

    once: Idempotency = request.app.state.idempotency
    return await once.once(
        key, user=caller.user, operation="debate", asked=asked, shape=DebateView, work=hold
    )


def view(asked: DebateRequest, seat: Seat, said: Sequence[Said], *, seconds: float) -> DebateView:
    """The whole debate, each round in the order of speakers."""
    place = {one: at for at, one in enumerate(seat.order)}
    rounds = tuple(
        DebateRound(
            round=number,
            parallel=number == 1,
            lines=tuple(
                line_of(one)
                for one in sorted(said, key=lambda one: place[one.agent])
                if one.round == number
            ),
        )
        for number in range(1, asked.rounds + 1)
    )
    return DebateView(
        topic=asked.topic,
        scenario=seat.scenario.id,
        language=seat.scenario.language,
        agent_order=seat.order,
        rounds=rounds,
        synthesis=line_of(said[-1]),
        partial=any(one.fault is not None for one in said),
        cost=usd(sum(one.cost_nano for one in said)),
        seconds=round(seconds, 3),
    )


async def streamed(spoken: AsyncGenerator[Said, None], clock: Clock) -> AsyncGenerator[str]:
    """`round` before each round's lines, `line` for each, then `synthesis` and `done`."""
    began_s, last, cost_nano, partial = clock.monotonic_s(), 0, 0, False
    async with aclosing(spoken) as lines:
        async for one in lines:
            cost_nano, partial = cost_nano + one.cost_nano, partial or one.fault is not None
            line = line_of(one).model_dump(mode="json")
            if one.round is None:
                yield _message("synthesis", line)
                continue
            if one.round != last:
                last = one.round
                yield _message("round", {"round": last, "parallel": last == 1})
            yield _message("line", {"round": last, **line})
    seconds = round(clock.monotonic_s() - began_s, 3)
    yield _message("done", {"partial": partial, "cost": usd(cost_nano), "seconds": seconds})


def line_of(one: Said) -> DebateLine:
    """A line as it goes out."""
    return DebateLine(
        agent=one.agent,
        name=one.name,
        text=one.text,
        source=str(one.source),
        error=DebateFault(code=one.fault) if one.fault is not None else None,
    )


def usd(cost_nano: int) -> str:
    """Nano-USD as a person reads it, to the hundredth of a cent."""
    return f"${cost_nano / NANO_PER_USD:.4f}"


def _message(event: str, data: Mapping[str, object]) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
