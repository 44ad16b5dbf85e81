"""How long a route takes to its first useful word, as seen lately: live p50 and p95.

Owns the samples of one route. What is expected of a route nobody has asked yet stands here too.
"""

from collections import deque
from typing import NamedTuple

_SAMPLES = 64
_MAX_AGE_S = 600.0
_ENOUGH = 8


class Expected(NamedTuple):
    """Seconds to the first useful word."""

    p50_s: float
    p95_s: float


VENDOR_PRIOR = Expected(0.5, 1.2)
"""A hosted model without reasoning, before it was seen. Source: public latency tables, 2026-11."""

LOCAL_PRIOR = Expected(1.5, 4.0)
"""A small model on two CPU cores that has to read its prompt first."""


class Quantiles:
    """The last samples of one route: at most 64, none older than ten minutes.

    With fewer than 8 of them the prior is what is expected.
    """

    __slots__ = ("_cached", "_prior", "_samples", "_valid_until_s")

    def __init__(self, prior: Expected) -> None:
        self._prior = prior
        self._samples: deque[tuple[float, float]] = deque(maxlen=_SAMPLES)
        self._cached: Expected | None = prior
        self._valid_until_s = float("inf")

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, now_s: float, first_token_s: float) -> None:
        """One call's time to its first useful word; `now_s` is monotonic and never goes back."""
        self._samples.append((now_s, first_token_s))
        self._cached = None

    def read(self, now_s: float) -> Expected:
        """What to expect of the next call. Sorts only after something changed."""
        if self._cached is None or now_s >= self._valid_until_s:
            self._cached = self._sorted(now_s)
        return self._cached

    def _sorted(self, now_s: float) -> Expected:
        samples = self._samples
        while samples and samples[0][0] + _MAX_AGE_S <= now_s:
            samples.popleft()
        self._valid_until_s = samples[0][0] + _MAX_AGE_S if samples else float("inf")
        count = len(samples)
        if count < _ENOUGH:
            return self._prior
        ordered = sorted([seconds for _, seconds in samples])
        return Expected(ordered[(count - 1) // 2], ordered[-(-count * 95 // 100) - 1])
