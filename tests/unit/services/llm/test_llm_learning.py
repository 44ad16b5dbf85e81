"""What calls teach the selection and the token estimate."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.core.tokens import TokenFactors, tokens_of
from services.llm.entry import LedgerEntry, Role
from services.llm.learning import Learning
from services.llm.models.thresholds import BLOCK, Tuner
from services.llm.outcome import Outcome, Source, Usage
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Tier
from tests.fakes.observer import FakeObserver

REQUEST = Request(
    task=TaskType.ANALYSIS,
    messages=(Message("user", "Que retenez-vous de ce débat sur le fret ferroviaire ? " * 12),),
    language="fr",
)


def entry(call: str, role: Role = Role.SERVED) -> LedgerEntry:
    return LedgerEntry(
        id=call,
        call=call,
        at=datetime(2026, 11, 21, tzinfo=UTC),
        role=role,
        task=TaskType.ANALYSIS,
        tier=Tier.CHEAP,
        rule="short_answer",
    )


def outcome(call: str = "c", **more: Any) -> Outcome:
    return Outcome(**({"text": "Oui.", "source": Source.LIVE, "call": call} | more))


def lesson(*, unfit: int) -> tuple[int, FakeObserver]:
    """The threshold after a block of answers of which so many did not fit."""
    told, tuner = FakeObserver(), Tuner()
    learning = Learning(told, tuner=tuner, factors=TokenFactors())
    for number in range(BLOCK + 30):
        call = f"c{number}"
        learning.entry(entry(call))
        learning.checked(REQUEST, outcome(call), fits=number % (BLOCK // unfit) != 0)
    return learning.thresholds.cheap_tokens, told


def test_answers_that_did_not_fit_make_the_cheap_tier_smaller() -> None:
    tokens, told = lesson(unfit=20)
    assert tokens < 150
    assert len(told.entries) == BLOCK + 30


def test_few_of_them_do_not() -> None:
    assert lesson(unfit=1)[0] >= 150


def test_bill_of_a_live_answer_teaches_what_its_tokens_are() -> None:
    told, factors = FakeObserver(), TokenFactors()
    learning = Learning(told, tuner=Tuner(), factors=factors)
    estimated = tokens_of(REQUEST.messages)
    bill = Usage(prompt_tokens=estimated * 2, completion_tokens=3)
    one = outcome(model="m", provider="p", usage=bill)
    learning.call(REQUEST, one)
    assert factors.factor("p/m", "fr") == pytest.approx(1.5)
    assert told.calls == [(REQUEST, one)]


@pytest.mark.parametrize(
    "more",
    [
        {"source": Source.CACHED},
        {"usage": Usage(prompt_tokens=9_999, estimated=True)},
        {"faults": ("p/m:cut",)},
    ],
)
def test_l9_only_a_vendors_own_count_teaches(more: dict[str, Any]) -> None:
    factors = TokenFactors()
    learning = Learning(FakeObserver(), tuner=Tuner(), factors=factors)
    known: dict[str, Any] = {"model": "m", "provider": "p", "usage": Usage(prompt_tokens=9_999)}
    learning.call(REQUEST, outcome(**(known | more)))
    assert factors.factor("p/m", "fr") == 1.0
