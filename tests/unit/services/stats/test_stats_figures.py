"""Numbers as people read them, and durations that a database can count."""

import math
import random

import pytest

from services.stats.buckets import LAST, bucket_of, quantile_s, seconds_of
from services.stats.figures import ratio, shares, spread, usd


@pytest.mark.parametrize(
    ("nano", "told"),
    [
        (0, "$0.00"),
        (45_230_000_000, "$45.23"),
        (45_234_999_999, "$45.23"),
        (45_235_000_001, "$45.24"),
        (999, "$0.00"),
        (-999, "$0.00"),
        (-100_000_000, "-$0.10"),
        (9_007_199_254_740_993_000_000_000, "$9007199254740993.00"),
    ],
)
def test_dollars_are_exact_and_rounded_once(nano: int, told: str) -> None:
    assert usd(nano) == told


def test_single_calls_are_told_in_finer_dollars() -> None:
    assert usd(36_420, places=4) == "$0.0000"
    assert usd(1_250_000, places=4) == "$0.0012"


def test_shares_sum_to_one_whatever_the_counts() -> None:
    rng = random.Random(3)
    for parts in range(1, 60):
        counts = {f"m-{n}": rng.randrange(1, 1000) for n in range(parts)}
        told = shares(counts)
        assert math.isclose(sum(told.values()), 1.0, abs_tol=1e-9)
        total = sum(counts.values())
        for name, count in counts.items():
            assert abs(told.get(name, 0.0) - count / total) <= 0.0001


def test_shares_of_nothing_are_empty() -> None:
    assert shares({}) == {}
    assert shares({"a": 0}) == {}
    assert ratio(1, 0) == 0.0


def test_a_third_each_is_told_as_such() -> None:
    assert shares({"a": 1, "b": 1, "c": 1}) == {"a": 0.3334, "b": 0.3333, "c": 0.3333}


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_quantiles_are_at_most_two_percent_off(share: float) -> None:
    rng = random.Random(11)
    durations = sorted(rng.lognormvariate(-1, 1) for _ in range(5000))
    counts: dict[int, int] = {}
    for seconds in durations:
        counts[bucket_of(seconds)] = counts.get(bucket_of(seconds), 0) + 1
    exact = durations[math.ceil(share * len(durations)) - 1]
    assert quantile_s(counts, share) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("seconds", [2e-6, 3.3e-5, 0.001, 0.25, 1.0, 7.7, 3600.0])
def test_a_bucket_stands_for_its_durations_within_two_percent(seconds: float) -> None:
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.02)


def test_buckets_have_a_first_and_a_last() -> None:
    assert bucket_of(0.0) == bucket_of(1e-6) == 0
    assert seconds_of(0) == 0.0
    assert bucket_of(1e9) == LAST
    assert quantile_s({}, 0.5) is None


def test_buckets_stored_yesterday_mean_the_same_today() -> None:
    """The ledger holds these numbers: changing the scale takes a migration."""
    assert [bucket_of(s) for s in (1e-5, 1e-3, 0.1, 1.0, 10.0)] == [59, 177, 294, 353, 411]


def test_spread_of_one_is_that_one() -> None:
    told = spread({bucket_of(0.3): 1})
    assert told.count == 1
    assert told.p50_s == told.p95_s == told.p99_s == pytest.approx(0.3, rel=0.02)
    assert spread({}).p50_s is None
