"""The fault table F over a real wire: a vendor on loopback fails, the scene goes on.

The vendor's own books are the oracle for calls; a deadline here is short, and none is measured.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bench.vendor import Delays, Vendor, vendor
from services.adapters.openai_chat import OpenAIChat
from services.core.clock import SystemClock
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.request import Message, Request, TaskType
from tests.fakes.specs import stub_spec

LINE = "Pouvez-vous préciser ?"
CANARY = "Le mot de passe est hirondelle."


@dataclass
class Scene:
    """A vendor, the optimizer that calls it, and what the optimizer booked."""

    stub: Vendor
    optimizer: LLMOptimizer
    booked: list[Outcome] = field(default_factory=list)

    async def play(self) -> tuple[str, Outcome]:
        """One turn: what was said, and its outcome."""
        request = Request(
            task=TaskType.AGENT_RESPONSE,
            messages=(Message(role="user", content=CANARY),),
            deadline_s=0.5,
        )
        answer = self.optimizer.stream(request, understudy=lambda: LINE)
        said = "".join([piece async for piece in answer])
        assert answer.outcome is not None
        return said, answer.outcome


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with vendor(delays=Delays(first_token_s=0.01, word_s=0.002)) as stub:
        model = OpenAIChat(stub_spec(), base_url=stub.url)
        try:
            booked: list[Outcome] = []
            optimizer = LLMOptimizer(
                model,
                SystemClock(),
                on_outcome=lambda request, outcome: booked.append(outcome),
                stall_s=0.2,
            )
            yield Scene(stub, optimizer, booked)
        finally:
            await model.aclose()


async def test_healthy_vendor_answers_live(scene: Scene) -> None:
    said, outcome = await scene.play()
    assert said == outcome.text != LINE
    assert (outcome.source, outcome.fault, outcome.model) == (Source.LIVE, None, "stub-1")
    assert not outcome.usage.estimated
    assert outcome.usage.completion_tokens == scene.stub.calls[0].completion_tokens


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("F1", "status_429"),
        ("F2", "status_500"),
        ("F3", "status_503"),
        ("F5", "reset"),
        ("F6", "deadline"),
        ("F8", "deadline"),
        ("F11", "empty"),
        ("F13", "context"),
    ],
)
async def test_f1_to_f13_fault_before_the_first_word_is_the_understudys_turn(
    scene: Scene, row: str, fault: str
) -> None:
    scene.stub.fail("chat", row)
    said, outcome = await scene.play()
    assert said == LINE
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, fault)
    assert scene.stub.counts["chat"] == 1
    assert scene.booked == [outcome]


async def test_f4_refused_connection_is_the_understudys_turn() -> None:
    model = OpenAIChat(stub_spec(), base_url="http://127.0.0.1:1/v1")
    try:
        scene = Scene(Vendor(), LLMOptimizer(model, SystemClock()))
        said, outcome = await scene.play()
    finally:
        await model.aclose()
    assert (said, outcome.fault) == (LINE, "connection")
    assert outcome.usage.prompt_tokens == 0


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("F7", "stall"),
        ("F9", "malformed"),
        ("F10_CUT", "cut"),
        ("F16", "cut"),
    ],
)
async def test_f7_to_f16_fault_after_the_first_word_closes_the_sentence(
    scene: Scene, row: str, fault: str
) -> None:
    scene.stub.fail("chat", row)
    said, outcome = await scene.play()
    assert (outcome.source, outcome.fault) == (Source.LIVE, fault)
    assert said == outcome.text
    assert said.endswith(("…", ".")), "a broken answer ends like a sentence"
    assert LINE not in said
    assert outcome.usage.estimated
    assert outcome.usage.completion_tokens > 0
    assert scene.stub.counts["chat"] == 1
    assert scene.booked == [outcome]


async def test_f9_nothing_raw_is_spoken(scene: Scene) -> None:
    scene.stub.fail("chat", "F9")
    said, _ = await scene.play()
    assert "oops" not in said
    assert "{" not in said


async def test_f10_missing_done_after_the_finish_is_a_whole_answer(scene: Scene) -> None:
    scene.stub.fail("chat", "F10")
    said, outcome = await scene.play()
    assert outcome.fault is None
    assert said.endswith(".")


async def test_f12_filtered_answer_is_closed_and_marked(scene: Scene) -> None:
    scene.stub.fail("chat", "F12")
    _, outcome = await scene.play()
    assert outcome.fault == "filter"
    assert scene.stub.counts["chat"] == 1


async def test_f15_missing_usage_is_estimated(scene: Scene) -> None:
    scene.stub.fail("chat", "F15")
    _, outcome = await scene.play()
    assert outcome.fault is None
    assert outcome.usage.estimated
    assert outcome.usage.prompt_tokens > 0


async def test_vendor_that_recovers_is_used_again(scene: Scene) -> None:
    scene.stub.fail("chat", "F3", times=1)
    first, second = [(await scene.play())[1] for _ in range(2)]
    assert (first.source, second.source) == (Source.UNDERSTUDY, Source.LIVE)


async def test_closing_an_answer_hangs_up_on_the_vendor(scene: Scene) -> None:
    scene.stub.delays.word_s = 0.05
    request = Request(task=TaskType.AGENT_RESPONSE, messages=(Message(role="user", content="a"),))
    answer = scene.optimizer.stream(request, understudy=lambda: LINE)
    await anext(answer)
    await answer.aclose()
    assert not scene.stub.calls[0].finished
    assert answer.outcome is not None
    assert answer.outcome.fault == "cancelled"


async def test_vendor_sees_no_session_and_no_persona(scene: Scene) -> None:
    request = Request(
        task=TaskType.AGENT_RESPONSE,
        messages=(Message(role="user", content="a"),),
        session="s-secret",
        persona="morel",
    )
    answer = scene.optimizer.stream(request, understudy=lambda: LINE)
    assert [piece async for piece in answer]
    seen = repr(scene.stub.calls[0])
    assert "s-secret" not in seen
    assert "morel" not in seen
