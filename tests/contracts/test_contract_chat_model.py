"""What every ChatModel does: the fake, and the OpenAI wire against a vendor on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from bench.vendor import Delays, vendor
from services.adapters.openai_chat import OpenAIChat
from services.core.errors import BackendError
from services.llm.ports import ChatModel, Delta
from services.llm.request import Message, Request, TaskType
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.specs import stub_spec

REQUEST = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(Message(role="user", content="Bonsoir, que dit la réforme ?"),),
    spoken=True,
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
    """A model, how to make it fail in the manner of a row of failures.md, how many calls it saw."""

    model: ChatModel
    fail: Callable[[str], None]
    calls: Callable[[], int]


@pytest.fixture(params=["fake", "openai"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if request.param == "fake":
        fake = FakeChatModel()
        yield Rig(fake, lambda row: _fail_fake(fake, row), lambda: len(fake.requests))
        return
    async with vendor(delays=Delays(first_token_s=0.01, word_s=0.001)) as stub:
        model = OpenAIChat(stub_spec(), base_url=stub.url)
        try:
            yield Rig(model, lambda row: stub.fail("chat", row), lambda: stub.counts["chat"])
        finally:
            await model.aclose()


def _fail_fake(fake: FakeChatModel, row: str) -> None:
    if row == "F10_CUT":
        fake.play(Script(pieces=("Le fret ", "recule"), finish=None))
    else:
        fake.play(Script(pieces=(), fault=FAKE_FAULTS[row]))


async def _all(model: ChatModel) -> list[Delta]:
    return [delta async for delta in model.stream(REQUEST)]


async def test_answer_comes_in_pieces_and_ends_with_finish_and_usage(rig: Rig) -> None:
    deltas = await _all(rig.model)
    assert len([delta for delta in deltas if delta.text]) > 1
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"]
    told = [delta.usage for delta in deltas if delta.usage]
    assert len(told) == 1
    assert told[0].prompt_tokens > 0
    assert told[0].completion_tokens > 0
    assert not told[0].estimated


@pytest.mark.parametrize("row", ["F1", "F2", "F3", "F5", "F13"])
async def test_f1_to_f5_and_f13_refusal_is_one_backend_error_and_one_call(
    rig: Rig, row: str
) -> None:
    rig.fail(row)
    with pytest.raises(BackendError) as caught:
        await _all(rig.model)
    wanted = FAKE_FAULTS[row]
    assert (
        caught.value.code,
        caught.value.status,
        caught.value.retryable,
        caught.value.retry_after_s,
    ) == (wanted.code, wanted.status, wanted.retryable, wanted.retry_after_s)
    assert rig.calls() == 1


async def test_f10_answer_without_its_end_is_cut(rig: Rig) -> None:
    rig.fail("F10_CUT")
    pieces: list[str] = []

    async def listen() -> None:
        async for delta in rig.model.stream(REQUEST):
            pieces.append(delta.text)

    with pytest.raises(BackendError) as caught:
        await listen()
    assert caught.value.code == "cut"
    assert "".join(pieces)


async def test_error_text_quotes_nothing_that_was_said(rig: Rig) -> None:
    rig.fail("F13")
    with pytest.raises(BackendError) as caught:
        await _all(rig.model)
    assert "réforme" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_closing_early_ends_the_stream_and_the_model_lives_on(rig: Rig) -> None:
    async with aclosing(rig.model.stream(REQUEST)) as deltas:
        first = await anext(deltas)
    assert first.finish is None
    assert (await _all(rig.model))[-1].usage is not None
    assert rig.calls() == 2


async def test_it_has_the_name_the_vendor_knows(rig: Rig) -> None:
    assert rig.model.name in {"fake-model", "stub-1"}
