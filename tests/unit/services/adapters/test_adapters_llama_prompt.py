"""What the local model is given: a prompt, a schema that it keeps, a line that is checked."""

import json
from typing import Any

import pytest

from services.adapters.llama.grammar import safe_schema
from services.adapters.llama.template import StopGate, Template
from services.adapters.llama.wire import (
    MAX_LINE_BYTES,
    Asked,
    asked_of,
    chat_line,
    error_line,
    error_of,
    parse_asked,
    parse_line,
)
from services.core.errors import BackendError
from services.llm.request import Message, Request, TaskType

SYSTEM, PERSON = Message("system", "Vous êtes Claire."), Message("user", "Bonsoir.")
ONE_OR_TWO = {"type": "integer", "minimum": 1, "maximum": 2}
BEGUN = Message("assistant", "Le fret")


def chatml(messages: list[dict[str, str]]) -> str:
    turns = [f"<{m['role']}>{m['content']}</>" for m in messages]
    return "".join([*turns, "<assistant>"])


def strict(messages: list[dict[str, str]]) -> str:
    """A template that knows no system role and asks for turns in turn."""
    wanted = ["user", "assistant"] * len(messages)
    if [m["role"] for m in messages] != wanted[: len(messages)]:
        raise ValueError("roles must alternate")
    return chatml(messages)


def test_the_models_own_template_is_used_and_brings_its_begin_mark() -> None:
    prompt = Template(chatml).prompt((SYSTEM, PERSON))
    assert prompt.text == "<system>Vous êtes Claire.</><user>Bonsoir.</><assistant>"
    assert (prompt.begin, prompt.stops) == (False, ())


def test_f16_a_begun_answer_stands_open_at_the_end() -> None:
    assert Template(chatml).prompt((PERSON, BEGUN)).text == "<user>Bonsoir.</><assistant>Le fret"


def test_a_template_without_a_system_role_gets_it_inside_the_first_turn() -> None:
    text = Template(strict).prompt((SYSTEM, PERSON)).text
    assert text == "<user>Vous êtes Claire.\n\nBonsoir.</><assistant>"


def test_a_template_that_takes_nothing_is_an_error_without_the_text() -> None:
    def refuses(messages: list[dict[str, str]]) -> str:
        raise ValueError(messages[0]["content"])

    with pytest.raises(BackendError) as caught:
        Template(refuses).prompt((SYSTEM, PERSON))
    assert (caught.value.code, caught.value.retryable) == ("template", False)
    assert "Claire" not in str(caught.value)


def test_a_model_without_a_template_gets_a_plain_dialogue_that_stops_at_the_next_turn() -> None:
    prompt = Template(None).prompt((SYSTEM, PERSON, BEGUN))
    assert prompt.text == "Vous êtes Claire.\n\nUser: Bonsoir.\n\nAssistant: Le fret"
    assert prompt.begin
    assert "\nUser:" in prompt.stops


@pytest.mark.parametrize("marks", [("<a>", "<a><b>"), ("</s>",), ("[INST]",)])
def test_p4_control_marks_in_what_people_wrote_are_taken_out(marks: tuple[str, ...]) -> None:
    said = Message("user", f"Bon{''.join(marks)}soir")
    assert Template(chatml, marks).prompt((said,)).text == "<user>Bonsoir</><assistant>"


@pytest.mark.parametrize(
    ("pieces", "given"),
    [
        (["Bon", "soir", "\nUs", "er: et"], "Bonsoir"),
        (["Bonsoir\nUser: et"], "Bonsoir"),
        (["Bonsoir\n", "Us", "ine."], "Bonsoir\nUsine."),
        (["Bonsoir\n"], "Bonsoir\n"),
        (["a\nUser:", "b"], "a"),
    ],
)
def test_an_answer_ends_at_a_stop_and_nothing_else_is_lost(pieces: list[str], given: str) -> None:
    gate = StopGate(("\nUser:",))
    out = "".join(gate.feed(piece) for piece in pieces) + gate.finish()
    assert out == given
    assert gate.stopped == any("\nUser:" in "".join(pieces[: n + 1]) for n in range(len(pieces)))


def safe(schema: Any) -> Any:
    return json.loads(safe_schema(json.dumps(schema)))


@pytest.mark.parametrize(
    ("schema", "kept"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 3}, {"enum": [0, 1, 2, 3]}),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3}, {"enum": [1, 2]}),
        ({"type": "integer", "minimum": 0}, {"type": "integer"}),
        ({"type": "integer", "minimum": 0, "maximum": 10**6}, {"type": "integer"}),
        ({"type": "string", "maxLength": 80}, {"type": "string", "maxLength": 80}),
        ({"type": "string", "maxLength": 9999}, {"type": "string"}),
        ({"type": "string", "title": "a", "description": "b"}, {"type": "string"}),
        (
            {"type": "object", "properties": {"n": ONE_OR_TWO}},
            {"type": "object", "properties": {"n": {"enum": [1, 2]}}},
        ),
        (
            {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"const": "x"}}},
            {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"const": "x"}}},
        ),
        (
            {"type": "array", "items": {"enum": ["a"]}, "minItems": 1, "maxItems": 3},
            {"type": "array", "items": {"enum": ["a"]}, "minItems": 1, "maxItems": 3},
        ),
    ],
)  # fmt: skip
def test_f14_a_schema_becomes_one_that_llama_keeps(schema: Any, kept: Any) -> None:
    assert safe(schema) == kept


@pytest.mark.parametrize(
    "schema",
    [
        [],
        "text",
        {"not": {}},
        {"$ref": "https://example.org/schema.json"},
        {"type": "object", "properties": {"a": {"if": {}}}},
        {"type": "array", "minItems": 5000},
        {"type": "string", "minLength": 10**9},
        {"enum": ["x" * 30_000]},
    ],
)
def test_f14_any_other_schema_is_refused_for_good(schema: Any) -> None:
    with pytest.raises(BackendError) as caught:
        safe(schema)
    assert (caught.value.code, caught.value.retryable) == ("schema", False)


def asked(**more: Any) -> Asked:
    request = Request(
        task=TaskType.CONVERSATION,
        messages=(SYSTEM, PERSON),
        session="s-1",
        user="ada",
        spoken=True,
        **more,
    )
    return asked_of(request, limit_s=60.0)


def test_a_request_comes_through_the_wire_as_it_was_and_without_ids() -> None:
    sent = chat_line(asked(schema="{}"))
    assert parse_asked(parse_line(sent)) == asked(schema="{}")
    assert b"s-1" not in sent
    assert b"ada" not in sent
    assert sent.count(b"\n") == 1


def test_f13_a_line_above_the_limit_is_a_prompt_above_the_context() -> None:
    request = Request(task=TaskType.CONVERSATION, messages=(Message("user", "a" * MAX_LINE_BYTES),))
    with pytest.raises(BackendError) as caught:
        chat_line(asked_of(request, limit_s=1.0))
    assert (caught.value.code, caught.value.retryable) == ("context", False)


def test_an_error_comes_through_the_wire_as_it_was() -> None:
    sent = BackendError("the local model is busy", code="busy", retryable=True)
    read = error_of(parse_line(error_line(sent)))
    assert (str(read), read.code, read.retryable) == (str(sent), "busy", True)
