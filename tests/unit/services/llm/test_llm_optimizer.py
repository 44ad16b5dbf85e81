"""Words by a deadline, and a line whatever happens. Seconds here are virtual."""

import asyncio
from typing import Any

import pytest

from services.core.errors import BackendError
from services.llm.outcome import Outcome, Source, Usage
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Tier
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import Told, optimizer_on

LINE = "Pouvez-vous préciser ?"
MESSAGES = (Message(role="user", content="Bonsoir à tous, le débat commence."),)


class Books(Told):
    """What the optimizer told whoever counts, and how often the understudy was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def line(self) -> str:
        self.asked += 1
        return LINE


@pytest.fixture
def books() -> Books:
    return Books()


def ask(**more: Any) -> Request:
    return Request(**{"task": TaskType.AGENT_RESPONSE, "messages": MESSAGES, **more})


async def played(
    model: FakeChatModel | None, books: Books, **more: Any
) -> tuple[list[str], Outcome]:
    optimizer = optimizer_on(model, LoopClock(), told=books)
    answer = optimizer.stream(ask(**more), understudy=books.line)
    pieces = [piece async for piece in answer]
    assert answer.outcome is not None
    assert books.outcomes == [answer.outcome]
    return pieces, answer.outcome


async def test_model_answers_live_with_its_usage(books: Books) -> None:
    pieces, outcome = await played(FakeChatModel(Script(first_s=0.2, each_s=0.1)), books)
    assert "".join(pieces) == "Bonsoir à tous."
    assert outcome == Outcome(
        text="Bonsoir à tous.",
        source=Source.LIVE,
        call=outcome.call,
        model="fake-model",
        provider="fake",
        tier=Tier.CHEAP,
        rule="spoken_answer",
        usage=Usage(prompt_tokens=20, completion_tokens=5),
        cost_nano=4_500,
        latency=outcome.latency,
        complete=True,
    )
    assert (outcome.latency.first_token_s, outcome.latency.total_s) == pytest.approx((0.2, 0.4))
    assert books.asked == 0


async def test_without_a_model_the_understudy_speaks(books: Books) -> None:
    pieces, outcome = await played(None, books)
    assert pieces == [LINE]
    assert (outcome.source, outcome.model, outcome.fault) == (Source.UNDERSTUDY, None, None)
    assert outcome.usage == Usage()


async def test_has_model_says_whether_one_is_configured() -> None:
    assert optimizer_on(FakeChatModel(), LoopClock()).has_model
    assert not optimizer_on(None, LoopClock()).has_model


async def test_f6_silent_model_leaves_the_line_to_the_understudy_at_the_deadline(
    books: Books,
) -> None:
    model = FakeChatModel(Script(pieces=(), silent=True))
    pieces, outcome = await played(model, books, deadline_s=1.5)
    assert pieces == [LINE]
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, "deadline")
    assert outcome.latency.total_s == pytest.approx(1.5)
    assert outcome.usage.estimated
    assert outcome.usage.prompt_tokens > 0
    assert model.closed == 1


async def test_f8_blank_pieces_do_not_extend_the_deadline(books: Books) -> None:
    drip = Script(pieces=("\n",) * 50, each_s=0.2)
    pieces, outcome = await played(FakeChatModel(drip), books, deadline_s=1.0)
    assert pieces == [LINE]
    assert outcome.latency.total_s == pytest.approx(1.0)


async def test_f8_slow_drip_is_closed_once_the_listener_has_waited(books: Books) -> None:
    drip = Script(pieces=tuple(f"mot{n} " for n in range(60)), each_s=1.4)
    pieces, outcome = await played(FakeChatModel(drip), books)
    assert outcome.fault == "stall"
    assert outcome.latency.total_s < 5
    assert "".join(pieces).endswith("…")


@pytest.mark.parametrize(
    ("fault", "code", "estimated"),
    [
        (BackendError("busy", status=429, retry_after_s=7, code="status_429"), "status_429", False),
        (BackendError("down", status=503, code="status_503"), "status_503", False),
        (BackendError("refused", code="connection"), "connection", False),
        (BackendError("junk", code="malformed"), "malformed", True),
    ],
)
async def test_f1_to_f5_fault_before_the_first_word_goes_to_the_understudy_at_once(
    books: Books, fault: BackendError, code: str, estimated: bool
) -> None:
    pieces, outcome = await played(FakeChatModel(Script(pieces=(), fault=fault)), books)
    assert pieces == [LINE]
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, code)
    assert outcome.latency.total_s == 0
    assert outcome.usage.estimated is estimated


async def test_f7_stall_after_a_sentence_ends_the_answer_there(books: Books) -> None:
    stalled = Script(pieces=("Le fret recule. ", "Et il"), silent=True)
    pieces, outcome = await played(FakeChatModel(stalled), books)
    assert "".join(pieces) == outcome.text == "Le fret recule."
    assert (outcome.source, outcome.fault) == (Source.LIVE, "stall")
    assert books.asked == 0


async def test_f16_cut_in_the_first_sentence_trails_off_and_starts_nothing_twice(
    books: Books,
) -> None:
    model = FakeChatModel(Script(pieces=("Le fret ", "recule depuis "), finish=None))
    pieces, outcome = await played(model, books)
    assert "".join(pieces) == "Le fret recule depuis…"
    assert outcome.fault == "cut"
    assert len(model.requests) == 1
    assert books.asked == 0


async def test_f11_blank_answer_is_a_failure(books: Books) -> None:
    pieces, outcome = await played(FakeChatModel(Script(pieces=(" ", "\n"))), books)
    assert pieces == [LINE]
    assert (outcome.source, outcome.fault) == (Source.UNDERSTUDY, "empty")
    assert outcome.usage == Usage(prompt_tokens=20, completion_tokens=5)


async def test_f12_filtered_answer_is_not_spoken(books: Books) -> None:
    filtered = Script(pieces=("Je",), finish="content_filter")
    pieces, outcome = await played(FakeChatModel(filtered), books)
    assert pieces == [LINE]
    assert outcome.fault == "filter"


async def test_f15_missing_usage_is_estimated_never_zero(books: Books) -> None:
    _, outcome = await played(FakeChatModel(Script(usage=None)), books)
    assert outcome.usage.estimated
    assert outcome.usage.prompt_tokens > 0
    assert outcome.usage.completion_tokens > 0
    assert outcome.fault is None


async def test_answer_at_its_token_limit_ends_at_a_sentence(books: Books) -> None:
    long = Script(pieces=("Le fret recule. ", "Il fau"), finish="length")
    pieces, outcome = await played(FakeChatModel(long), books)
    assert "".join(pieces) == "Le fret recule."
    assert outcome.fault == "length"


async def test_closing_early_closes_the_vendor_stream_and_keeps_the_outcome(books: Books) -> None:
    model = FakeChatModel(Script(pieces=("Le fret ", "recule "), each_s=1.0, silent=True))
    optimizer = optimizer_on(model, LoopClock(), told=books)
    answer = optimizer.stream(ask(), understudy=books.line)
    assert await anext(answer) == "Le fret"
    await answer.aclose()
    await answer.aclose()
    assert model.closed == 1
    assert answer.outcome is not None
    assert (answer.outcome.text, answer.outcome.fault) == ("Le fret", "cancelled")
    assert answer.outcome.usage.estimated
    assert books.outcomes == [answer.outcome]


async def test_closing_before_it_began_asks_nobody(books: Books) -> None:
    model = FakeChatModel()
    optimizer = optimizer_on(model, LoopClock(), told=books)
    answer = optimizer.stream(ask(), understudy=books.line)
    await answer.aclose()
    assert model.requests == []
    assert answer.outcome is not None
    assert answer.outcome.fault == "cancelled"
    assert answer.outcome.usage == Usage()


async def test_cancelled_listener_stays_cancelled_while_closing(books: Books) -> None:
    model = FakeChatModel(Script(pieces=("Le ",), silent=True))
    optimizer = optimizer_on(model, LoopClock(), told=books)

    async def listen() -> None:
        answer = optimizer.stream(ask(), understudy=books.line)
        try:
            async for _ in answer:
                pass
        finally:
            await answer.aclose()

    listener = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    listener.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listener
    assert model.closed == 1
    assert [outcome.fault for outcome in books.outcomes] == ["cancelled"]


async def test_answers_work_ahead_of_their_listener(books: Books) -> None:
    optimizer = optimizer_on(FakeChatModel(Script(first_s=1.0)), LoopClock())
    both = [optimizer.stream(ask(), understudy=books.line) for _ in range(2)]
    texts = ["".join([piece async for piece in answer]) for answer in both]
    assert texts == ["Bonsoir à tous."] * 2
    assert asyncio.get_running_loop().time() == pytest.approx(1.0)


async def test_whole_answer_comes_as_one_outcome(books: Books) -> None:
    slow = FakeChatModel(Script(each_s=3.0))
    optimizer = optimizer_on(slow, LoopClock(), told=books)
    outcome = await optimizer.get_optimized_response(
        MESSAGES, TaskType.ANALYSIS, max_tokens=500, session="s-1"
    )
    assert (outcome.text, outcome.fault) == ("Bonsoir à tous.", None)
    assert books.outcomes == [outcome]
    assert slow.requests[0].task is TaskType.ANALYSIS


async def test_cancelled_whole_answer_is_booked(books: Books) -> None:
    optimizer = optimizer_on(FakeChatModel(Script(silent=True)), LoopClock(), told=books)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await optimizer.get_optimized_response(MESSAGES)
    assert [outcome.fault for outcome in books.outcomes] == ["cancelled"]
