"""What the stats say of calls, money and times, with the ledger as the only witness."""

import random
from datetime import timedelta
from typing import Any

import pytest

from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.counterfactual import counterfactual
from services.llm.outcome import Level, Usage
from services.llm.request import TaskType
from services.llm.spec import Tier
from services.stats.ports import BudgetState
from services.stats.stats import Stats
from services.stats.views import LlmStats, Window
from tests.fakes.booked import NOON, booked, many
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.stats import FakeBudgets, FakeHealthBoard, FakeTotals

NOBODY = {"model": None, "provider": None, "tier": None, "list_nano": 0, "cost_nano": 0}
CACHED: dict[str, Any] = {"role": Role.CACHED, "source": "cached", "cost_nano": 0}


async def told(
    *entries: LedgerEntry, window: Window = Window.ALL, budgets: FakeBudgets | None = None
) -> LlmStats:
    ledger = FakeLedger()
    await ledger.add(entries)
    stats = Stats(FakeTotals(ledger), FakeHealthBoard(), clock=FakeClock(NOON), budgets=budgets)
    return await stats.llm(window)


async def test_empty_ledger_is_zeros_and_nothing_is_divided_by_them() -> None:
    stats = await told()
    assert (stats.cache_hits, stats.cache_misses, stats.hit_rate) == (0, 0, 0.0)
    assert (stats.total_savings, stats.tokens_saved, stats.avg_response_time) == ("$0.00", 0, 0.0)
    assert stats.models_usage == stats.served_by == stats.rules == stats.fallbacks == {}
    assert stats.latency.all.p50_s is None
    assert (stats.routes, stats.budgets) == ((), ())


async def test_answers_for_which_a_model_was_asked_are_misses() -> None:
    stats = await told(
        booked("live"),
        booked("fallback", source="fallback"),
        booked("failed", role=Role.UNDERSTUDY, source="understudy", fault="deadline"),
        booked("keyless", role=Role.UNDERSTUDY, source="understudy", **NOBODY),
        booked("deck", role=Role.DECK, source="deck", **NOBODY),
        booked("attempt", role=Role.FAILED, source="", calls=0),
        booked("hit", level=Level.PROCESS, **CACHED),
    )
    assert (stats.cache_hits, stats.cache_misses, stats.hit_rate) == (1, 3, 0.25)
    assert stats.calls == 6


async def test_hits_are_told_by_level_and_task() -> None:
    stats = await told(
        booked("a", level=Level.PROCESS, **CACHED),
        booked("b", level=Level.SHARED, **CACHED),
        booked("c", level=Level.SHARED, task=TaskType.ORCHESTRATION, **CACHED),
        booked("d", level=Level.FLIGHT, **CACHED),
    )
    assert stats.cache.by_level == {"flight": 1, "process": 1, "shared": 2}
    assert stats.cache.by_task == {"agent_response": 3, "orchestration": 1}
    assert stats.hit_rate == 1.0


async def test_models_share_the_answers_in_their_words() -> None:
    terra = {"tier": Tier.ADVANCED, "model": "gpt-6.1-terra"}
    stats = await told(
        *(booked(f"l{n}") for n in range(5)),
        *(booked(f"c{n}", **CACHED) for n in range(13)),
        *(booked(f"t{n}", **terra) for n in range(7)),
        booked("understudy", role=Role.UNDERSTUDY, source="understudy", fault="deadline"),
    )
    assert stats.models_usage == {"gpt-6-luna": 0.72, "gpt-6.1-terra": 0.28}
    assert sum(stats.models_usage.values()) == 1.0
    assert stats.served_by == {"cached": 0.5, "live": 0.4615, "understudy": 0.0385}


async def test_response_time_is_the_mean_over_all_answers_and_no_attempts() -> None:
    stats = await told(
        booked("live", total_s=0.9),
        booked("hit", **(CACHED | {"total_s": 0.0, "first_token_s": None})),
        booked("failed", role=Role.FAILED, calls=0, source="", total_s=60.0),
    )
    assert stats.avg_response_time == 0.45
    assert stats.latency.all.count == 2
    assert stats.latency.by_model["openai/gpt-6-luna"].count == 1


async def test_tokens_saved_are_those_not_made_again_and_those_squeezed_out() -> None:
    usage = Usage(prompt_tokens=700, completion_tokens=25)
    stats = await told(
        booked("live", usage=usage, squeezed_tokens=100, squeezed_nano=10_000),
        booked("hit", usage=usage, **CACHED),
    )
    assert stats.tokens_saved == 825
    assert (stats.tokens.prompt, stats.tokens.completion) == (700, 25)
    assert (stats.compression.squeezed_tokens, stats.compression.saved_nano) == (100, 10_000)


async def test_savings_are_against_the_advanced_tier_at_list_price() -> None:
    stats = await told(
        booked("live", cost_nano=2 * 10**9, list_nano=20 * 10**9),
        booked("hit", **(CACHED | {"list_nano": 27_230_000_000})),
    )
    assert stats.total_savings == "$45.23"
    assert stats.total_savings_nano == 45_230_000_000


async def test_nothing_is_said_to_be_saved_when_all_was_wasted() -> None:
    stats = await told(booked("a", role=Role.FAILED, calls=0, cost_nano=10**9, list_nano=0))
    assert stats.total_savings == "$0.00"
    assert stats.counterfactual.wasted_nano == 10**9


async def test_counterfactual_is_the_ledger_s_own() -> None:
    entries = many(2000, rng=random.Random(5), spread=timedelta(days=1), until=NOON)
    wanted = counterfactual(entries)
    found = (await told(*entries)).counterfactual
    assert found.spent_nano == wanted.cost_nano
    assert found.without_cache_nano == wanted.without_cache_nano
    assert found.without_tiers_nano == wanted.without_tiers_nano
    assert found.without_compression_nano == wanted.without_compression_nano
    assert found.plain_nano == wanted.plain_nano


async def test_every_breakdown_adds_up_to_the_whole() -> None:
    entries = many(2000, rng=random.Random(6), spread=timedelta(days=1), until=NOON)
    stats = await told(*entries)
    spent = sum(entry.cost_nano for entry in entries)
    for name in ("by_task", "by_tier", "by_model"):
        lines = getattr(stats.spending, name)
        assert sum(line.cost_nano for line in lines) == spent == stats.counterfactual.spent_nano
        assert sum(line.calls for line in lines) == stats.calls
    assert sum(stats.rules.values()) <= stats.calls
    assert sum(stats.served_by.values()) == pytest.approx(1.0)


async def test_money_is_told_by_task_tier_model_character_and_session() -> None:
    stats = await told(
        booked("a", cost_nano=3_000_000_000),
        booked(
            "b", task=TaskType.ORCHESTRATION, tier=Tier.ADVANCED, model="gpt-6.1-terra",
            persona=None, session="s-2", cost_nano=5_000_000_000,
        ),
    )  # fmt: skip
    spending = stats.spending
    assert [(one.name, one.cost) for one in spending.by_task] == [
        ("orchestration", "$5.0000"), ("agent_response", "$3.0000")
    ]  # fmt: skip
    assert [one.name for one in spending.by_tier] == ["advanced", "cheap"]
    assert [one.name for one in spending.by_model] == [
        "openai/gpt-6.1-terra", "openai/gpt-6-luna"
    ]  # fmt: skip
    assert [(one.name, one.scenario) for one in spending.by_character] == [("morel", "debat-tv")]
    assert [one.name for one in spending.by_session] == ["s-2", "s-1"]


async def test_a_session_s_cost_stands_beside_what_its_answers_would_have_cost() -> None:
    wasted = {"role": Role.FAILED, "calls": 0, "source": "", "list_nano": 0, "session": "s-2"}
    stats = await told(
        booked("a", cost_nano=3_000_000, list_nano=20_000_000),
        booked("hit", **(CACHED | {"list_nano": 30_000_000})),
        booked("lost", **(wasted | {"cost_nano": 1_000_000})),
    )
    first, second = stats.spending.by_session
    assert (first.name, first.cost, first.without_all) == ("s-1", "$0.0030", "$0.0500")
    assert (first.cost_nano, first.without_all_nano) == (3_000_000, 50_000_000)
    assert second.without_all_nano == second.cost_nano == 1_000_000


async def test_times_are_told_by_task_and_model() -> None:
    stats = await told(
        *(booked(f"a{n}", first_token_s=0.3, total_s=0.8) for n in range(99)),
        booked("slow", first_token_s=3.0, total_s=8.0),
        booked("waiter", **(CACHED | {"level": Level.FLIGHT, "first_token_s": 9.0})),
        booked("t", task=TaskType.DEBRIEF, model="gpt-6.1-terra", first_token_s=1.0),
    )
    first = stats.first_token.by_model["openai/gpt-6-luna"]
    assert first.count == 100
    assert first.p50_s == pytest.approx(0.3, rel=0.02)
    assert first.p99_s == pytest.approx(0.3, rel=0.02)
    assert stats.first_token.by_task["debrief"].p95_s == pytest.approx(1.0, rel=0.02)
    assert stats.latency.by_task["agent_response"].p50_s == pytest.approx(0.8, rel=0.02)
    assert stats.overhead.p50_s == pytest.approx(0.0004, rel=0.02)


async def test_deck_tells_calls_avoided_from_calls_it_stood_in_for() -> None:
    stats = await told(
        booked("avoided", role=Role.DECK, source="deck", **NOBODY),
        booked("stood-in", role=Role.DECK, source="deck", fault="deadline"),
    )
    assert (stats.deck.calls_avoided, stats.deck.stood_in) == (1, 1)


async def test_vendor_s_prefix_cache_is_compared_with_what_was_expected() -> None:
    stats = await told(
        booked("a", predicted_tokens=600, usage=Usage(prompt_tokens=800, cached_tokens=512)),
        booked("hit", **(CACHED | {"predicted_tokens": 600})),
    )
    assert stats.prefix_cache.predicted_tokens == 600
    assert stats.prefix_cache.cached_tokens == 512
    assert stats.prefix_cache.hit_ratio == 0.64


async def test_what_was_booked_before_the_window_is_not_in_it() -> None:
    entries = [booked(f"e-{hours}", at=NOON - timedelta(hours=hours)) for hours in (0, 1, 24, 25)]
    assert (await told(*entries, window=Window.HOUR)).calls == 2
    assert (await told(*entries, window=Window.DAY)).calls == 3
    assert (await told(*entries, window=Window.WEEK)).calls == 4


async def test_budgets_are_told_with_their_end() -> None:
    ends = NOON + timedelta(hours=12)
    state = BudgetState(
        key="day:2026-11-21", scope="day", spent_nano=4 * 10**9, limit_nano=10**10, ends_at=ends
    )
    stats = await told(budgets=FakeBudgets(state))
    assert stats.budgets is not None
    (budget,) = stats.budgets
    assert (budget.share, budget.spent, budget.limit) == (0.4, "$4.00", "$10.00")
    assert budget.ends_at == ends


async def test_stats_are_ready_for_json() -> None:
    stats = await told(*many(200, rng=random.Random(8), spread=timedelta(hours=1), until=NOON))
    assert LlmStats.model_validate_json(stats.model_dump_json()) == stats
