"""The stand-in vendor's bill: what is complete, aborted, cached; JSON, and answers at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import aiohttp
import pytest

from bench.vendor import Bill, Delays, Vendor, vendor
from bench.vendor_json import json_answer

ASK = {"model": "stub-1", "messages": [{"role": "user", "content": "Bonsoir, que dites-vous ?"}]}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
LONG = "Vous êtes Claire Morel, animatrice. " * 200
SCHEMA = {
    "type": "object",
    "properties": {
        "speaker": {"enum": ["morel", "roche"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 2},
        "note": {"type": "string"},
    },
    "required": ["speaker", "lines"],
    "$defs": {"line": {"type": "object", "properties": {"say": {"type": "string"}},
                       "required": ["say"]}},
}  # fmt: skip


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    async with vendor(at_once=True) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def events(http: aiohttp.ClientSession, stub: Vendor, **more: Any) -> list[dict[str, Any]]:
    async with http.post(f"{stub.url}/chat/completions", json=ASK | STREAM | more) as answer:
        lines = (await answer.text()).split("\n\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


async def whole(http: aiohttp.ClientSession, stub: Vendor, **more: Any) -> dict[str, Any]:
    async with http.post(f"{stub.url}/chat/completions", json=ASK | more) as answer:
        body: dict[str, Any] = await answer.json()
    return body


def prompt(system: str, user: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


async def test_a_stream_at_once_has_22_chunks(http: aiohttp.ClientSession, stub: Vendor) -> None:
    assert len(await events(http, stub)) == 22


async def test_an_answer_costs_the_same_whole_and_streamed(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    streamed = (await events(http, stub))[-1]["usage"]
    assert (await whole(http, stub))["usage"] == streamed
    await stub.settled()
    assert stub.bill() == Bill(
        calls=2,
        prompt_tokens=2 * streamed["prompt_tokens"],
        completion_tokens=2 * streamed["completion_tokens"],
    )


async def test_an_aborted_stream_is_billed_apart_for_what_was_sent(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    stub.delays = Delays(first_token_s=0.0, word_s=0.01)
    answer = await http.post(f"{stub.url}/chat/completions", json=ASK | STREAM)
    await answer.content.readline()
    answer.close()
    await stub.settled()
    (call,) = stub.calls
    bill = stub.bill("aborted")
    assert (bill.calls, bill.prompt_tokens) == (1, call.prompt_tokens)
    assert 0 < bill.completion_tokens == call.completion_tokens
    assert stub.bill("complete") == Bill()


async def test_a_silent_call_that_is_left_is_billed_for_its_prompt(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    stub.fail("chat", "F6")
    answer = await http.post(f"{stub.url}/chat/completions", json=ASK | STREAM)
    answer.close()
    await stub.settled()
    bill = stub.bill("aborted")
    assert (bill.calls, bill.completion_tokens) == (1, 0)
    assert bill.prompt_tokens > 0


@pytest.mark.parametrize("row", ["F1", "F2", "F3", "F13"])
async def test_a_refused_call_is_not_billed(
    http: aiohttp.ClientSession, stub: Vendor, row: str
) -> None:
    stub.fail("chat", row)
    async with http.post(f"{stub.url}/chat/completions", json=ASK):
        pass
    await stub.settled()
    assert stub.bill("refused") == Bill(calls=1)
    assert stub.bill("complete") == stub.bill("aborted") == Bill()


@pytest.mark.parametrize("row", ["F9", "F10_CUT", "F16"])
async def test_half_an_answer_is_no_json_and_counts_as_aborted(
    http: aiohttp.ClientSession, stub: Vendor, row: str
) -> None:
    stub.fail("chat", row)
    with pytest.raises((aiohttp.ClientError, json.JSONDecodeError)):
        await whole(http, stub)
    await stub.settled()
    assert stub.bill("aborted").calls == 1


async def test_a_repeated_prefix_is_found_from_1024_tokens_on_and_written_once(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    details = [
        (await whole(http, stub, messages=prompt(LONG, user)))["usage"]["prompt_tokens_details"]
        for user in ("Bonsoir.", "Et le fret ?")
    ]
    assert details[0]["cached_tokens"] == 0
    assert details[0]["cache_write_tokens"] == details[1]["cached_tokens"] >= 1024
    assert details[1]["cached_tokens"] % 128 == 0
    assert details[1]["cache_write_tokens"] == 0


async def test_a_prefix_is_known_to_one_model_only_and_short_ones_to_none(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    await whole(http, stub, messages=prompt(LONG, "Bonsoir."))
    other = await whole(http, stub, messages=prompt(LONG, "Bonsoir."), model="stub-2")
    assert other["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    for _ in range(2):
        short = await whole(http, stub, messages=prompt(LONG[:3000], "Bonsoir."))
    assert short["usage"]["prompt_tokens_details"] == {"cached_tokens": 0, "cache_write_tokens": 0}
    changed = await whole(http, stub, messages=prompt(f"!{LONG}", "Bonsoir."))
    assert changed["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


async def test_models_have_bills_of_their_own(http: aiohttp.ClientSession, stub: Vendor) -> None:
    for model in ("stub-1", "stub-2", "stub-2"):
        await whole(http, stub, model=model)
    async with http.get(f"{stub.url.removesuffix('/v1')}/_books") as answer:
        books = await answer.json()
    assert {model: bill["complete"]["calls"] for model, bill in books["bills"].items()} == {
        "stub-1": 1,
        "stub-2": 2,
    }
    assert books["bills"]["stub-2"]["complete"] == asdict(stub.bill(model="stub-2"))


@pytest.mark.parametrize(
    "response_format",
    [
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
        {"type": "json_object", "schema": SCHEMA},
    ],
)
async def test_json_fits_the_schema_and_is_the_same_streamed(
    http: aiohttp.ClientSession, stub: Vendor, response_format: dict[str, Any]
) -> None:
    body = await whole(http, stub, response_format=response_format)
    text = body["choices"][0]["message"]["content"]
    parsed = json.loads(text)
    assert parsed["speaker"] in {"morel", "roche"}
    assert parsed["lines"] == [{"say": "ok"}, {"say": "ok"}]
    chunks = await events(http, stub, response_format=response_format)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == text


def test_json_without_a_schema_is_an_object_and_text_is_no_json() -> None:
    assert json_answer({"type": "json_object"}, ["a"]) == "{}"
    assert json_answer({}, ["a"]) is None
    assert json_answer({"type": "text"}, ["a"]) is None


async def test_scripted_answers_come_first_and_in_order(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    stub.answers.extend(["Oui.", "Non merci."])
    said = [(await whole(http, stub))["choices"][0]["message"]["content"].strip() for _ in range(3)]
    assert said[:2] == ["Oui.", "Non merci."]
    assert len(said[2].split()) == 20


@pytest.mark.parametrize(("asked", "header"), [(0.5, "0.5"), (7, "7"), (None, None)])
async def test_f1_retry_after_can_be_set(
    http: aiohttp.ClientSession, stub: Vendor, asked: float | None, header: str | None
) -> None:
    stub.retry_after_s = asked
    stub.fail("chat", "F1")
    async with http.post(f"{stub.url}/chat/completions", json=ASK) as answer:
        assert answer.headers.get("Retry-After") == header


async def test_vendors_are_independent(http: aiohttp.ClientSession, stub: Vendor) -> None:
    async with vendor(at_once=True) as other:
        other.fail("chat", "F3")
        await whole(http, stub)
        await asyncio.gather(*(whole(http, other) for _ in range(2)))
        await other.settled()
        assert (stub.counts["chat"], other.counts["chat"]) == (1, 2)
        assert other.bill("refused").calls == 2
