"""What a debate over HTTP is asked with and answered with, and a held debate as an answer."""

import unicodedata
from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from services.api.debate_cast import Seat
from services.core.money import NANO_PER_USD

MAX_ROUNDS = 10
MAX_TOPIC = 1500
"""As much of one thing said as a prompt quotes."""


def _readable(text: str) -> str:
    """The text without control characters. Raises: ValueError when nothing in it can be seen."""
    kept = "".join(one for one in text if one in "\n\t" or unicodedata.category(one) != "Cc")
    if not any(one.isprintable() and not one.isspace() for one in kept):
        raise ValueError("there is nothing to read in it")
    return kept.strip()


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TOPIC),
    AfterValidator(_readable),
]


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
