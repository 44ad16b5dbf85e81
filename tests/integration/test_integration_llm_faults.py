"""The fault table F over a real wire: vendors on loopback fail, the scene goes on.

The vendors' own books are the oracle for calls; deadlines here are short, and none is measured.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from bench.fault_rules import Seen, judge
from bench.vendor import Delays, Vendor, vendor
from services.adapters.openai_chat import OpenAIChat
from services.core.clock import SystemClock
from services.llm.entry import Role
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.ports import Route
from services.llm.request import Message, Request, TaskType
from tests.fakes.accounts import FakeAccounts
from tests.fakes.optimizer import optimizer_on
from tests.fakes.specs import stub_spec

LINE = "Pouvez-vous préciser ?"
CANARY = "Le mot de passe est hirondelle."
DEAD_URL = "http://127.0.0.1:1/v1"
BEFORE_WORDS = {
    "F1": "status_429",
    "F2": "status_500",
    "F3": "status_503",
    "F5": "reset",
    "F6": "deadline",
    "F8": "deadline",
    "F11": "empty",
    "F13": "context",
}
AFTER_WORDS = {"F7": "stall", "F9": "malformed", "F10_CUT": "cut", "F16": "cut"}


@dataclass
class Scene:
    """Vendors in order of preference, the optimizer that calls them, and its books."""

    stubs: list[Vendor]
    optimizer: LLMOptimizer
    accounts: FakeAccounts
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def first(self) -> Vendor:
        return self.stubs[0]

    async def play(self, *, deadline_s: float = 0.5) -> tuple[str, Outcome]:
        """One turn: what was said, and its outcome."""
        request = Request(
            task=TaskType.AGENT_RESPONSE,
            messages=(Message(role="user", content=CANARY),),
            deadline_s=deadline_s,
            language="fr",
            use_cache=False,
        )
        answer = self.optimizer.stream(request, understudy=lambda: LINE)
        said = "".join([piece async for piece in answer])
        assert answer.outcome is not None
        await answer.aclose()
        return said, answer.outcome

    def calls(self) -> list[int]:
        """How many chat calls each vendor saw."""
        return [stub.counts["chat"] for stub in self.stubs]


Open = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens scenes with so many vendors; `dead` puts an address before them where nobody is."""
    async with AsyncExitStack() as stack:

        async def open_scene(vendors: int = 1, *, dead: bool = False) -> Scene:
            delays = Delays(first_token_s=0.01, word_s=0.002)
            stubs = [await stack.enter_async_context(vendor(delays=delays)) for _ in range(vendors)]
            urls = [DEAD_URL] * dead + [stub.url for stub in stubs]
            routes = []
            for number, url in enumerate(urls):
                spec = stub_spec(provider=f"vendor{number}")
                chat = OpenAIChat(spec, base_url=url)
                stack.push_async_callback(chat.aclose)
                routes.append(Route(spec=spec, chat=chat))
            accounts = FakeAccounts(SystemClock())
            optimizer = optimizer_on(routes, SystemClock(), accounts=accounts, stall_s=0.2)
            stack.push_async_callback(optimizer.aclose)
            return Scene(stubs, optimizer, accounts)

        yield open_scene


@pytest.fixture
async def scene(opened: Open) -> Scene:
    return await opened()


async def test_healthy_vendor_answers_live(opened: Open) -> None:
    scene = await opened(2)
    said, outcome = await scene.play()
    assert said == outcome.text != LINE
    assert (outcome.source, outcome.fault, outcome.model) == (Source.LIVE, None, "stub-1")
    assert outcome.complete
    assert not outcome.usage.estimated
    assert outcome.usage.completion_tokens == scene.first.calls[0].completion_tokens
    assert scene.calls() == [1, 0]


@pytest.mark.parametrize(("row", "fault"), BEFORE_WORDS.items())
async def test_f1_to_f13_fault_before_the_first_word_goes_to_the_next_vendor(
    opened: Open, row: str, fault: str
) -> None:
    scene = await opened(2)
    scene.first.fail("chat", row)
    said, outcome = await scene.play(deadline_s=1.5 if row == "F6" else 0.5)
    assert said != LINE
    assert said.endswith(".")
    assert (outcome.source, outcome.provider) == (Source.FALLBACK, "vendor1")
    assert outcome.complete is (row != "F13"), "what is shortened is no answer to the question"
    assert outcome.fault == {"F6": "silent", "F8": "slow"}.get(row, fault)
    assert scene.calls() == [1, 1]
    assert [entry.role is Role.SERVED for entry in scene.accounts.entries] == [False, True]


@pytest.mark.parametrize(("row", "fault"), BEFORE_WORDS.items())
async def test_f1_to_f13_with_all_vendors_faulty_it_is_the_understudys_turn(
    opened: Open, row: str, fault: str
) -> None:
    scene = await opened(3)
    for stub in scene.stubs:
        stub.fail("chat", row)
    said, outcome = await scene.play()
    assert said == LINE
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, fault)
    assert max(scene.calls()) == 1
    assert scene.accounts.open == []


async def test_f4_refused_connection_goes_to_the_next_vendor(opened: Open) -> None:
    scene = await opened(1, dead=True)
    for _ in range(5):
        said, outcome = await scene.play()
        assert said != LINE
        assert outcome.source is Source.FALLBACK
    assert outcome.faults == ("vendor0/stub-1:open",), "skipped once the circuit is open"
    assert scene.accounts.entries[0].usage.prompt_tokens == 0


@pytest.mark.parametrize(("row", "fault"), AFTER_WORDS.items())
async def test_f7_to_f16_fault_after_the_first_word_is_ended_by_the_next_vendor(
    opened: Open, row: str, fault: str
) -> None:
    scene = await opened(2)
    scene.first.fail("chat", row)
    said, outcome = await scene.play()
    assert (outcome.source, outcome.fault) == (Source.FALLBACK, fault)
    assert (outcome.model, outcome.provider) == ("stub-1", "vendor0"), "who began it"
    assert outcome.faults == (f"vendor0/stub-1:{fault}", "vendor1/stub-1:continued")
    assert judge(row, Seen(text=said, first_s=0.0)) == "pass", said
    assert not outcome.complete
    assert scene.calls() == [1, 1]
    assert scene.stubs[1].calls[0].texts[1] in said, "it was told what had been said"
    assert [entry.role for entry in scene.accounts.entries] == [Role.CUT, Role.SERVED]


@pytest.mark.parametrize(("row", "fault"), AFTER_WORDS.items())
async def test_f7_to_f16_without_another_vendor_closes_the_sentence(
    scene: Scene, row: str, fault: str
) -> None:
    scene.first.fail("chat", row)
    said, outcome = await scene.play()
    assert (outcome.source, outcome.fault) == (Source.LIVE, fault)
    assert said == outcome.text
    assert said.endswith(("…", ".")), "a broken answer ends like a sentence"
    assert LINE not in said
    assert outcome.usage.estimated
    assert outcome.usage.completion_tokens > 0
    assert scene.calls() == [1]


async def test_f9_nothing_raw_is_spoken(opened: Open) -> None:
    scene = await opened(2)
    scene.first.fail("chat", "F9")
    said, _ = await scene.play()
    assert "oops" not in said
    assert "{" not in said


async def test_f10_missing_done_after_the_finish_is_a_whole_answer(scene: Scene) -> None:
    scene.first.fail("chat", "F10")
    said, outcome = await scene.play()
    assert (outcome.fault, outcome.complete) == (None, True)
    assert said.endswith(".")


async def test_f12_filtered_answer_goes_to_no_other_vendor(opened: Open) -> None:
    scene = await opened(2)
    scene.first.fail("chat", "F12")
    _, outcome = await scene.play()
    assert (outcome.fault, outcome.complete) == ("filter", False)
    assert scene.calls() == [1, 0]


async def test_f15_missing_usage_is_estimated(scene: Scene) -> None:
    scene.first.fail("chat", "F15")
    _, outcome = await scene.play()
    assert outcome.fault is None
    assert outcome.usage.estimated
    assert outcome.usage.prompt_tokens > 0


async def test_f1_vendor_that_asked_for_rest_is_left_alone(opened: Open) -> None:
    scene = await opened(2)
    scene.first.fail("chat", "F1", times=1)
    for _ in range(3):
        assert (await scene.play())[1].source is Source.FALLBACK
    assert scene.calls() == [1, 3]


async def test_vendor_that_recovers_is_used_again(scene: Scene) -> None:
    scene.first.fail("chat", "F3", times=1)
    first, second = [(await scene.play())[1] for _ in range(2)]
    assert (first.source, second.source) == (Source.UNDERSTUDY, Source.LIVE)


async def test_f6_lost_vendor_is_hung_up_on(opened: Open) -> None:
    scene = await opened(2)
    scene.first.fail("chat", "F6")
    await scene.play()
    await scene.first.settled()
    assert scene.first.calls[0].end == "aborted"


async def test_vendors_bill_what_was_booked_for_whole_answers(opened: Open) -> None:
    scene = await opened(2)
    scene.first.fail("chat", "F3", times=2)
    for _ in range(4):
        await scene.play()
    served = [entry.usage for entry in scene.accounts.entries if entry.role is Role.SERVED]
    billed = [stub.bill("complete") for stub in scene.stubs]
    assert sum(usage.prompt_tokens for usage in served) == sum(b.prompt_tokens for b in billed)
    assert sum(u.completion_tokens for u in served) == sum(b.completion_tokens for b in billed)


async def test_closing_an_answer_hangs_up_on_the_vendor(scene: Scene) -> None:
    scene.first.delays.word_s = 0.05
    request = Request(task=TaskType.AGENT_RESPONSE, messages=(Message(role="user", content="a"),))
    answer = scene.optimizer.stream(request, understudy=lambda: LINE)
    await anext(answer)
    await answer.aclose()
    assert not scene.first.calls[0].finished
    assert answer.outcome is not None
    assert answer.outcome.fault == "cancelled"
    assert [entry.role for entry in scene.accounts.entries] == [Role.CANCELLED]


async def test_vendor_sees_no_session_and_no_persona(scene: Scene) -> None:
    request = Request(
        task=TaskType.AGENT_RESPONSE,
        messages=(Message(role="user", content="a"),),
        session="s-secret",
        persona="morel",
    )
    answer = scene.optimizer.stream(request, understudy=lambda: LINE)
    assert [piece async for piece in answer]
    await answer.aclose()
    seen = repr(scene.first.calls[0])
    assert "s-secret" not in seen
    assert "morel" not in seen
