"""Answers as data: what fits crosses the border, what does not is repaired once or replaced."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from services.llm.outcome import Latency, Outcome, Source
from services.llm.request import Complexity, Message, Request, TaskType
from services.llm.spec import Tier
from services.llm.structured import Structured, read, schema_of, structured


class Choice(BaseModel):
    """Who speaks next."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: Literal["morel", "roche"]
    why: str = ""


ROCHE = Choice(speaker="roche")
DEFAULT = Choice(speaker="morel", why="rule")
ASK = Request(
    task=TaskType.ORCHESTRATION,
    messages=(Message("system", "Choose."), Message("user", "Monsieur Roche ?")),
    deadline_s=2.0,
    language="fr",
)


@dataclass
class Scripted:
    """Gives its answers in order, each after `takes_s`."""

    answers: list[str]
    takes_s: float = 0.1
    source: Source = Source.LIVE
    tier: Tier = Tier.CHEAP
    most: int = 1000
    asked: list[Request] = field(default_factory=list)
    verdicts: list[tuple[Tier | None, bool]] = field(default_factory=list)

    async def respond(self, request: Request, *, understudy: Callable[[], str] = str) -> Outcome:
        text = self.answers[len(self.asked)]
        self.asked.append(request)
        await asyncio.sleep(self.takes_s)
        return Outcome(
            text=text,
            source=self.source,
            tier=self.tier,
            cost_nano=1000,
            latency=Latency(total_s=self.takes_s),
        )

    def judged(self, request: Request, outcome: Outcome, *, fits: bool) -> None:
        self.verdicts.append((outcome.tier, fits))

    def most_nano(self, request: Request) -> int:
        return self.most


async def ask(*answers: str, **told: float | Source | Tier) -> tuple[Structured[Choice], Scripted]:
    optimizer = Scripted(list(answers), **told)  # type: ignore[arg-type]
    return await structured(optimizer, ASK, Choice, default=DEFAULT), optimizer


async def test_valid_answer_crosses_as_a_value() -> None:
    made, optimizer = await ask('{"speaker": "roche"}')

    assert (made.value, made.repaired, made.defaulted) == (ROCHE, False, False)
    assert len(optimizer.asked) == 1
    assert made.cost_nano == 1000


async def test_request_carries_the_schema_and_is_not_spoken() -> None:
    _, optimizer = await ask('{"speaker": "roche"}')

    schema = json.loads(optimizer.asked[0].schema or "")
    assert schema["properties"]["speaker"]["enum"] == ["morel", "roche"]
    assert not optimizer.asked[0].spoken


@pytest.mark.parametrize(
    "text", ['```json\n{"speaker": "roche"}\n```', ' ```\n{"speaker":"roche"}```\n']
)
def test_code_fences_are_forgiven(text: str) -> None:
    assert read(text, Choice) == ROCHE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"speaker":',
        'Sure! {"speaker": "roche"}',
        '{"speaker": "bond"}',
        '{"speaker": ["roche"]}',
        '{"speaker": "roche", "score": 100}',
        '{"speaker": "roche", "why": 7}',
        "null",
        "[" * 5000,
    ],
)
def test_f14_p5_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        read(text, Choice)


async def test_f14_broken_json_is_repaired_once() -> None:
    made, optimizer = await ask('{"speaker": "mor', '{"speaker": "roche"}')

    assert (made.value, made.repaired, made.defaulted) == (ROCHE, True, False)
    assert made.cost_nano == 2000
    first, second = optimizer.asked
    assert second.messages[:2] == first.messages, "the prefix stays as it was"
    assert [m.role for m in second.messages[2:]] == ["assistant", "user"]
    assert second.messages[2].content == '{"speaker": "mor'
    assert second.deadline_s == pytest.approx(1.9)


async def test_f14_second_broken_answer_is_the_rules_default() -> None:
    made, optimizer = await ask("{", '{"speaker": "bond"}')

    assert (made.value, made.repaired, made.defaulted) == (DEFAULT, False, True)
    assert len(optimizer.asked) == 2


async def test_f14_no_repair_when_the_deadline_has_passed() -> None:
    made, optimizer = await ask("{", takes_s=1.9)

    assert (made.value, made.defaulted, len(optimizer.asked)) == (DEFAULT, True, 1)


async def test_l3_no_repair_when_no_model_answered() -> None:
    made, optimizer = await ask("Je vous écoute.", source=Source.UNDERSTUDY)

    assert (made.value, made.defaulted, len(optimizer.asked)) == (DEFAULT, True, 1)


@pytest.mark.parametrize(("tier", "escalated"), [(Tier.CHEAP, True), (Tier.ADVANCED, False)])
async def test_repair_of_a_cheap_answer_is_asked_of_the_advanced_tier(
    tier: Tier, escalated: bool
) -> None:
    made, optimizer = await ask("{", '{"speaker": "roche"}', tier=tier)

    assert made.escalated is escalated
    assert (optimizer.asked[1].complexity is Complexity.COMPLEX) is escalated


async def test_p3_value_outside_the_roster_of_the_moment_is_refused_in_code() -> None:
    optimizer = Scripted(['{"speaker": "roche"}'] * 2)
    made = await structured(
        optimizer, ASK, Choice, default=DEFAULT, allowed=lambda choice: choice.speaker == "morel"
    )

    assert (made.value, made.defaulted) == (DEFAULT, True)
    assert len(optimizer.asked) == 2


async def test_answer_beyond_the_limit_is_the_default_at_the_limit() -> None:
    optimizer = Scripted(['{"speaker": "roche"}'], takes_s=30)
    began_s = asyncio.get_running_loop().time()
    made = await structured(optimizer, ASK, Choice, default=DEFAULT, limit_s=1.5)

    assert asyncio.get_running_loop().time() - began_s == pytest.approx(1.5)
    assert (made.value, made.defaulted, made.outcome.fault) == (DEFAULT, True, "deadline")


async def test_optimizer_is_told_of_each_answer_whether_it_fits() -> None:
    _, optimizer = await ask("{", '{"speaker": "roche"}')

    assert optimizer.verdicts == [(Tier.CHEAP, False), (Tier.CHEAP, True)]


@pytest.mark.parametrize(
    ("purse_nano", "asked", "fault"), [(999, 0, "budget"), (1999, 1, None), (2000, 2, None)]
)
async def test_l8_no_call_is_made_that_may_pass_the_purse(
    purse_nano: int, asked: int, fault: str | None
) -> None:
    optimizer = Scripted(["{", "{"])
    made = await structured(optimizer, ASK, Choice, default=DEFAULT, purse_nano=purse_nano)

    assert (len(optimizer.asked), made.outcome.fault) == (asked, fault)
    assert (made.value, made.cost_nano) == (DEFAULT, asked * 1000)


async def test_words_for_the_model_repeat_nothing_that_was_answered() -> None:
    _, optimizer = await ask('{"speaker": "SECRET-42"}', '{"speaker": "roche"}')

    words = optimizer.asked[1].messages[3].content
    assert "speaker: literal_error" in words
    assert "SECRET-42" not in words


def test_schema_is_the_same_text_for_the_same_shape() -> None:
    assert schema_of(Choice) == schema_of(Choice)
    assert "\n" not in schema_of(Choice)
