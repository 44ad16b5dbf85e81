"""Thresholds follow how cheap answers fared: in small steps, within bounds, or not at all."""

import logging
import random
from datetime import UTC, datetime

import pytest

from services.llm.entry import LedgerEntry, Role
from services.llm.models.thresholds import (
    BLOCK,
    BOUNDS,
    CheapTrial,
    Thresholds,
    TrialCount,
    Tuner,
    moved,
    trials_of,
)
from services.llm.request import TaskType
from services.llm.spec import Tier

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANSWER, TALK = TaskType.AGENT_RESPONSE, TaskType.CONVERSATION


def block(
    repaired: int, *, task: TaskType = ANSWER, rule: str = "short_answer", tier: Tier = Tier.CHEAP
) -> list[CheapTrial]:
    return [
        CheapTrial(task=task, tier=tier, repaired=index < repaired, rule=rule)
        for index in range(BLOCK)
    ]


def entry(id: str, call: str, tier: Tier, role: Role, fault: str | None = None) -> LedgerEntry:
    return LedgerEntry(
        id=id, call=call, at=AT, role=role, task=ANSWER, tier=tier, rule="short_answer", fault=fault
    )


def test_too_many_repairs_lower_the_threshold_by_one_step() -> None:
    assert Tuner().learn(block(10)) == Thresholds(cheap_tokens=140)


def test_few_repairs_raise_it_by_half_a_step() -> None:
    assert Tuner().learn(block(2)) == Thresholds(cheap_tokens=155)


@pytest.mark.parametrize("repaired", range(3, 10))
def test_between_few_and_too_many_nothing_moves(repaired: int) -> None:
    assert Tuner().learn(block(repaired)) == Thresholds()


def test_fewer_trials_than_a_block_say_nothing() -> None:
    tuner = Tuner()
    assert tuner.learn(block(BLOCK)[:-1]) == Thresholds()
    assert tuner.learn(block(BLOCK)[:1]) == Thresholds(cheap_tokens=140)


def test_every_move_asks_for_a_block_of_its_own() -> None:
    tuner = Tuner()
    tuner.learn(block(BLOCK))
    assert tuner.learn(block(BLOCK)[:-1]).cheap_tokens == 140


@pytest.mark.parametrize("knob", BOUNDS)
def test_thresholds_stay_within_their_bounds(knob: str) -> None:
    rule = "short_answer" if knob == "cheap_tokens" else "simple_conversation"
    bad, good = Tuner(), Tuner()
    for _ in range(100):
        bad.learn(block(BLOCK, rule=rule))
        good.learn(block(0, rule=rule))
    assert getattr(bad.thresholds, knob) == BOUNDS[knob].least  # type: ignore[index]
    assert getattr(good.thresholds, knob) == BOUNDS[knob].most  # type: ignore[index]


def test_frozen_thresholds_never_move() -> None:
    frozen = Thresholds(frozen=True)
    assert Tuner(frozen).learn([*block(BLOCK), *block(0)] * 5) is frozen


def test_only_the_cheap_tiers_own_answers_teach() -> None:
    others = [
        *block(BLOCK, tier=Tier.ADVANCED),
        *block(BLOCK, rule="explicit_simple"),
        *block(BLOCK, rule="closed_question"),
        *block(BLOCK, rule="task_agent_reaction"),
    ]
    assert Tuner().learn(others) == Thresholds()


def test_conversations_teach_how_long_a_context_may_be() -> None:
    trials = block(BLOCK, task=TALK, rule="simple_conversation")
    assert Tuner().learn(trials) == Thresholds(context_tokens=450)


def test_one_task_that_fares_badly_keeps_the_others_from_raising_it() -> None:
    tuner = Tuner()
    assert tuner.learn(block(20, task=TALK)).cheap_tokens == 140
    assert tuner.learn(block(0)).cheap_tokens == 140
    tuner.learn(block(0, task=TALK))
    assert tuner.learn(block(0)).cheap_tokens == 150


def test_a_threshold_outside_its_bounds_is_not_pulled_the_wrong_way() -> None:
    assert moved(90, "cheap_tokens", rate=1.0, all_good=False) == 90
    assert moved(300, "cheap_tokens", rate=0.0, all_good=True) == 300


def test_each_move_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Tuner().learn(block(20))
    record = next(one for one in caplog.records if one.message == "llm.threshold_moved")
    said = {key: vars(record)[key] for key in ("threshold", "task", "from_tokens", "to_tokens")}
    assert said == {
        "threshold": "cheap_tokens",
        "task": "agent_response",
        "from_tokens": 150,
        "to_tokens": 140,
    }
    assert vars(record)["repaired_ratio"] == 0.2


def test_the_threshold_settles_where_answers_begin_to_fail() -> None:
    """Answers longer than 190 tokens fail one time in two; shorter ones one time in a hundred."""
    rng, tuner, seen = random.Random(7), Tuner(), []
    for _ in range(60_000):
        expected = rng.randrange(60, 260)
        if expected >= tuner.thresholds.cheap_tokens:
            continue
        repaired = rng.random() < (0.5 if expected > 190 else 0.01)
        tuner.learn([CheapTrial(task=ANSWER, tier=Tier.CHEAP, repaired=repaired)])
        seen.append(tuner.thresholds.cheap_tokens)
    late = seen[len(seen) // 2 :]
    assert 170 <= sum(late) / len(late) <= 225
    assert max(late) - min(late) <= 50


def test_the_same_trials_give_the_same_thresholds() -> None:
    rng = random.Random(3)
    trials = [
        CheapTrial(task=rng.choice([ANSWER, TALK]), tier=Tier.CHEAP, repaired=rng.random() < 0.06)
        for _ in range(5000)
    ]
    parts = Tuner()
    for start in range(0, 5000, 137):
        parts.learn(trials[start : start + 137])
    assert parts.thresholds == Tuner().learn(trials)


def test_a_ledger_tells_which_cheap_answers_had_to_be_made_good() -> None:
    entries = [
        entry("1", "fine", Tier.CHEAP, Role.SERVED),
        entry("2", "broken", Tier.CHEAP, Role.FAILED, "schema"),
        entry("3", "broken", Tier.ADVANCED, Role.SERVED),
        entry("4", "late", Tier.CHEAP, Role.FAILED, "status_503"),
        entry("5", "late", Tier.CHEAP, Role.SERVED),
        entry("6", "cut", Tier.CHEAP, Role.CANCELLED, "cancelled"),
        entry("7", "dear", Tier.ADVANCED, Role.SERVED),
        entry("8", "long", Tier.CHEAP, Role.SERVED, "length"),
        entry("9", "english", Tier.CHEAP, Role.SERVED),
        entry("10", "english", Tier.CHEAP, Role.UNFIT, "guard"),
    ]
    trials = trials_of(entries)
    assert [one.repaired for one in trials] == [False, True, False, True, True]
    assert {(one.task, one.tier, one.rule) for one in trials} == {
        (ANSWER, Tier.CHEAP, "short_answer")
    }


def counted(trials: int, repaired: int, task: TaskType = ANSWER) -> TrialCount:
    return TrialCount(task=task, rule="short_answer", trials=trials, repaired=repaired)


@pytest.mark.parametrize("repaired", [0, 2, 5, 10, 100])
def test_a_counted_block_moves_as_its_trials_do(repaired: int) -> None:
    assert Tuner().learn_counts([counted(BLOCK, repaired)]) == Tuner().learn(block(repaired))


def test_counted_trials_are_judged_block_by_block() -> None:
    tuner = Tuner()
    assert tuner.learn_counts([counted(4 * BLOCK - 1, 0)]).cheap_tokens == 150 + 3 * 5
    assert tuner.learn(block(0)[:1]).cheap_tokens == 150 + 4 * 5


def test_what_went_wrong_is_spread_over_all_blocks() -> None:
    assert Tuner().learn_counts([counted(10 * BLOCK, 50)]).cheap_tokens == 150
    assert Tuner().learn_counts([counted(3 * BLOCK, 30)]).cheap_tokens == 150 - 3 * 10


def test_counted_tasks_take_turns_so_that_a_bad_one_holds_a_good_one() -> None:
    counts = [counted(10 * BLOCK, 0), counted(10 * BLOCK, 50, TALK)]
    found = Tuner().learn_counts(counts)
    assert found == Tuner().learn_counts(reversed(counts))
    assert found.cheap_tokens == 150 + 5


def test_counts_of_other_rules_and_for_frozen_thresholds_teach_nothing() -> None:
    frozen = Thresholds(frozen=True)
    assert Tuner(frozen).learn_counts([counted(10 * BLOCK, 1000)]) is frozen
    other = TrialCount(task=ANSWER, rule="reaction", trials=1000, repaired=1000)
    assert Tuner().learn_counts([other]) == Thresholds()
