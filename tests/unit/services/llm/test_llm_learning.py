"""What calls teach the selection and the token estimate."""

from dataclasses import replace
from typing import Any

import pytest

from services.core.tokens import TokenFactors, tokens_of
from services.llm.decide import Policy
from services.llm.entry import Role
from services.llm.learning import Learning
from services.llm.ledger.books import Books
from services.llm.ledger.budgets import parse_budgets
from services.llm.models.thresholds import BLOCK, Tuner, trials_of
from services.llm.outcome import Outcome, Source, Usage
from services.llm.ports import Route
from services.llm.request import Message, Request, TaskType
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import LoopClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.money import CHEAP, pricing
from tests.fakes.observer import FakeObserver
from tests.fakes.optimizer import optimizer_on
from tests.fakes.purse import FakePurse

REQUEST = Request(
    task=TaskType.ANALYSIS,
    messages=(Message("user", "Que retenez-vous de ce débat sur le fret ferroviaire ? " * 12),),
    language="fr",
)
TALK = Request(
    task=TaskType.CONVERSATION,
    messages=(Message("user", "Que retenez-vous du débat"),),
    max_tokens=145,
    language="fr",
    session="s-1",
)


def outcome(call: str = "c", **more: Any) -> Outcome:
    return Outcome(**({"text": "Oui.", "source": Source.LIVE, "call": call} | more))


class School:
    """The real optimizer, books and thresholds over a model in memory."""

    def __init__(self) -> None:
        self.ledger, self.told = FakeLedger(), FakeObserver()
        clock, self.learning = LoopClock(), self.fresh()
        self.books = Books(
            purse=FakePurse(clock),
            ledger=self.ledger,
            prices=pricing(clock),
            plan=parse_budgets("session=100"),
            clock=clock,
            observer=self.learning,
        )
        self.optimizer = optimizer_on(
            [Route(spec=CHEAP, chat=FakeChatModel(("Yes.",)))],
            clock,
            accounts=self.books,
            learnt=self.learning,
            policy=Policy(cache=False),
        )

    def fresh(self) -> Learning:
        return Learning(self.told, tuner=Tuner(), factors=TokenFactors())

    async def call(self, number: int, *, fits: bool) -> None:
        request = replace(TALK, messages=(Message("user", f"Que retenez-vous du n° {number}"),))
        outcome = await self.optimizer.respond(request)
        self.optimizer.judged(request, outcome, fits=fits)
        await self.books.flush()

    async def block(self, *, unfit: int) -> None:
        for number in range(BLOCK + 30):
            await self.call(number, fits=number % (BLOCK // unfit) != 0)


async def test_unfit_answers_of_the_cheap_tier_move_what_it_is_asked() -> None:
    school = School()
    assert (await school.optimizer.respond(TALK)).rule == "short_answer"
    await school.block(unfit=20)

    assert school.learning.thresholds.cheap_tokens == 140
    assert (await school.optimizer.respond(TALK)).rule != "short_answer"


async def test_few_of_them_do_not() -> None:
    school = School()
    await school.block(unfit=1)

    assert school.learning.thresholds.cheap_tokens == 155


async def test_next_process_learns_the_same_from_the_ledger() -> None:
    school = School()
    await school.block(unfit=20)
    later = Tuner()
    later.learn(trials_of(await school.ledger.entries()))

    assert later.thresholds == school.learning.thresholds


async def test_verdict_is_booked_once_and_neither_counts_nor_costs() -> None:
    school = School()
    outcome = await school.optimizer.respond(TALK)
    for _ in range(2):
        school.optimizer.judged(TALK, outcome, fits=False)
        await school.books.flush()
    rows = {row.role: row for row in await school.ledger.entries()}
    verdict = rows.pop(Role.UNFIT)

    assert [(row.role, row.call, row.calls) for row in rows.values()] == [
        (Role.SERVED, outcome.call, 1)
    ]
    assert (verdict.call, verdict.fault) == (outcome.call, "guard")
    assert (verdict.calls, verdict.cost_nano, verdict.usage) == (0, 0, Usage())


async def test_l5_verdict_on_broken_json_says_so() -> None:
    school = School()
    request = replace(TALK, schema="{}")
    school.optimizer.judged(request, await school.optimizer.respond(request), fits=False)
    await school.books.flush()

    assert {row.fault for row in await school.ledger.entries()} == {None, "schema"}


@pytest.mark.parametrize("source", [Source.CACHED, Source.DECK, Source.UNDERSTUDY])
async def test_only_words_that_a_model_just_wrote_are_judged(source: Source) -> None:
    school = School()
    school.optimizer.judged(TALK, outcome(source=source), fits=False)

    assert school.books.waiting == 0


async def test_call_costs_at_most_what_would_be_set_aside_for_it() -> None:
    school = School()
    outcome = await school.optimizer.respond(TALK)

    assert 0 < outcome.cost_nano <= school.optimizer.most_nano(TALK)
    assert optimizer_on(None, LoopClock()).most_nano(TALK) == 0


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
