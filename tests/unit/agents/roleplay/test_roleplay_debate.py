"""A debate without a room: who speaks when, who has heard whom, and what a failure costs."""

import asyncio
from random import Random
from typing import Any

import pytest

from agents.roleplay.debate import Debate, Spoken
from services.core.errors import BackendError
from services.llm.outcome import Source
from services.llm.request import Request
from tests.fakes.accounts import FakeAccounts
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on
from tests.fakes.scenes import board

TOPIC = "Should we pay for the road?"
ORDER = ("okafor", "bell", "raman")


class Cast(FakeChatModel):
    """Answers each character by its own script; the text names who speaks and how often.

    A script's own pieces are added to the first line.
    """

    def __init__(self, **scripts: Script) -> None:
        super().__init__()
        self._by_persona = scripts
        self._lines: dict[str, int] = {}

    async def stream(self, request: Request) -> Any:
        who = request.persona or ""
        self._lines[who] = self._lines.get(who, 0) + 1
        script = self._by_persona.get(who, Script())
        text = f"This is {who} for the {self._lines[who]}. time."
        if self._lines[who] == 1 and script.pieces != Script().pieces:
            text = f"{text} {''.join(script.pieces)}"
        pieces = () if script.fault else (text,)
        self._scripts = [Script(pieces=pieces, first_s=script.first_s, fault=script.fault)]
        async for delta in super().stream(request):
            yield delta


def debate(model: FakeChatModel | None, *, rounds: int = 2, **more: Any) -> Debate:
    clock = LoopClock()
    optimizer = optimizer_on(model, clock, **more)
    return Debate(
        board(), order=ORDER, rounds=rounds, topic=TOPIC, optimizer=optimizer, session="debate-1"
    )


async def held(one: Debate) -> list[Spoken]:
    return [line async for line in one.spoken()]


def asked_of(model: FakeChatModel, persona: str, nth: int) -> str:
    mine = [request for request in model.requests if request.persona == persona]
    return "\n".join(message.content for message in mine[nth].messages)


async def test_everybody_speaks_in_every_round_and_the_last_of_the_order_sums_up() -> None:
    lines = await held(debate(Cast(), rounds=3))
    assert [(one.round, one.agent) for one in lines[3:]] == [
        *((round, agent) for round in (2, 3) for agent in ORDER),
        (None, "raman"),
    ]
    assert {(one.round, one.agent) for one in lines[:3]} == {(1, agent) for agent in ORDER}


async def test_the_first_round_takes_as_long_as_its_slowest_and_the_first_ready_comes_first() -> (
    None
):
    model = Cast(okafor=Script(first_s=3.0), bell=Script(first_s=2.0), raman=Script(first_s=1.0))
    loop = asyncio.get_running_loop()
    began_s, at_s = loop.time(), []
    lines = []
    async for line in debate(model, rounds=1).spoken():
        lines.append(line)
        at_s.append(round(loop.time() - began_s, 1))
    assert [one.agent for one in lines[:3]] == ["raman", "bell", "okafor"]
    assert at_s[:3] == [1.0, 2.0, 3.0]


async def test_first_lines_are_blind_to_each_other_and_later_ones_have_heard_all() -> None:
    model = Cast()
    await held(debate(model, rounds=2))
    for agent in ORDER:
        assert "This is" not in asked_of(model, agent, 0)
        assert all(f"This is {one} for the 1. time." in asked_of(model, agent, 1) for one in ORDER)
    assert "This is okafor for the 2. time." in asked_of(model, "bell", 1)
    assert "This is raman for the 2. time." not in asked_of(model, "bell", 1)


async def test_p2_the_topic_stands_in_the_conversation_and_nowhere_else() -> None:
    model = Cast()
    await held(debate(model, rounds=1))
    for request in model.requests:
        rules = "\n".join(one.content for one in request.messages if one.role == "system")
        assert TOPIC not in rules
        assert TOPIC in "\n".join(one.content for one in request.messages if one.role == "user")


async def test_the_last_round_and_the_synthesis_know_the_subject_and_what_was_held_first() -> None:
    held_first = "I think that the road is ours."
    model = Cast(okafor=Script(pieces=(held_first,)))
    await held(debate(model, rounds=10))
    for request in [one for one in model.requests if one.persona == "raman"][-2:]:
        said = "\n".join(one.content for one in request.messages if one.role == "user")
        assert "This is okafor for the 1. time." not in said
        assert TOPIC in said
        assert held_first in said


async def test_l6_one_that_fails_is_told_and_the_debate_goes_on() -> None:
    model = Cast(bell=Script(fault=BackendError("down", code="status_503")))
    lines = await held(debate(model, rounds=2))
    assert len(lines) == 7
    failed = [one for one in lines if one.agent == "bell"]
    assert all(one.source is Source.UNDERSTUDY and one.fault for one in failed)
    assert all(one.text.startswith("bell") for one in failed)
    assert all(one.fault is None for one in lines if one.agent != "bell")


async def test_who_says_what_was_just_said_has_the_author_s_line_in_its_place() -> None:
    same = Script(pieces=("I think that the road must be paid by those who use it.",))
    lines = await held(debate(FakeChatModel(same), rounds=1))
    assert [one.fault for one in lines] == [None, "echo", "echo", None]
    assert [one.source for one in lines[1:3]] == [Source.UNDERSTUDY] * 2
    assert len({one.text for one in lines[:3]}) == 3


async def test_without_a_model_the_authors_lines_debate_and_nothing_failed() -> None:
    lines = await held(debate(None))
    assert all(one.source is Source.UNDERSTUDY and one.fault is None for one in lines)
    assert lines[-1].text == "raman closes."


async def test_the_first_round_is_one_batch_of_the_budget() -> None:
    accounts = FakeAccounts(LoopClock())
    await held(debate(Cast(), rounds=2, accounts=accounts))
    assert [len(batch) for batch in accounts.batches] == [3]


async def test_l7_a_budget_that_is_too_small_is_named_by_one_word_whosever_it_is() -> None:
    model = Cast()
    accounts = FakeAccounts(LoopClock(), refused=(f"fake/{model.name}",))
    lines = await held(debate(model, rounds=1, accounts=accounts))
    assert {one.fault for one in lines} == {"budget"}


@pytest.mark.parametrize("seed", range(3))
async def test_leaving_early_ends_what_is_under_way(seed: int) -> None:
    model = Cast(**{agent: Script(first_s=Random(seed).random() + 0.5) for agent in ORDER})
    spoken = debate(model, rounds=2).spoken()
    await anext(spoken)
    await spoken.aclose()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.sleep(30)
    assert all(task.done() for task in left)
    assert len(model.requests) == 3
