"""What the optimizer counts, under which names, and that no label can grow without bound."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from services.llm.entry import Role
from services.llm.outcome import Latency, Level, Outcome, Source, Usage
from services.llm.request import Request, TaskType
from services.llm.spec import ModelSpec, Tier
from services.telemetry.llm_metrics import FLUSH_S, LlmMetrics
from tests.fakes.booked import booked
from tests.fakes.loop import VirtualTimeLoop

DEPLOY = Path(__file__).parents[4] / "deploy"
LUNA = ModelSpec(
    id="openai/gpt-6-luna",
    provider="openai",
    model="gpt-6-luna",
    tier=Tier.CHEAP,
    context_tokens=400_000,
)
MISTRAL = ModelSpec(
    id="mistral/mistral-small-2603",
    provider="mistral",
    model="mistral-small-2603",
    tier=Tier.CHEAP,
    context_tokens=128_000,
)
OPERATION = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "openai",
    "gen_ai_request_model": "gpt-6-luna",
}
REQUEST = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(),
    session="s-canary",
    user="ada-canary",
    persona="morel-canary",
)


def outcome(**fields: Any) -> Outcome:
    known: dict[str, Any] = {
        "text": "Oui.",
        "source": Source.LIVE,
        "model": "gpt-6-luna",
        "provider": "openai",
        "tier": Tier.CHEAP,
        "rule": "short_answer",
        "latency": Latency(first_token_s=0.2, total_s=0.7),
    }
    return Outcome(**(known | fields))


@pytest.fixture
def metrics() -> LlmMetrics:
    return LlmMetrics((LUNA, MISTRAL))


class Gained:
    """How much samples have grown since this was made."""

    def __init__(self) -> None:
        self._before = self._now()

    def of(self, name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return self._now().get(key, 0.0) - self._before.get(key, 0.0)

    @staticmethod
    def _now() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
        }


@pytest.fixture
def gained() -> Gained:
    return Gained()


def test_answer_is_counted_by_what_served_it(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.call(REQUEST, outcome())
    metrics.flush()
    task = {"task": "agent_response"}
    requests = {"tier": "cheap", "provider": "openai", "model": "gpt-6-luna", "outcome": "ok"}
    assert gained.of("repartee_llm_requests_total", **requests, **task) == 1
    assert gained.of("repartee_llm_served_total", source="live", **task) == 1
    assert gained.of("repartee_llm_tier_rule_total", rule="short_answer") == 1
    assert gained.of("repartee_llm_cache_misses_total", **task) == 1
    assert gained.of("repartee_llm_duration_seconds_sum", **task) == pytest.approx(0.7)
    assert gained.of("repartee_llm_ttft_seconds_count", **task) == 1


def test_cached_answer_is_a_hit_of_its_level(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.call(REQUEST, outcome(source=Source.CACHED, level=Level.SHARED, latency=Latency()))
    metrics.entry(booked(role=Role.CACHED, cost_nano=0))
    metrics.flush()
    task = "agent_response"
    assert gained.of("repartee_llm_cache_hits_total", level="shared", task=task) == 1
    assert gained.of("repartee_llm_cache_misses_total", task=task) == 0
    assert gained.of("repartee_llm_overhead_seconds_count") == 0
    assert gained.of("repartee_llm_tokens_total", kind="input", estimated="false") == 0
    assert gained.of("gen_ai_client_operation_duration_seconds_count", **OPERATION) == 0


def test_deck_line_is_a_call_avoided_and_no_miss(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.call(REQUEST, outcome(source=Source.DECK, model=None, provider=None))
    metrics.flush()
    metrics.call(REQUEST, outcome(source=Source.DECK, fault="deadline"))
    metrics.flush()
    assert gained.of("repartee_llm_deck_calls_avoided_total") == 1
    assert gained.of("repartee_llm_cache_misses_total", task="agent_response") == 0


def test_attempt_is_counted_under_opentelemetrys_names(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.entry(booked(total_s=0.8, first_token_s=0.3))
    metrics.flush()
    ok = OPERATION | {"error_type": ""}
    tokens = "gen_ai_client_token_usage_sum"
    first = "gen_ai_client_operation_time_to_first_chunk_seconds_sum"
    assert gained.of("gen_ai_client_operation_duration_seconds_count", **ok) == 1
    assert gained.of(first, **OPERATION) == pytest.approx(0.3)
    assert gained.of(tokens, **OPERATION, gen_ai_token_type="input") == 700
    assert gained.of(tokens, **OPERATION, gen_ai_token_type="output") == 25
    cost = {"tier": "cheap", "provider": "openai"}
    assert gained.of("repartee_llm_cost_nano_usd_total", **cost) == 36_420
    assert gained.of("repartee_llm_overhead_seconds_count") == 1


def test_verdict_on_an_answer_is_counted_and_is_no_attempt(
    metrics: LlmMetrics, gained: Gained
) -> None:
    metrics.entry(booked(role=Role.UNFIT, fault="guard"))
    metrics.flush()
    assert gained.of("repartee_llm_events_total", event="answer_unfit") == 1
    assert gained.of("repartee_llm_overhead_seconds_count") == 0


def test_call_that_a_person_cut_off_is_no_answer(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.call(REQUEST, outcome(fault="cancelled"))
    metrics.flush()
    task = {"task": "agent_response"}
    requests = {"tier": "cheap", "provider": "openai", "model": "gpt-6-luna"}
    assert gained.of("repartee_llm_requests_total", **requests, outcome="cancelled", **task) == 1
    assert gained.of("repartee_llm_served_total", source="live", **task) == 0
    assert gained.of("repartee_llm_duration_seconds_count", **task) == 0


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"role": Role.FAILED, "fault": "status_503"}, "status_503"),
        ({"role": Role.FAILED, "fault": "the prompt said canary"}, "other"),
        ({"role": Role.FAILED, "fault": "status_599"}, "other"),
        ({"role": Role.CUT, "fault": "budget:user/day"}, "budget"),
        ({"role": Role.HEDGE_LOST}, "hedge_lost"),
        ({"role": Role.SERVED, "fault": "length"}, ""),
        ({"role": Role.FAILED, "fault": None}, "other"),
        ({"role": Role.CANCELLED}, "cancelled"),
    ],
)
def test_error_type_is_one_of_a_closed_list(
    metrics: LlmMetrics, gained: Gained, fields: dict[str, Any], error: str
) -> None:
    metrics.entry(booked(calls=0, **fields))
    metrics.flush()
    name = "gen_ai_client_operation_duration_seconds_count"
    assert gained.of(name, **OPERATION, error_type=error) == 1


def test_fallback_is_counted_by_its_cause(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.call(REQUEST, outcome(source=Source.FALLBACK, fault="status_429"))
    metrics.call(REQUEST, outcome(source=Source.UNDERSTUDY, fault="budget:session"))
    metrics.call(REQUEST, outcome(source=Source.UNDERSTUDY))
    metrics.call(REQUEST, outcome(source=Source.LIVE, fault="cut"))
    metrics.flush()
    assert gained.of("repartee_llm_fallbacks_total", cause="status_429") == 1
    assert gained.of("repartee_llm_fallbacks_total", cause="budget") == 1
    assert gained.of("repartee_llm_fallbacks_total", cause="cut") == 0


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("open", "open"), ("resting", "resting"), ("melted", "other"), (None, "other")],
)
def test_answer_of_another_route_has_a_cause_even_if_the_first_was_not_asked(
    metrics: LlmMetrics, gained: Gained, fault: str | None, cause: str
) -> None:
    metrics.call(REQUEST, outcome(source=Source.FALLBACK, fault=fault))
    metrics.flush()
    assert gained.of("repartee_llm_fallbacks_total", cause=cause) == 1


def test_stranger_models_and_providers_are_other(metrics: LlmMetrics, gained: Gained) -> None:
    for number in range(50):
        metrics.entry(booked(provider=f"p-{number}", model=f"m-{number}"))
    metrics.entry(booked(provider="mistral", model="mistral-small-2603"))
    metrics.flush()
    name = "gen_ai_client_operation_time_to_first_chunk_seconds_count"
    other = {"gen_ai_provider_name": "other", "gen_ai_request_model": "other"}
    assert gained.of(name, **OPERATION | other) == 50
    known: dict[str, Any] = {
        "gen_ai_provider_name": "mistral_ai",
        "gen_ai_request_model": "mistral-small-2603",
    }
    assert gained.of(name, **OPERATION | known) == 1


def test_words_of_ours_that_never_end_become_other(metrics: LlmMetrics, gained: Gained) -> None:
    for number in range(200):
        metrics.event(f"thing_{number}")
        metrics.call(REQUEST, outcome(rule=f"rule_{number}"))
    metrics.event("Was ist das? A person's words")
    metrics.flush()
    assert gained.of("repartee_llm_events_total", event="thing_0") == 1
    assert gained.of("repartee_llm_events_total", event="other") == 200 - 48 + 1
    assert gained.of("repartee_llm_tier_rule_total", rule="other") == 200 - 48


def test_circuit_that_opens_and_closes_is_told(metrics: LlmMetrics, gained: Gained) -> None:
    route = {"provider": "openai", "model": "gpt-6-luna"}
    metrics.event("breaker_open", route="openai/gpt-6-luna")
    assert REGISTRY.get_sample_value("repartee_llm_breaker_state", route) == 2
    metrics.event("breaker_close", route="openai/gpt-6-luna")
    metrics.event("breaker_open", route="who/knows")
    assert REGISTRY.get_sample_value("repartee_llm_breaker_state", route) == 0
    moved = "repartee_llm_breaker_transitions_total"
    assert gained.of(moved, **route, to="open") == gained.of(moved, **route, to="closed") == 1
    assert gained.of(moved, provider="other", model="other", to="open") == 1


def test_budgets_are_counted_by_scope_alone(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.event("budget_alert", scope="user/day")
    metrics.event("budget_alert", scope="user:ada@example.org")
    metrics.event("budget_refused", scope="day")
    metrics.budget_share("day", 0.83)
    assert gained.of("repartee_llm_budget_alerts_total", scope="user/day") == 1
    assert gained.of("repartee_llm_budget_alerts_total", scope="other") == 1
    assert gained.of("repartee_llm_budget_denials_total", scope="day") == 1
    assert REGISTRY.get_sample_value("repartee_llm_budget_share", {"scope": "day"}) == 0.83


def test_hedge_is_counted_by_route(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.event("hedge", route="mistral/mistral-small-2603")
    route = {"provider": "mistral_ai", "model": "mistral-small-2603"}
    assert gained.of("repartee_llm_hedges_total", **route) == 1


def test_counting_waits_for_a_quiet_moment(metrics: LlmMetrics, gained: Gained) -> None:
    async def played() -> list[float]:
        metrics.call(REQUEST, outcome())
        before = gained.of(name, **labels)
        await asyncio.sleep(FLUSH_S * 2)
        return [before, gained.of(name, **labels)]

    name, labels = "repartee_llm_served_total", {"source": "live", "task": "agent_response"}
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(played()) == [0, 1]
    metrics.flush()
    assert gained.of(name, **labels) == 1


async def test_what_waits_is_bounded(metrics: LlmMetrics, gained: Gained) -> None:
    for _ in range(1000):
        metrics.call(REQUEST, outcome())
        metrics.entry(booked())
    waiting = 1000 - gained.of("repartee_llm_served_total", source="live", task="agent_response")
    assert waiting <= 256
    metrics.flush()


def test_outside_an_event_loop_calls_are_counted_at_once(
    metrics: LlmMetrics, gained: Gained
) -> None:
    metrics.entry(booked(usage=Usage(prompt_tokens=3, estimated=True)))
    assert gained.of("repartee_llm_tokens_total", kind="input", estimated="true") == 3


def test_l12_a_negative_cost_does_not_end_the_counting(metrics: LlmMetrics, gained: Gained) -> None:
    metrics.entry(booked(cost_nano=-5))
    metrics.entry(booked())
    metrics.flush()
    cost = {"tier": "cheap", "provider": "openai"}
    assert gained.of("repartee_llm_cost_nano_usd_total", **cost) == 36_420


def test_d4_no_sample_names_anybody(metrics: LlmMetrics) -> None:
    metrics.call(REQUEST, outcome(fault="canary", rule="Canary"))
    metrics.entry(booked(session="s-canary", user="ada-canary", scenario="canary", model="canary"))
    metrics.flush()
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    assert [sample for sample in samples if "canary" in str(sample.labels).lower()] == []


def _names() -> set[str]:
    return {
        name
        for family in REGISTRY.collect()
        for name in (
            family.name,
            *(f"{family.name}_{end}" for end in ("total", "bucket", "sum", "count")),
        )
    }


def _metrics_in(expression: str) -> set[str]:
    """Names that are not labels: those before a selector, a range or a closing bracket."""
    return set(re.findall(r"\b(?:repartee|gen_ai_client|memory_analysis)_[a-z_]+", expression))


def test_alerts_and_panels_ask_for_metrics_that_exist() -> None:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    board = json.loads((DEPLOY / "grafana" / "llm.json").read_text(encoding="utf-8"))
    alerts = [rule["expr"] for rule in group["rules"]]
    panels = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert all(_metrics_in(expression) for expression in (*alerts, *panels))
    assert set().union(*map(_metrics_in, (*alerts, *panels))) - _names() == set()


def test_every_alert_says_what_is_wrong() -> None:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    assert [r["alert"] for r in group["rules"] if not r["annotations"]["summary"]] == []


def test_prometheus_is_shown_with_a_token_and_the_alerts() -> None:
    shown = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = shown["scrape_configs"]
    assert job["authorization"].keys() == {"type", "credentials_file"}
    assert [(DEPLOY / name).is_file() for name in shown["rule_files"]] == [True]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:9464"]}]
