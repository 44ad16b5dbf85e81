"""The OpenAI wire as it comes: odd but legal streams, errors inside them, whole answers, warmth."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bench.vendor import Delays, Vendor, vendor
from services.adapters.openai_chat import OpenAIChat
from services.core.errors import BackendError, ConfigError
from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Takes
from tests.fakes.specs import stub_spec

SPOKEN = Request(
    task=TaskType.AGENT_RESPONSE, messages=(Message("user", "Bonsoir, Claire ?"),), spoken=True
)
WHOLE = replace(SPOKEN, spoken=False)
TOLD = {"prompt_tokens": 12, "completion_tokens": 3}


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> str:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice], **more}, ensure_ascii=False)}\n\n"


@asynccontextmanager
async def answering(
    *blocks: bytes, content_type: str = "text/event-stream"
) -> AsyncIterator[OpenAIChat]:
    """A model behind a server that sends these blocks, each by itself."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for block in blocks:
            await response.write(block)
            await asyncio.sleep(0.005)
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", reply)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    model = OpenAIChat(stub_spec(), base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    try:
        yield model
    finally:
        await model.aclose()
        await runner.cleanup()


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    async with vendor(at_once=True) as running:
        yield running


@pytest.fixture
async def model(stub: Vendor) -> AsyncIterator[OpenAIChat]:
    opened = OpenAIChat(stub_spec(), base_url=stub.url, api_key=SecretStr("sk-canary"))
    yield opened
    await opened.aclose()


async def deltas_of(model: OpenAIChat, request: Request = SPOKEN) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


@contextmanager
def fails(code: str, *, retryable: bool = True) -> Iterator[None]:
    with pytest.raises(BackendError) as caught:
        yield
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


@pytest.mark.parametrize(
    "body",
    [
        chunk("Été ") + chunk("là.") + chunk(None, "stop", usage=TOLD) + "data: [DONE]\n\n",
        chunk("Été ") + chunk("là.", "stop") + chunk(None, usage=TOLD) + "data: [DONE]\n\n",
        f": hello\n\nevent: message\nid: 7\n{chunk('Été là.', 'stop', usage=TOLD)}",
        (chunk("Été ") + chunk("là.") + chunk(None, "stop", usage=TOLD)).replace("\n", "\r\n"),
        chunk("Été là.", "stop", usage=TOLD).replace(": [{", ":\ndata: [{"),
        chunk("Été ") + chunk("") + chunk("là.") + chunk(None, "stop", usage=TOLD),
    ],
)
@pytest.mark.parametrize("step", [7, 100_000])
async def test_odd_but_legal_streams_are_the_same_answer(body: str, step: int) -> None:
    sent = body.encode()
    blocks = [sent[at : at + step] for at in range(0, len(sent), step)]
    async with answering(*blocks) as model:
        deltas = await deltas_of(model)
    assert text_of(deltas) == "Été là."
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"]
    usages = [delta.usage for delta in deltas if delta.usage]
    assert usages == [Usage(prompt_tokens=12, completion_tokens=3)]


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ({"message": "secret", "code": "content_filter"}, "filter", False),
        ({"message": "secret", "code": "context_length_exceeded"}, "context", False),
        ({"message": "secret", "code": "server_error"}, "cut", True),
        ("secret", "cut", True),
    ],
)
async def test_an_error_inside_a_stream_is_named(error: Any, code: str, retryable: bool) -> None:
    body = chunk("Été ") + f"data: {json.dumps({'error': error})}\n\n"
    async with answering(body.encode()) as model:
        with pytest.raises(BackendError) as caught:
            await deltas_of(model)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "data: [DONE]\n\n", chunk("Été "), '{"choices": []}'])
async def test_f16_a_stream_without_its_end_is_cut(body: str) -> None:
    async with answering(body.encode()) as model:
        with fails("cut"):
            await deltas_of(model)


@pytest.mark.parametrize(
    "body",
    ["data: {oops\n\n", "data: 7\n\n", 'data: {"choices": [7]}\n\n', "data: [1]\n\n",
     b"data: \xff\xfe\n\n"],
)  # fmt: skip
async def test_f9_anything_else_is_malformed(body: str | bytes) -> None:
    sent = body if isinstance(body, bytes) else body.encode()
    async with answering(chunk("Été ").encode(), sent) as model:
        with fails("malformed"):
            await deltas_of(model)


@pytest.mark.parametrize(
    "body", ["<html>", "7", "[]", '{"choices": []}', "{}", '{"choices": [{}]}']
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
async def test_f9_a_whole_answer_of_another_shape_is_malformed(
    body: str, content_type: str
) -> None:
    async with answering(body.encode(), content_type=content_type) as model:
        with fails("malformed"):
            await deltas_of(model, WHOLE)


async def test_a_call_that_is_not_spoken_comes_in_one_piece_with_everything(
    model: OpenAIChat, stub: Vendor
) -> None:
    (whole,) = await deltas_of(model, WHOLE)
    spoken = await deltas_of(model, SPOKEN)
    assert whole.text == text_of(spoken)
    assert (whole.finish, whole.usage) == ("stop", spoken[-1].usage)
    assert [call.body.get("stream", False) for call in stub.calls] == [False, True]


@pytest.mark.parametrize(
    ("row", "code"),
    [("F5", "reset"), ("F9", "malformed"), ("F10_CUT", "reset"), ("F16", "reset")],
)
async def test_f5_to_f16_a_whole_answer_that_breaks_is_one_fault_and_one_call(
    model: OpenAIChat, stub: Vendor, row: str, code: str
) -> None:
    stub.fail("chat", row)
    with fails(code):
        await deltas_of(model, WHOLE)
    assert stub.counts["chat"] == 1


async def test_f11_f12_f15_are_answers_whose_faults_show(model: OpenAIChat, stub: Vendor) -> None:
    for row in ("F11", "F12", "F15"):
        stub.fail("chat", row, times=1)
    blank, filtered, untold = [(await deltas_of(model, WHOLE))[0] for _ in range(3)]
    assert not blank.text.strip()
    assert filtered.finish == "content_filter"
    assert untold.text
    assert untold.usage is None


async def test_f4_a_vendor_that_is_not_there_is_no_connection() -> None:
    model = OpenAIChat(stub_spec(), base_url="http://127.0.0.1:1/v1")
    try:
        for request in (SPOKEN, WHOLE):
            with fails("connection"):
                await deltas_of(model, request)
    finally:
        await model.aclose()


async def test_f14_json_is_asked_for_as_the_model_takes_it(stub: Vendor) -> None:
    schema = json.dumps({"type": "object", "properties": {"ok": {"type": "boolean"}},
                         "required": ["ok"], "additionalProperties": False})  # fmt: skip
    for takes, said in ((Takes(json="schema"), '{"ok":true}'), (Takes(json="object"), "{}")):
        spec = stub_spec(takes=takes)
        model = OpenAIChat(spec, base_url=stub.url)
        try:
            for request in (SPOKEN, WHOLE):
                assert text_of(await deltas_of(model, replace(request, schema=schema))) == said
        finally:
            await model.aclose()


async def test_prompt_cache_is_told_as_part_of_the_prompt(model: OpenAIChat) -> None:
    request = replace(SPOKEN, messages=(Message("system", "Vous êtes Claire. " * 400),))
    first, second = [(await deltas_of(model, request))[-1].usage or Usage() for _ in range(2)]
    assert (first.cached_tokens, first.cache_write_tokens) == (0, second.cached_tokens)
    assert 1024 <= second.cached_tokens <= second.prompt_tokens
    assert second.cache_write_tokens == 0


async def test_warming_costs_no_call_and_never_fails(model: OpenAIChat, stub: Vendor) -> None:
    await model.warm()
    assert stub.counts == {"models": 1}
    nobody = OpenAIChat(stub_spec(), base_url="http://127.0.0.1:1/v1")
    try:
        await nobody.warm()
    finally:
        await nobody.aclose()


async def test_models_beside_each_other_close_by_themselves(
    model: OpenAIChat, stub: Vendor
) -> None:
    other = OpenAIChat(stub_spec("stub-2"), base_url=stub.url, beside=model)
    assert other.name == "stub-2"
    for _ in range(2):
        await other.aclose()
    assert text_of(await deltas_of(model))
    again = OpenAIChat(stub_spec("stub-3"), base_url=stub.url, beside=model)
    await model.aclose()
    assert text_of(await deltas_of(again))
    await again.aclose()
    assert [call.model for call in stub.calls] == ["stub-1", "stub-3"]


async def test_closing_a_stream_early_is_seen_by_the_vendor(
    model: OpenAIChat, stub: Vendor
) -> None:
    stub.delays = Delays(first_token_s=0.0, word_s=0.05)
    stream = model.stream(SPOKEN)
    assert (await anext(stream)).text
    await stream.aclose()
    await stub.settled()
    assert stub.bill("aborted").calls == 1


def test_o2_a_provider_without_an_address_is_named() -> None:
    with pytest.raises(ConfigError, match="groq"):
        OpenAIChat(stub_spec(provider="groq"))
