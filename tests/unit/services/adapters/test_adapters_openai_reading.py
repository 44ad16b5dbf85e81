"""What a model says: text, usage that makes sense, and what is wrong with the rest."""

import math
from typing import Any

import pytest

from services.adapters.openai_chat.faults import retry_after_s
from services.adapters.openai_chat.reading import delta_of
from services.core.errors import BackendError
from services.llm.outcome import Usage
from services.llm.ports import Delta


def chunk(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def usage(**told: Any) -> Usage | None:
    read = delta_of({"choices": [], "usage": told}, "delta")
    return read.usage if read else None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (chunk({"content": "Bonsoir"}), Delta(text="Bonsoir")),
        (chunk({}, "stop"), Delta(finish="stop")),
        (chunk({"content": "."}, "length"), Delta(text=".", finish="length")),
        (chunk({"role": "assistant", "content": ""}), None),
        (chunk({"content": None}), None),
        (chunk(None), None),
        ({"choices": []}, None),
        ({"choices": [], "usage": None}, None),
        ({}, None),
    ],
)
def test_a_chunk_is_its_text_and_its_finish(data: dict[str, Any], expected: Delta | None) -> None:
    assert delta_of(data, "delta") == expected


@pytest.mark.parametrize(
    "data",
    [
        None,
        "<html>",
        [],
        7,
        {"choices": 7},
        {"choices": {"a": 1}},
        {"choices": ["text"]},
        chunk("text"),
        chunk({"content": ["a"]}),
        chunk({"content": {"a": 1}}),
        chunk({"content": "a"}, 7),
    ],
)
def test_f9_any_other_shape_is_malformed(data: Any) -> None:
    with pytest.raises(BackendError) as caught:
        delta_of(data, "delta")
    assert (caught.value.code, caught.value.retryable) == ("malformed", True)


def test_f12_a_refusal_is_a_filter_and_is_not_repeated() -> None:
    with pytest.raises(BackendError) as caught:
        delta_of(chunk({"refusal": "I cannot."}), "delta")
    assert (caught.value.code, caught.value.retryable) == ("filter", False)
    assert "cannot" not in str(caught.value)


def test_l12_cached_and_written_tokens_are_inside_the_prompts() -> None:
    details = {"cached_tokens": 1024, "cache_write_tokens": 128}
    told = usage(prompt_tokens=1500, completion_tokens=40, prompt_tokens_details=details)
    assert told == Usage(
        prompt_tokens=1500, cached_tokens=1024, cache_write_tokens=128, completion_tokens=40
    )


def test_l12_reasoning_is_not_counted_twice() -> None:
    told = usage(
        prompt_tokens=10,
        completion_tokens=40,
        completion_tokens_details={"reasoning_tokens": 30},
    )
    assert told == Usage(prompt_tokens=10, completion_tokens=40)


@pytest.mark.parametrize(
    ("cached", "written", "expected"),
    [
        (2000, 0, (100, 0)),
        (80, 80, (80, 20)),
        (-5, -5, (0, 0)),
        (math.nan, None, (0, 0)),
        (math.inf, True, (0, 0)),
    ],
)
def test_l12_details_never_pass_the_prompt(
    cached: Any, written: Any, expected: tuple[int, int]
) -> None:
    told = usage(
        prompt_tokens=100,
        completion_tokens=1,
        prompt_tokens_details={"cached_tokens": cached, "cache_write_tokens": written},
    )
    assert told is not None
    assert (told.cached_tokens, told.cache_write_tokens) == expected


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("many", None),
        ([7], None),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": "none"}, (10, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": [7]}, (10, 0)),
    ],
)
def test_l12_bill_of_another_shape_costs_no_answer(told: Any, read: tuple[int, int] | None) -> None:
    delta = delta_of(chunk({"content": "Bonsoir."}, "stop") | {"usage": told}, "delta")
    assert delta is not None
    assert (delta.text, delta.finish) == ("Bonsoir.", "stop")
    counted = delta.usage and (delta.usage.prompt_tokens, delta.usage.cached_tokens)
    assert counted == read


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, None, "12", True, 10**15])
@pytest.mark.parametrize("key", ["prompt_tokens", "completion_tokens"])
def test_l12_a_count_that_makes_no_sense_is_nobodys_word(key: str, wrong: Any) -> None:
    assert usage(**{"prompt_tokens": 10, "completion_tokens": 5, key: wrong}) is None


def test_l12_whole_floats_are_counts() -> None:
    assert usage(prompt_tokens=10.0, completion_tokens=5.0) == Usage(
        prompt_tokens=10, completion_tokens=5
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT",
                "date": "Sat, 21 Nov 2026 12:00:00 GMT",
            },
            30.0,
        ),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, None),
    ],
)
def test_f1_retry_after_is_seconds_or_a_date_or_nothing(
    headers: dict[str, str], expected: float | None
) -> None:
    assert retry_after_s(headers) == expected
