"""What may be served again, and for how long (traps of caching: errors, fallbacks, cuts)."""

import random
from dataclasses import replace
from typing import Any

import pytest

from services.llm.cache.policy import CACHED_TASKS, jittered_s, storable, ttl_s
from services.llm.request import Message, Request, TaskType
from tests.fakes.work import made

DEFAULT_S = 120.0
PLAIN = Request(task=TaskType.AGENT_REACTION, messages=(Message("user", "Bonsoir."),))
MADE = made("Hm.")


@pytest.mark.parametrize(
    ("task", "expected_s"),
    [
        (TaskType.CONVERSATION, 300),
        (TaskType.AGENT_REACTION, 600),
        (TaskType.AGENT_RESPONSE, 600),
        (TaskType.ORCHESTRATION, 180),
        (TaskType.SESSION_CONTEXT, 900),
        (TaskType.CREATIVE, DEFAULT_S),
        (TaskType.ANALYSIS, DEFAULT_S),
        (TaskType.DEBRIEF, DEFAULT_S),
    ],
)
def test_c6_each_task_has_its_time_to_live(task: TaskType, expected_s: float) -> None:
    assert ttl_s(replace(PLAIN, task=task), DEFAULT_S) == expected_s


def test_every_task_was_thought_about() -> None:
    assert set(TaskType) == CACHED_TASKS


def test_the_requests_own_wish_comes_first() -> None:
    assert ttl_s(replace(PLAIN, cache_ttl_s=7), DEFAULT_S) == 7


@pytest.mark.parametrize("wish", [0.0, -1.0, float("nan"), float("-inf")])
def test_a_wish_that_is_no_time_means_not_at_all(wish: float) -> None:
    assert ttl_s(replace(PLAIN, cache_ttl_s=wish), DEFAULT_S) == 0


def test_nothing_is_kept_longer_than_a_month() -> None:
    assert ttl_s(replace(PLAIN, cache_ttl_s=float("inf")), DEFAULT_S) == 30 * 86_400


@pytest.mark.parametrize("stated_s", [0.5, 5.0, 600.0])
def test_c6_jitter_takes_a_tenth_and_a_second_at_most(stated_s: float) -> None:
    rng = random.Random(1)
    found = [jittered_s(stated_s, rng) for _ in range(200)]
    assert max(found) <= stated_s
    assert min(found) >= stated_s - min(1.0, stated_s / 10)
    assert len(set(found)) > 100


def test_whole_answer_may_be_served_again() -> None:
    assert storable(MADE, PLAIN)


def test_trap_3_fallbacks_answer_may_be_served_again_as_its_own_models() -> None:
    assert storable(replace(MADE, fallback=True, fault="status_503"), PLAIN)


@pytest.mark.parametrize(
    "more",
    [
        {"complete": False},
        {"complete": False, "fault": "cut"},
        {"complete": False, "fault": "content_filter"},
        {"text": ""},
        {"text": " \n\t"},
        {"text": "\ud800"},
        {"text": "a\x00b"},
        {"route": None},
    ],
)
def test_c7_what_failed_was_cut_filtered_or_is_blank_is_not_kept(more: dict[str, Any]) -> None:
    assert not storable(replace(MADE, **more), PLAIN)


def test_caller_that_wants_no_cache_leaves_nothing_in_it() -> None:
    assert not storable(MADE, replace(PLAIN, use_cache=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"speaker": "morel"}', True),
        ('```json\n{"speaker": "morel"}\n```', True),
        ("Je ne sais pas.", False),
        ('{"speaker": "mo', False),
        ("[" * 100_000, False),
    ],
)
def test_c7_where_json_was_asked_for_only_json_is_kept(text: str, expected: bool) -> None:
    assert storable(replace(MADE, text=text), replace(PLAIN, schema="{}")) is expected
