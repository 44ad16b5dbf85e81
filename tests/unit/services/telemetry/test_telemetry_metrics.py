"""Names that dashboards and alerts rely on, and labels that stay bounded."""

import pytest
from prometheus_client import REGISTRY

from services.telemetry import metrics


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    "name",
    [
        "repartee_sessions_active",
        "repartee_sessions",
        "repartee_session_duration_seconds",
        "repartee_turn_latency_seconds",
        "repartee_dispatch_seconds",
        "repartee_dispatch",
        "repartee_decisions",
        "repartee_model_choices",
        "repartee_mood_opinions",
        "repartee_echoes",
        "repartee_llm_requests",
        "repartee_llm_ttft_seconds",
        "repartee_speech_errors",
        "repartee_tokens_minted",
        "repartee_ratelimited",
        "repartee_build_info",
    ],
)
def test_metric_is_registered(name: str) -> None:
    assert name in {family.name for family in REGISTRY.collect()}


def test_scene_is_active_until_it_ends() -> None:
    active = value("repartee_sessions_active")
    ended = value("repartee_sessions_total", outcome="duration")
    metrics.session_started()
    assert value("repartee_sessions_active") == active + 1
    metrics.session_ended("duration", 300.0)
    assert value("repartee_sessions_active") == active
    assert value("repartee_sessions_total", outcome="duration") == ended + 1


def test_unknown_words_count_as_other() -> None:
    metrics.session_ended("s-1234", 1.0)
    metrics.turn_stage("s-1234", 1.0)
    assert value("repartee_sessions_total", outcome="other") > 0
    assert value("repartee_turn_latency_seconds_count", stage="other") > 0
    assert value("repartee_sessions_total", outcome="s-1234") == 0


def test_no_label_names_a_room_or_a_person() -> None:
    used = {
        label
        for family in REGISTRY.collect()
        if family.name.startswith("repartee_")
        for sample in family.samples
        for label in sample.labels
    }
    assert used.isdisjoint({"room", "session", "user", "identity", "persona", "ip"})


def test_decisions_are_counted_by_rung_and_a_strange_rung_is_other() -> None:
    before = value("repartee_decisions_total", rung="score")
    strange = value("repartee_decisions_total", rung="other")
    metrics.scene_event("decision", {"rung": "score"})
    metrics.scene_event("decision", {"rung": "s-1234"})
    metrics.scene_event("phase", {"phase": "ouverture"})
    assert value("repartee_decisions_total", rung="score") == before + 1
    assert value("repartee_decisions_total", rung="other") == strange + 1


def test_p3_choices_outside_the_roster_are_counted_where_an_operator_sees_them() -> None:
    ignored = value("repartee_model_choices_total", outcome="ignored")
    failed = value("repartee_mood_opinions_total", outcome="failed")
    metrics.scene_event("choice", {"outcome": "ignored"})
    metrics.scene_event("judgement", {"outcome": "failed"})
    metrics.scene_event("judgement", {"outcome": "s-1234"})
    assert value("repartee_model_choices_total", outcome="ignored") == ignored + 1
    assert value("repartee_mood_opinions_total", outcome="failed") == failed + 1
    assert value("repartee_mood_opinions_total", outcome="s-1234") == 0


def test_what_a_scene_tells_at_its_end_is_not_counted_again() -> None:
    asked = value("repartee_model_choices_total", outcome="asked")
    metrics.scene_event("opinions", {"asked": 4, "used": 2, "ignored": 1, "late": 1})
    assert value("repartee_model_choices_total", outcome="asked") == asked
