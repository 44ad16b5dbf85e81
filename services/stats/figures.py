"""Numbers as people read them: dollars, shares that sum to one, spreads of durations."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from services.core.money import NANO_PER_USD
from services.stats.buckets import quantile_s
from services.stats.views import Spread

_PARTS = 10_000
"""Shares are told in ten-thousandths."""


def usd(nano: int, *, places: int = 2) -> str:
    """`$45.23`, `-$0.10`: nano-USD as dollars."""
    amount = Decimal(nano) / NANO_PER_USD
    rounded = abs(amount).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return f"{'-' if amount < 0 and rounded else ''}${rounded}"


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Each count's part of the whole, largest first; they sum to 1 as rounded. Empty without any.

    Rounded down, and what is missing given to the largest remainders.
    """
    total = sum(counts.values())
    if total == 0:
        return {}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = {name: count * _PARTS // total for name, count in ordered}
    by_remainder = sorted(ordered, key=lambda item: -(item[1] * _PARTS % total))
    for name, _ in by_remainder[: _PARTS - sum(parts.values())]:
        parts[name] += 1
    return {name: part / _PARTS for name, part in parts.items() if part}


def ratio(part: float, whole: float) -> float:
    """0 when there is no whole."""
    return round(part / whole, 4) if whole else 0.0


def spread(counts: Mapping[int, int]) -> Spread:
    """The quantiles of durations that were counted by bucket."""
    return Spread(
        count=sum(counts.values()),
        p50_s=_rounded(quantile_s(counts, 0.50)),
        p95_s=_rounded(quantile_s(counts, 0.95)),
        p99_s=_rounded(quantile_s(counts, 0.99)),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 7)
