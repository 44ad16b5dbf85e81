"""The test may be looked at after every call: it seldom cries wolf, and real harm is found."""

import math
import random

import pytest

from services.llm.experiments.evidence import Tally, difference, log_evidence, ratio_p

ENOUGH = math.log(20)
CALLS, RUNS, EVERY = 800, 200, 5


def stopped_after(
    control: float, variant: float, rng: random.Random, *, worse_by: float = 0.0
) -> int | None:
    """Calls of each until the guard is breached, looked at all the time; None when it is not."""
    goods = [0, 0]
    for n in range(1, CALLS + 1):
        goods = [goods[0] + (rng.random() < control), goods[1] + (rng.random() < variant)]
        one, two = (Tally(good, n - good) for good in goods)
        if n % EVERY or one.rate - two.rate < worse_by:
            continue
        if log_evidence(one, two) >= ENOUGH:
            return n
    return None


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.99])
def test_l13_equal_models_are_stopped_in_at_most_one_of_twenty_runs(rate: float) -> None:
    rng = random.Random(f"equal {rate}")
    stops = [stopped_after(rate, rate, rng) for _ in range(RUNS)]
    assert sum(stop is not None for stop in stops) <= 0.05 * RUNS


def test_l13_harm_of_ten_points_is_stopped() -> None:
    rng = random.Random("harm")
    stops = [stopped_after(0.95, 0.85, rng, worse_by=0.05) for _ in range(RUNS)]
    found = sorted(stop for stop in stops if stop is not None)
    assert len(found) >= 0.99 * RUNS
    assert found[len(found) // 2] <= 400


def test_evidence_is_the_ratio_that_is_worked_out_by_hand() -> None:
    """One success against one failure: (pi/2)^2 / pi^2 over the best equal rate, 1/2 * 1/2."""
    assert log_evidence(Tally(1, 0), Tally(0, 1)) == pytest.approx(math.log(0.25 / 0.25))
    # two of each: Beta means 3/8 and 3/8, best equal rate 1/2 to the fourth power
    assert log_evidence(Tally(2, 0), Tally(0, 2)) == pytest.approx(math.log((3 / 8) ** 2 * 16))


def test_better_variants_and_no_calls_are_no_evidence_of_harm() -> None:
    assert log_evidence(Tally(), Tally()) == 0
    assert log_evidence(Tally(50, 0), Tally()) == 0
    assert log_evidence(Tally(50, 50), Tally(90, 10)) == 0


def test_a_loss_that_is_borne_takes_more_to_refute() -> None:
    control, variant = Tally(950, 50), Tally(850, 150)
    found = [log_evidence(control, variant, loss=loss) for loss in (0.0, 0.02, 0.05, 0.099)]
    assert found == sorted(found, reverse=True)
    assert found[0] > ENOUGH > found[3]


def test_bounds_hold_the_truth_and_close_in() -> None:
    low, high = difference(Tally(950, 50), Tally(850, 150), level=0.05)
    assert -0.2 < low < -0.1 < high < 0
    wide = difference(Tally(95, 5), Tally(85, 15), level=0.05)
    assert wide[0] < low
    assert wide[1] > high
    assert difference(Tally(), Tally(), level=0.05) == pytest.approx((-1.0, 1.0))


def test_bounds_turn_with_the_arms() -> None:
    one, two = Tally(95, 5), Tally(60, 40)
    low, high = difference(one, two, level=0.1)
    assert difference(two, one, level=0.1) == pytest.approx((-high, -low))


def test_bounds_hold_at_all_times_together() -> None:
    rng = random.Random("bounds")
    missed = 0
    for _ in range(40):
        one, two = [0, 0], [0, 0]
        outside = False
        for n in range(1, 201):
            one[rng.random() >= 0.8] += 1
            two[rng.random() >= 0.7] += 1
            if n % 40 == 0:
                low, high = difference(Tally(*one), Tally(*two), level=0.05)
                outside |= not low <= -0.1 <= high
        missed += outside
    assert missed <= 2


@pytest.mark.parametrize(
    ("seen", "weights", "p"),
    [
        ([50, 50], [0.5, 0.5], 1.0),
        ([60, 40], [0.5, 0.5], 0.0455),  # x = 4
        ([10, 20, 30], [1 / 3] * 3, 0.006738),  # x = 10: exp(-5)
        ([10, 20, 30, 40], [0.25] * 4, 0.00016974),  # x = 20
        ([80, 10], [0.9, 0.1], 0.7253),  # x = 1/81 + 1/9
    ],
)
def test_sample_ratio_is_chi_square_s(seen: list[int], weights: list[float], p: float) -> None:
    assert ratio_p(seen, weights) == pytest.approx(p, rel=2e-3)


def test_sample_ratio_of_nobody_is_unknown() -> None:
    assert ratio_p([0, 0], [0.5, 0.5]) is None
