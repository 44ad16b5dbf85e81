"""The real optimizer over a scripted model that may fail, with accounts that only add up.

Owns the faults, and the list of what the model was sent: whoever looks for leaks looks there.
"""

import asyncio
import json
import re
import tomllib
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from agents.manager.phrases import phrases_for
from bench.vendor_json import json_answer
from services.core.clock import Clock
from services.core.errors import BackendError
from services.core.tokens import TokenFactors, estimate_tokens
from services.llm.cache.answers import AnswerCache
from services.llm.cache.flights import Flights
from services.llm.cache.key import Keys
from services.llm.decide import Decider, Policy
from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.glide import NORMAL, Glide
from services.llm.models.catalogue import load_models
from services.llm.models.money import Pricing
from services.llm.models.price_list import PackagedPrices
from services.llm.models.thresholds import Thresholds
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Usage
from services.llm.plan.health import RouteHealth
from services.llm.ports import Delta, Route
from services.llm.request import Request, TaskType
from services.llm.spec import Tier
from services.llm.work import Ask, AttemptEnd, Row, Ticket
from services.llm.workshop import Workshop

FIRST_WORD_S, WORD_S = 0.25, 0.02
NEVER_S = 600.0
HEEDS = 0.75
"""How often the model asks the person nothing when it is told so; real ones forget it at times."""


class Fault(StrEnum):
    """What is wrong with the world of a run; one at a time."""

    NONE = "none"
    MODEL_DEAD = "model_dead"
    MODEL_SILENT = "model_silent"
    MODEL_CUT = "model_cut"
    MODEL_PARROT = "model_parrot"
    MODEL_SPEAKS_FOR_OTHERS = "model_speaks_for_others"
    CHOOSER_SILENT = "chooser_silent"
    CHOOSER_OUTSIDE = "chooser_outside"
    VOICES_DEAD = "voices_dead"
    NO_MODEL = "no_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A prompt as a model got it, and at what time of the run."""

    request: Request
    at_s: float

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(message.content for message in self.request.messages)


class Actor:
    """A model that plays every character, and answers the stage manager's questions.

    `names` are ids and names of the cast, for the fault that speaks for others.
    """

    def __init__(self, fault: Fault, rng: Random, *, names: dict[str, str]) -> None:
        self.sent: list[Sent] = []
        self._fault = fault
        self._rng = rng
        self._names = names

    @property
    def name(self) -> str:
        """Its name."""
        return "actor"

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """A line or JSON, word by word, unless the fault of the run says otherwise."""
        self.sent.append(Sent(request=request, at_s=asyncio.get_running_loop().time()))
        chooses = request.task is TaskType.ORCHESTRATION
        if self._fault is Fault.MODEL_DEAD:
            raise BackendError("down", code="status_503", status=503)
        silent = self._fault is Fault.MODEL_SILENT
        if silent or (chooses and self._fault is Fault.CHOOSER_SILENT):
            await asyncio.sleep(NEVER_S)
        await asyncio.sleep(FIRST_WORD_S)
        words = self._text(request).split(" ")
        for at, word in enumerate(words):
            if self._fault is Fault.MODEL_CUT and request.spoken and at > len(words) // 2:
                raise BackendError("cut", code="cut")
            yield Delta(text=word if at == 0 else f" {word}")
            await asyncio.sleep(WORD_S)
        usage = Usage(prompt_tokens=estimate_tokens(str(request.messages)), completion_tokens=20)
        yield Delta(finish="stop", usage=usage)

    async def warm(self) -> None:
        """It always is."""

    async def aclose(self) -> None:
        """It holds nothing."""

    def _text(self, request: Request) -> str:
        if request.schema is not None:
            return self._json(request, request.schema)
        if self._fault is Fault.MODEL_PARROT:
            return _lines(request.language or "en")["ends"][0].capitalize()
        line = self._line(request)
        if self._fault is Fault.MODEL_SPEAKS_FOR_OTHERS:
            others = [name for id, name in self._names.items() if id != request.persona]
            return f"{line} {others[0]}: {self._line(request)}" if others else line
        return line

    def _json(self, request: Request, schema: str) -> str:
        texts = [message.content for message in request.messages]
        asked = {"type": "json_schema", "json_schema": {"schema": json.loads(schema)}}
        answer = json.loads(json_answer(asked, texts) or "{}")
        if request.task is TaskType.ORCHESTRATION:
            last = request.messages[-1].content
            named = [one for one in self._names if re.search(rf"\b{re.escape(one)}\b", last)]
            outside = self._fault is Fault.CHOOSER_OUTSIDE
            answer["speaker"] = "nobody" if outside or not named else self._rng.choice(named)
        return json.dumps(answer, ensure_ascii=False)

    def _line(self, request: Request) -> str:
        language = request.language or "en"
        parts = _lines(language)
        ends = parts["ends"]
        told = phrases_for(language).cue("followed") in request.messages[-1].content
        if told and self._rng.random() < HEEDS:
            ends = [one for one in ends if not one.endswith("?")]
        said = re.findall(r"[^\W\d_]{5,}", request.messages[-1].content)
        topic = self._rng.choice(said[-40:] or ["this"]).lower()
        start = self._rng.choice(parts["starts"]).replace("{topic}", topic)
        return f"{start} {self._rng.choice(ends)}"


@cache
def _lines(language: str) -> dict[str, list[str]]:
    with Path(__file__).with_name("actors.toml").open("rb") as file:
        parts: dict[str, list[str]] = tomllib.load(file)[language]
    return parts


class Sums:
    """Accounts without a budget: they add up what was spent, and fulfil what a decider asks."""

    def __init__(self, clock: Clock) -> None:
        self.attempts = 0
        self.thresholds = Thresholds()
        self._clock = clock

    def level(
        self,
        *,
        session: str | None,  # noqa: ARG002 - one shape for all who keep accounts
        user: str | None,  # noqa: ARG002
        scenario: str | None,  # noqa: ARG002
        session_limit_nano: int | None = None,  # noqa: ARG002
    ) -> Glide:
        """Money is never short."""
        return NORMAL

    async def admit(self, ask: Ask, route: Route) -> Ticket:
        """Every attempt is let through."""
        return Ticket(ask=ask, route=route, hold=None)

    def close(self, ticket: Ticket, end: AttemptEnd) -> LedgerEntry:
        """The attempt as a ledger would hold it."""
        self.attempts += 1
        spec = ticket.route.spec
        return LedgerEntry(
            id=f"e{self.attempts}",
            call=ticket.ask.call,
            at=self._clock.now(),
            role=end.role,
            task=ticket.ask.request.task,
            tier=spec.tier,
            provider=spec.provider,
            model=spec.model,
            usage=end.usage or Usage(estimated=True),
            calls=int(end.role in {Role.SERVED, Role.CUT}),
            fault=end.fault,
        )

    def note(self, row: Row) -> None:
        """Nothing is kept of what was no attempt."""

    async def reserve_batch(self, attempts: Sequence[tuple[Ask, Route]]) -> None:
        """There is always enough."""

    def release(self, calls: Iterable[str]) -> None:
        """Nothing was set aside."""


class Nobody:
    """Counts nothing."""

    def call(self, request: Request, outcome: Outcome) -> None:
        """An answer ended."""

    def entry(self, entry: LedgerEntry) -> None:
        """An attempt was booked."""

    def event(self, name: str, **labels: str) -> None:
        """Something happened."""


def optimizer_over(actor: Actor | None, clock: Clock, rng: Random) -> LLMOptimizer:
    """The optimizer as a room has it, with that model as the only one of both tiers."""
    catalogue, sums = load_models(None), Sums(clock)
    routes: dict[Tier, tuple[Route, ...]] = {Tier.CHEAP: (), Tier.ADVANCED: ()}
    if actor is not None:
        for tier in routes:
            routes[tier] = (Route(spec=catalogue.spec(catalogue.heads[tier]), chat=actor),)
    pricing = Pricing(catalogue, PackagedPrices(), clock)
    decider = Decider(
        routes=routes,
        keys=Keys(b"simulated-simulated-simulated-32"),
        pricing=pricing,
        levels=sums,
        learnt=sums,
        factors=TokenFactors(),
        clock=clock,
        policy=Policy(),
    )
    return LLMOptimizer(
        Workshop(
            decider=decider,
            accounts=sums,
            cache=AnswerCache(None, clock, rng),
            flights=Flights(),
            health=RouteHealth(clock),
            observer=Nobody(),
            clock=clock,
        )
    )
