"""What is expected of a route."""

import pytest

from services.llm.plan.quantiles import LOCAL_PRIOR, VENDOR_PRIOR, Quantiles


def test_before_eight_samples_the_prior_is_expected() -> None:
    times = Quantiles(VENDOR_PRIOR)
    for n in range(7):
        times.add(float(n), 9.0)
    assert times.read(7.0) == VENDOR_PRIOR
    times.add(7.0, 9.0)
    assert times.read(7.0) == (9.0, 9.0)


def test_median_and_p95_are_by_nearest_rank() -> None:
    times = Quantiles(LOCAL_PRIOR)
    for n in range(40, 0, -1):
        times.add(0.0, n / 10)
    assert times.read(0.0) == pytest.approx((2.0, 3.8))


def test_only_the_last_64_samples_count() -> None:
    times = Quantiles(VENDOR_PRIOR)
    for n in range(100):
        times.add(float(n), 5.0 if n < 36 else 0.2)
    assert len(times) == 64
    assert times.read(100.0) == (0.2, 0.2)


def test_samples_older_than_ten_minutes_are_forgotten() -> None:
    times = Quantiles(VENDOR_PRIOR)
    for n in range(8):
        times.add(float(n), 0.1)
    assert times.read(599.0) == (0.1, 0.1)
    assert times.read(600.0) == VENDOR_PRIOR
    assert len(times) == 7
