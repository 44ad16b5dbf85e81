"""What a model is sent: all that it takes, and nothing else."""

import json
import logging
from dataclasses import replace

import pytest

from services.adapters.openai_chat import ADDRESS, at_address, compatible
from services.adapters.openai_chat.asking import body_of
from services.llm.request import Message, Request, TaskType
from services.llm.spec import ModelSpec, Takes, Tier

LUNA = ModelSpec(
    id="openai/gpt-6-luna",
    provider="openai",
    model="gpt-6-luna",
    tier=Tier.CHEAP,
    context_tokens=400_000,
    takes=Takes(effort="none", limit_field="max_completion_tokens", json="schema"),
)
MISTRAL = replace(
    LUNA,
    id="mistral/mistral-small-2603",
    provider="mistral",
    model="mistral-small-2603",
    takes=Takes(json="object", prefill=True, usage_in_stream=False),
)
ASK = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(Message("system", "Vous êtes Claire."), Message("user", "Bonsoir.")),
    max_tokens=90,
    temperature=0.4,
    session="s-1",
    user="ada",
    persona="morel",
)
CLOSED = {
    "type": "object",
    "properties": {"speaker": {"enum": ["morel", "roche"]}},
    "required": ["speaker"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"speaker": {"type": "string"}}}


@pytest.mark.parametrize(
    ("base_url", "own"),
    [
        (None, True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("http://127.0.0.1:8080/v1", False),
        ("https://api.openai.com.evil.example/v1", False),
        ("https://evilopenai.com/v1", False),
        ("https://api.mistral.ai/v1", False),
    ],
)
def test_only_the_provider_gets_its_own_fields(base_url: str | None, own: bool) -> None:
    assert at_address(LUNA, base_url) == (LUNA if own else replace(LUNA, takes=Takes()))


def test_a_provider_without_a_known_address_is_taken_at_its_word() -> None:
    spec = replace(LUNA, provider="groq")
    assert at_address(spec, "https://api.groq.com/openai/v1") == spec


def test_dropped_capabilities_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        compatible(LUNA)
    (record,) = caplog.records
    assert record.message == "chat.capabilities_dropped"
    assert record.__dict__["dropped"] == ["effort", "limit_field", "json"]


def test_a_plain_model_drops_nothing_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    plain = replace(LUNA, takes=Takes())
    with caplog.at_level(logging.INFO):
        assert compatible(plain) == plain
    assert caplog.records == []


def test_every_fallback_provider_has_an_address() -> None:
    assert set(ADDRESS) == {"openai", "mistral", "scaleway"}
    assert all(address.startswith("https://") for address in ADDRESS.values())


def test_a_spoken_call_is_streamed_with_usage_and_carries_no_ids() -> None:
    body = body_of(ASK, LUNA, stream=True)
    assert body == {
        "model": "gpt-6-luna",
        "messages": [
            {"role": "system", "content": "Vous êtes Claire."},
            {"role": "user", "content": "Bonsoir."},
        ],
        "max_completion_tokens": 90,
        "temperature": 0.4,
        "reasoning_effort": "none",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_call_that_is_not_spoken_is_not_streamed() -> None:
    assert {"stream", "stream_options"}.isdisjoint(body_of(ASK, LUNA, stream=False))


@pytest.mark.parametrize(
    ("takes", "absent"),
    [
        (Takes(temperature=False), "temperature"),
        (Takes(effort=None), "reasoning_effort"),
        (Takes(usage_in_stream=False), "stream_options"),
        (Takes(limit_field="max_tokens"), "max_completion_tokens"),
        (Takes(json="words"), "response_format"),
    ],
)
def test_what_a_model_refuses_is_not_sent(takes: Takes, absent: str) -> None:
    ask = replace(ASK, schema=json.dumps(CLOSED))
    assert absent not in body_of(ask, replace(LUNA, takes=takes), stream=True)


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        (OPEN, False),
        (CLOSED | {"required": []}, False),
        (CLOSED | {"properties": {"speaker": OPEN}}, False),
        ({"anyOf": [CLOSED, OPEN]}, False),
        ({"anyOf": [CLOSED, CLOSED]}, True),
    ],
)
def test_f14_a_schema_is_sent_and_strict_only_where_it_closes_itself(
    schema: dict[str, object], strict: bool
) -> None:
    body = body_of(replace(ASK, schema=json.dumps(schema)), LUNA, stream=True)
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": strict},
    }


def test_f14_a_model_that_knows_objects_only_is_asked_for_one() -> None:
    body = body_of(replace(ASK, schema=json.dumps(CLOSED)), MISTRAL, stream=True)
    assert body["response_format"] == {"type": "json_object"}


def test_f16_an_answer_to_be_continued_is_marked_where_the_model_can() -> None:
    ask = replace(ASK, messages=(*ASK.messages, Message("assistant", "Le fret recule.")))
    assert body_of(ask, MISTRAL, stream=True)["messages"][-1] == {
        "role": "assistant",
        "content": "Le fret recule.",
        "prefix": True,
    }


def test_f16_where_it_cannot_the_model_is_not_left_with_its_own_words_last() -> None:
    ask = replace(ASK, messages=(*ASK.messages, Message("assistant", "Le fret recule.")))
    last = body_of(ask, LUNA, stream=True)["messages"][-2:]
    assert [message["role"] for message in last] == ["assistant", "user"]
    assert "prefix" not in last[0]
