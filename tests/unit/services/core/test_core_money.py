"""Amounts of money as integers."""

import pytest

from services.core.money import nano


@pytest.mark.parametrize(
    ("usd", "nanos"), [(0.30, 300_000_000), (0.1, 100_000_000), (0.00000001, 10), (0, 0)]
)
def test_amount_in_nano_usd_is_exact(usd: float, nanos: int) -> None:
    assert nano(usd) == nanos
