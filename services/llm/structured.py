"""Answers as data: JSON that fits a shape, or the rule's default, never anything else.

Owns the one repair that a broken answer may get. What a shape leaves open (ids of a roster that is
only known at run time) the caller's `allowed` decides, in code and not in the prompt.
"""

import asyncio
import json
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cache
from typing import Generic, Protocol, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from services.llm.outcome import Outcome, Source
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.request import Complexity, Message, Request
from services.llm.spec import Tier

T = TypeVar("T")

REPAIR_FLOOR_S = 0.15
"""With less time than this left before the deadline no repair is asked for."""

_BROKEN_CHARS = 4000
_FAULTS_TOLD = 5
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Responds(Protocol):
    """What gives whole answers: the optimizer."""

    async def respond(self, request: Request, *, understudy: Callable[[], str] = str) -> Outcome:
        """The whole answer; it never raises but CancelledError."""
        ...

    def judged(self, request: Request, outcome: Outcome, *, fits: bool) -> None:
        """Is told whether an answer was of use."""
        ...

    def most_nano(self, request: Request) -> int:
        """Nano-USD that asking a model for this costs at most."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Structured(Generic[T]):
    """A value that fits, and how it was come by.

    `outcome` is the last call's; `cost_nano` is over both. `repaired` when the first answer was
    broken and the second fits, `defaulted` when the value is the rule's, `escalated` when the
    repair was asked of the advanced tier.
    """

    value: T
    outcome: Outcome
    cost_nano: int
    repaired: bool = False
    defaulted: bool = False
    escalated: bool = False


async def structured(
    optimizer: Responds,
    request: Request,
    shape: type[T],
    *,
    default: T,
    allowed: Callable[[T], bool] = lambda _: True,
    templates: TemplateStore | None = None,
    limit_s: float | None = None,
    purse_nano: int | None = None,
) -> Structured[T]:
    """Asks for JSON of that shape: a pydantic model, or any type that pydantic can check.

    Validation is strict; code fences around the JSON are the one thing forgiven. A broken answer is
    repaired once if there is time before `request.deadline_s`, on the advanced tier if the cheap
    one broke it. `limit_s` ends the whole of it, default included, after so many seconds. No call
    is made that may take the cost beyond `purse_nano`; if it is the first, the fault is `budget`.
    The template `repair` tells the model what is wrong. The optimizer is told what did not fit.
    """
    asking = _Asking(optimizer, shape, allowed, templates or shipped(), purse_nano)
    request = replace(request, schema=schema_of(shape), spoken=False)
    try:
        async with asyncio.timeout(limit_s):
            return await asking.ask(request, default)
    except TimeoutError:
        late = _unasked(request, "deadline")
        return Structured(value=default, outcome=late, cost_nano=asking.cost_nano, defaulted=True)


def schema_of(shape: type[T]) -> str:
    """The shape as a JSON Schema, compact, keys sorted: the same text for the same shape."""
    schema = _adapter(shape).json_schema()
    return json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(text: str, shape: type[T]) -> T:
    """The value in a model's answer. Raises: ValidationError."""
    fenced = _FENCE.match(text)
    return _adapter(shape).validate_json(fenced[1] if fenced else text, strict=True)


class _Asking(Generic[T]):
    """One question: at most two calls."""

    def __init__(
        self,
        optimizer: Responds,
        shape: type[T],
        allowed: Callable[[T], bool],
        templates: TemplateStore,
        purse_nano: int | None,
    ) -> None:
        self.cost_nano = 0
        self._optimizer = optimizer
        self._shape = shape
        self._allowed = allowed
        self._templates = templates
        self._purse_nano = purse_nano

    async def ask(self, request: Request, default: T) -> Structured[T]:
        if not self._affords(request):
            return self._made(default, _unasked(request, "budget"), defaulted=True)
        first = await self._call(request)
        if isinstance(first.found, _Fits):
            return self._made(first.found.value, first.outcome)
        left_s = request.deadline_s - first.outcome.latency.total_s
        if not first.outcome.text or not _a_models(first.outcome) or left_s < REPAIR_FLOOR_S:
            return self._made(default, first.outcome, defaulted=True)
        escalates = request.complexity is None and first.outcome.tier is Tier.CHEAP
        repair = self._templates.get("repair", request.language or "en")
        words = compile_prompt(repair.render(faults=first.found))
        again = _again(request, first.outcome.text, words, left_s, escalates)
        if not self._affords(again):
            return self._made(default, first.outcome, defaulted=True)
        second = await self._call(again)
        if isinstance(second.found, _Fits):
            return self._made(
                second.found.value, second.outcome, repaired=True, escalated=escalates
            )
        return self._made(default, second.outcome, defaulted=True, escalated=escalates)

    async def _call(self, request: Request) -> "_Heard[T]":
        outcome = await self._optimizer.respond(request)
        self.cost_nano += outcome.cost_nano
        found = self._check(outcome.text)
        self._optimizer.judged(request, outcome, fits=isinstance(found, _Fits))
        return _Heard(outcome=outcome, found=found)

    def _affords(self, request: Request) -> bool:
        if self._purse_nano is None:
            return True
        return self.cost_nano + self._optimizer.most_nano(request) <= self._purse_nano

    def _check(self, text: str) -> "_Fits[T] | str":
        """The value, or what is wrong in words that repeat nothing of the answer."""
        try:
            value = read(text, self._shape)
        except ValidationError as error:
            return _faults(error)
        return _Fits(value) if self._allowed(value) else "- a value that is not on offer"

    def _made(
        self,
        value: T,
        outcome: Outcome,
        *,
        repaired: bool = False,
        defaulted: bool = False,
        escalated: bool = False,
    ) -> Structured[T]:
        return Structured(
            value=value,
            outcome=outcome,
            cost_nano=self.cost_nano,
            repaired=repaired,
            defaulted=defaulted,
            escalated=escalated,
        )


@dataclass(frozen=True, slots=True)
class _Fits(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard(Generic[T]):
    outcome: Outcome
    found: _Fits[T] | str


def _adapter(shape: type[T]) -> TypeAdapter[T]:
    return cast("TypeAdapter[T]", _built(cast("Hashable", shape)))


@cache
def _built(shape: Hashable) -> TypeAdapter[object]:
    """Built once a shape: it takes milliseconds."""
    return TypeAdapter(cast("type[object]", shape))


def _unasked(request: Request, fault: str) -> Outcome:
    """The outcome of a question that nobody answered, or that nobody was asked."""
    return Outcome(text="", source=Source.UNDERSTUDY, template=request.template, fault=fault)


def _a_models(outcome: Outcome) -> bool:
    return outcome.source not in {Source.UNDERSTUDY, Source.DECK}


def _again(
    request: Request, broken: str, words: tuple[Message, ...], left_s: float, escalates: bool
) -> Request:
    """The same prompt, so that its prefix is cached, then the broken answer and what is wrong."""
    return replace(
        request,
        messages=(
            *request.messages,
            Message("assistant", broken[:_BROKEN_CHARS]),
            *words,
        ),
        deadline_s=left_s,
        complexity=Complexity.COMPLEX if escalates else request.complexity,
    )


def _faults(error: ValidationError) -> str:
    told = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [
        f"- {'.'.join(map(str, one['loc'])) or 'JSON'}: {one['type']}"
        for one in told[:_FAULTS_TOLD]
    ]
    return "\n".join(lines)
