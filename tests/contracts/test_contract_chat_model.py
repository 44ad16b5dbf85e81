"""What every ChatModel does: the fake, the OpenAI wire against a vendor on loopback, and the
local model in its process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.vendor import Delays, vendor
from services.adapters.llama.plan import state_of
from services.adapters.openai_chat import OpenAIChat
from services.core.errors import BackendError
from services.llm.ports import ChatModel, Delta
from services.llm.request import Message, Request, TaskType
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.specs import stub_spec
from tests.llama import tiny_chat, tiny_plan

REQUEST = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(Message(role="user", content="Bonsoir, que dit la réforme ?"),),
    spoken=True,
    deadline_s=30.0,
)
FAKE_FAULTS = {
    "F1": BackendError("busy", status=429, retry_after_s=7.0, code="status_429"),
    "F2": BackendError("down", status=500, code="status_500"),
    "F3": BackendError("down", status=503, code="status_503"),
    "F5": BackendError("reset", code="reset"),
    "F13": BackendError("long", retryable=False, status=400, code="context"),
}


@dataclass(frozen=True)
class Rig:
    """A model, how to make it fail in the manner of a row of failures.md, how many calls it saw.

    `too_long` is a request that its context does not hold.
    """

    model: ChatModel
    fail: Callable[[str], None]
    calls: Callable[[], Awaitable[int]]
    too_long: Request = REQUEST


@pytest.fixture(params=["fake", "openai", "llama"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    if request.param == "llama":
        plan = tiny_plan(tmp_path)

        async def answers() -> int:
            state = await state_of(plan)
            assert state is not None
            return int(state["answered"] + state["aborted"])

        endless = replace(REQUEST, messages=(Message("user", "La réforme du fret. " * 1000),))
        async with tiny_chat(plan) as model:
            yield Rig(model, lambda row: None, answers, endless)
    else:
        async for opened in _wire_rig(request.param):
            yield opened


@pytest.fixture(params=["fake", "openai"])
async def faulty(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Those that somebody else answers, with a status."""
    async for opened in _wire_rig(request.param):
        yield opened


async def _wire_rig(kind: str) -> AsyncIterator[Rig]:
    if kind == "fake":
        fake = FakeChatModel()

        async def asked() -> int:
            return len(fake.requests)

        yield Rig(fake, lambda row: _fail_fake(fake, row), asked)
        return
    async with vendor(delays=Delays(first_token_s=0.01, word_s=0.001)) as stub:
        model = OpenAIChat(stub_spec(), base_url=stub.url)

        async def taken() -> int:
            return stub.counts["chat"]

        try:
            yield Rig(model, lambda row: stub.fail("chat", row), taken)
        finally:
            await model.aclose()


def _fail_fake(fake: FakeChatModel, row: str) -> None:
    if row == "F10_CUT":
        fake.play(Script(pieces=("Le fret ", "recule"), finish=None))
    else:
        fake.play(Script(pieces=(), fault=FAKE_FAULTS[row]))


async def _all(model: ChatModel, request: Request = REQUEST) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


def _said(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def test_answer_comes_in_pieces_and_ends_with_finish_and_usage(rig: Rig) -> None:
    deltas = await _all(rig.model)
    assert len([delta for delta in deltas if delta.text]) > 1
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"]
    told = [delta.usage for delta in deltas if delta.usage]
    assert len(told) == 1
    assert told[0].prompt_tokens > 0
    assert told[0].completion_tokens > 0
    assert not told[0].estimated
    assert deltas[-1].usage is not None


async def test_answer_that_is_not_spoken_is_the_same_answer(rig: Rig) -> None:
    spoken, whole = [await _all(rig.model, replace(REQUEST, spoken=s)) for s in (True, False)]
    assert _said(whole) == _said(spoken)
    assert [delta.finish for delta in whole if delta.finish] == ["stop"]
    usages = [delta.usage for deltas in (spoken, whole) for delta in deltas if delta.usage]
    assert len({(usage.prompt_tokens, usage.completion_tokens) for usage in usages}) == 1


async def test_two_at_once_are_both_answered(rig: Rig) -> None:
    first, second = await asyncio.gather(_all(rig.model), _all(rig.model))
    assert _said(first) == _said(second) != ""


async def test_f13_prompt_that_is_too_long_is_refused_for_good_and_not_quoted(rig: Rig) -> None:
    rig.fail("F13")
    with pytest.raises(BackendError) as caught:
        await _all(rig.model, rig.too_long)
    assert (caught.value.code, caught.value.retryable) == ("context", False)
    assert "réforme" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_closing_early_ends_the_stream_and_the_model_lives_on(rig: Rig) -> None:
    async with aclosing(rig.model.stream(REQUEST)) as deltas:
        first = await anext(deltas)
    assert first.finish is None
    assert (await _all(rig.model))[-1].usage is not None
    assert await rig.calls() == 2


async def test_cancelling_is_neither_an_error_nor_an_end(rig: Rig) -> None:
    leaving = asyncio.create_task(_all(rig.model))
    await asyncio.sleep(0)
    leaving.cancel()
    assert isinstance((await asyncio.gather(leaving, return_exceptions=True))[0], BaseException)
    assert leaving.cancelled()
    assert _said(await _all(rig.model))


async def test_it_has_the_name_the_vendor_knows(rig: Rig) -> None:
    assert rig.model.name in {"fake-model", "stub-1", "tiny"}


@pytest.mark.parametrize("spoken", [True, False])
@pytest.mark.parametrize("row", ["F1", "F2", "F3", "F5", "F13"])
async def test_f1_to_f5_and_f13_refusal_is_one_backend_error_and_one_call(
    faulty: Rig, row: str, spoken: bool
) -> None:
    faulty.fail(row)
    with pytest.raises(BackendError) as caught:
        await _all(faulty.model, replace(REQUEST, spoken=spoken))
    wanted = FAKE_FAULTS[row]
    assert (
        caught.value.code,
        caught.value.status,
        caught.value.retryable,
        caught.value.retry_after_s,
    ) == (wanted.code, wanted.status, wanted.retryable, wanted.retry_after_s)
    assert await faulty.calls() == 1


async def test_f10_answer_without_its_end_is_cut(faulty: Rig) -> None:
    faulty.fail("F10_CUT")
    pieces: list[str] = []

    async def listen() -> None:
        async for delta in faulty.model.stream(REQUEST):
            pieces.append(delta.text)

    with pytest.raises(BackendError) as caught:
        await listen()
    assert caught.value.code == "cut"
    assert "".join(pieces)
