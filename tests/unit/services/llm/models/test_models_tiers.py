"""Each rule of the selection, its name, and the order between them."""

from dataclasses import replace

import pytest

from services.llm.models.thresholds import Thresholds
from services.llm.models.tiers import SIMPLE_CHARS, Choice, choose
from services.llm.request import Complexity, Message, Request, TaskType
from services.llm.spec import Tier

CHEAP, ADVANCED = Tier.CHEAP, Tier.ADVANCED


def request(task: TaskType, said: str = "Parlez-nous de la réforme.", **more: object) -> Request:
    messages = (Message("system", "Vous êtes Claire Morel."), Message("user", said))
    made = Request(task=task, messages=messages, language="fr")
    return replace(made, **more)  # type: ignore[arg-type]


def choice(
    asked: Request,
    *,
    expected: int = 200,
    prompt: int = 300,
    thresholds: Thresholds | None = None,
    enabled: bool = True,
) -> Choice:
    return choose(
        asked,
        expected_tokens=expected,
        prompt_tokens=prompt,
        thresholds=thresholds or Thresholds(),
        enabled=enabled,
    )


@pytest.mark.parametrize("task", TaskType)
def test_selection_switched_off_sends_all_to_the_advanced_tier(task: TaskType) -> None:
    asked = request(task, "Oui ou non ?", complexity=Complexity.SIMPLE)
    assert choice(asked, expected=5, enabled=False) == (ADVANCED, "selection_disabled")


@pytest.mark.parametrize("task", TaskType)
def test_an_explicit_complexity_wins_over_every_other_rule(task: TaskType) -> None:
    simple = request(task, complexity=Complexity.SIMPLE)
    hard = request(task, "Oui ou non ?", complexity=Complexity.COMPLEX)
    assert choice(simple, prompt=9000) == (CHEAP, "explicit_simple")
    assert choice(hard, expected=5) == (ADVANCED, "explicit_complex")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (TaskType.ORCHESTRATION, (ADVANCED, "task_orchestration")),
        (TaskType.CREATIVE, (ADVANCED, "task_creative")),
        (TaskType.AGENT_REACTION, (CHEAP, "task_agent_reaction")),
    ],
)
def test_some_tasks_have_their_tier_whatever_is_asked(
    task: TaskType, expected: tuple[Tier, str]
) -> None:
    for said in ("Oui ou non ?", "Pourquoi ?"):
        assert choice(request(task, said), expected=20, prompt=100) == expected
        assert choice(request(task, said), expected=900, prompt=9000) == expected


@pytest.mark.parametrize("task", [TaskType.CONVERSATION, TaskType.AGENT_RESPONSE])
def test_a_closed_question_is_cheap_however_long_the_talk_was(task: TaskType) -> None:
    asked = request(task, "Êtes-vous d'accord ?")
    assert choice(asked, prompt=9000) == (CHEAP, "closed_question")


def test_a_closed_question_is_looked_for_in_the_last_user_message_only() -> None:
    messages = (
        Message("user", "Êtes-vous d'accord ?"),
        Message("assistant", "Êtes-vous sûr ?"),
        Message("user", "Expliquez."),
        Message("assistant", "Est-ce bien cela ?"),
    )
    asked = replace(request(TaskType.CONVERSATION), messages=messages)
    assert choice(asked).rule == "simple_conversation"


@pytest.mark.parametrize(
    "task", [TaskType.CONVERSATION, TaskType.ANALYSIS, TaskType.SESSION_CONTEXT, TaskType.DEBRIEF]
)
def test_contexts_above_the_threshold_are_advanced_where_they_must_be_understood(
    task: TaskType,
) -> None:
    assert choice(request(task), expected=20, prompt=501) == (ADVANCED, "long_context")
    assert choice(request(task), expected=20, prompt=500) == (CHEAP, "short_answer")


@pytest.mark.parametrize("task", [TaskType.ANALYSIS, TaskType.SESSION_CONTEXT, TaskType.DEBRIEF])
def test_a_transcript_that_ends_in_a_closed_question_is_no_closed_question(task: TaskType) -> None:
    asked = request(task, "Morel : Êtes-vous d'accord ?")
    assert choice(asked, expected=20, prompt=2000) == (ADVANCED, "long_context")


def test_a_characters_answer_stays_cheap_although_its_prompt_is_a_scene() -> None:
    spoken = request(TaskType.AGENT_RESPONSE, spoken=True)
    assert choice(spoken, expected=90, prompt=3000) == (CHEAP, "short_answer")
    assert choice(spoken, expected=200, prompt=3000) == (CHEAP, "spoken_answer")


def test_a_characters_plain_line_stays_cheap_wherever_the_thresholds_went() -> None:
    spoken = request(TaskType.AGENT_RESPONSE)
    lowest = Thresholds(cheap_tokens=100, context_tokens=300)
    assert choice(spoken, expected=90, prompt=3000, thresholds=lowest).tier is CHEAP


def test_a_long_answer_that_nobody_waits_to_hear_is_advanced() -> None:
    assert choice(request(TaskType.AGENT_RESPONSE), expected=150) == (ADVANCED, "default")
    assert choice(request(TaskType.AGENT_RESPONSE), expected=149) == (CHEAP, "short_answer")


@pytest.mark.parametrize("task", [TaskType.ANALYSIS, TaskType.DEBRIEF])
def test_judging_at_length_or_by_a_schema_is_complex(task: TaskType) -> None:
    assert choice(request(task), expected=150) == (ADVANCED, "complex_analysis")
    assert choice(request(task, schema="{}"), expected=20) == (ADVANCED, "complex_analysis")
    assert choice(request(task), expected=20) == (CHEAP, "short_answer")


def test_a_simple_conversation_is_cheap_even_when_its_answer_is_long() -> None:
    assert choice(request(TaskType.CONVERSATION)) == (CHEAP, "simple_conversation")
    speech = request(TaskType.CONVERSATION, "a" * (SIMPLE_CHARS + 1))
    assert choice(speech) == (ADVANCED, "default")


def test_what_no_rule_knows_is_advanced() -> None:
    assert choice(request(TaskType.SESSION_CONTEXT)) == (ADVANCED, "default")


def test_the_thresholds_decide_where_the_tiers_meet() -> None:
    asked = request(TaskType.AGENT_RESPONSE)
    assert choice(asked, expected=200, thresholds=Thresholds(cheap_tokens=240)).tier is CHEAP
    talk = request(TaskType.CONVERSATION)
    assert choice(talk, prompt=800, thresholds=Thresholds(context_tokens=900)).tier is CHEAP


def test_a_call_without_a_user_message_is_decided_too() -> None:
    asked = replace(request(TaskType.CONVERSATION), messages=(Message("system", "Bonsoir ?"),))
    assert choice(asked).rule == "simple_conversation"
