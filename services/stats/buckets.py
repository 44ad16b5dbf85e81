"""Durations as bucket numbers, so that a database can count them and quantiles need no raw values.

A bucket is 4 % wide, and a quantile is told as its bucket's geometric middle: at most 2 % off. The
ledger stores these numbers beside the durations: changing the scale takes a migration.
"""

import math
from collections.abc import Mapping

GROWTH = 1.04
SMALLEST_S = 1e-6
LAST = 600
"""Bucket of everything above about four hours."""

_LOG_GROWTH = math.log(GROWTH)


def bucket_of(seconds: float) -> int:
    """0 for up to a microsecond, then one more for each 4 %."""
    if seconds <= SMALLEST_S:
        return 0
    return min(1 + int(math.log(seconds / SMALLEST_S) / _LOG_GROWTH), LAST)


def seconds_of(bucket: int) -> float:
    """What stands for all durations of that bucket."""
    return 0.0 if bucket == 0 else SMALLEST_S * float(GROWTH ** (bucket - 0.5))


def quantile_s(counts: Mapping[int, int], share: float) -> float | None:
    """The duration that `share` (0 to 1) of the counted ones do not exceed; None without any."""
    total = sum(counts.values())
    if total == 0:
        return None
    rank = max(1, math.ceil(share * total))
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            break
    return seconds_of(bucket)
