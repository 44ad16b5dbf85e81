"""Calls as other programs write them."""

from typing import Any

import pytest

from services.llm.door import request_of
from services.llm.outcome import Source
from services.llm.request import Complexity, Message, TaskType
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on

TOLD = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]


def test_plain_words_mean_what_ours_mean() -> None:
    request = request_of(TOLD, "orchestration", "simple", cache_ttl=5.0, session="s-1")
    assert (request.task, request.complexity) == (TaskType.ORCHESTRATION, Complexity.SIMPLE)
    assert request.messages == (Message("system", "Be brief."), Message("user", "Hello?"))
    assert (request.cache_ttl_s, request.session) == (5.0, "s-1")


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        (TOLD, {"task_type": "orchestrate"}),
        (TOLD, {"complexity": "hard"}),
        ([{"role": "tool", "content": "x"}], {}),
        ([{"role": "user"}], {}),
        ([{"role": "user", "content": [{"type": "text"}]}], {}),
    ],
)
def test_what_cannot_be_asked_is_refused_at_the_door(messages: Any, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        request_of(messages, **more)


def test_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="temprature"):
        request_of(TOLD, temprature=1.0)


async def test_word_for_a_task_chooses_the_same_tier_as_the_task() -> None:
    optimizer = optimizer_on(FakeChatModel(), LoopClock())
    by_word = await optimizer.get_optimized_response(TOLD, "conversation", use_cache=False)
    by_task = await optimizer.get_optimized_response(TOLD, TaskType.CONVERSATION, use_cache=False)
    assert (by_word.tier, by_word.rule) == (by_task.tier, by_task.rule)


async def test_whole_answer_has_the_time_that_whole_answers_take() -> None:
    slow = FakeChatModel(Script(first_s=6.0, each_s=1.0))
    outcome = await optimizer_on(slow, LoopClock()).get_optimized_response(TOLD)
    assert (outcome.source, outcome.text) == (Source.LIVE, "Bonsoir à tous.")


async def test_streaming_twin_takes_the_same_arguments() -> None:
    optimizer = optimizer_on(FakeChatModel(), LoopClock())
    answer = optimizer.stream_optimized_response(TOLD, "conversation", "complex", cache_ttl=9.0)
    assert "".join([piece async for piece in answer]) == "Bonsoir à tous."
    assert answer.outcome is not None
    assert answer.outcome.rule == "explicit_complex"
