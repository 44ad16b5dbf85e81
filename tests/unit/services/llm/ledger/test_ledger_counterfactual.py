"""What a session would have cost without what makes it cheaper."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.llm.entry import Role
from services.llm.ledger.counterfactual import counterfactual
from services.llm.spec import Tier
from tests.fakes.booked import booked, many

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_no_entries_cost_nothing() -> None:
    found = counterfactual([])
    assert (found.cost_nano, found.plain_nano, found.saved_nano) == (0, 0, 0)


def test_session_with_a_bit_of_everything() -> None:
    found = counterfactual(
        [
            booked("cheap", cost_nano=100, list_nano=1000, squeezed_nano=7),
            booked("dear", tier=Tier.ADVANCED, cost_nano=800, list_nano=900),
            booked("hit", role=Role.CACHED, tier=None, cost_nano=0, list_nano=1000, saved_nano=90),
            booked("deck", role=Role.DECK, tier=None, cost_nano=0, list_nano=500, saved_nano=40),
            booked("hedge", role=Role.HEDGE_LOST, cost_nano=60, list_nano=0),
            booked("words", role=Role.UNDERSTUDY, tier=None, cost_nano=0, list_nano=0),
        ]
    )
    assert found.cost_nano == 100 + 800 + 60
    assert found.without_cache_nano == 960 + 90 + 40
    assert found.without_tiers_nano == 960 + 900
    assert found.without_compression_nano == 960 + 7
    assert found.plain_nano == 1000 + 900 + 1000 + 500
    assert found.saved_nano == 3400 - 960


def test_advanced_answers_gain_nothing_by_tiers() -> None:
    only = [booked(tier=Tier.ADVANCED, cost_nano=800, list_nano=900)]
    assert counterfactual(only).without_tiers_nano == 800


def test_calls_that_failed_never_make_the_plain_price_smaller_than_the_cost() -> None:
    lost = [booked(role=Role.CANCELLED, cost_nano=500, list_nano=0)]
    assert counterfactual(lost).plain_nano == 500


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_ever_cheaper_without_a_saving(seed: int) -> None:
    entries = many(200, rng=random.Random(seed), spread=timedelta(hours=1), until=NOON)
    found = counterfactual(entries)
    assert found.cost_nano == sum(entry.cost_nano for entry in entries)
    assert found.cost_nano <= min(
        found.without_cache_nano,
        found.without_tiers_nano,
        found.without_compression_nano,
        found.plain_nano,
    )
    random.Random(seed).shuffle(entries)
    assert counterfactual(entries) == found


@pytest.mark.parametrize("seed", range(5))
def test_figures_of_two_sessions_add_up(seed: int) -> None:
    entries = many(100, rng=random.Random(seed), spread=timedelta(hours=1), until=NOON)
    both, one, other = (counterfactual(part) for part in (entries, entries[:40], entries[40:]))
    assert both.without_cache_nano == one.without_cache_nano + other.without_cache_nano
    assert both.without_tiers_nano == one.without_tiers_nano + other.without_tiers_nano
