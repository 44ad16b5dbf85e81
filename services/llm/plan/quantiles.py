"""How long a route takes to its first useful word, as seen lately: live p50 and p95.

Owns the samples of one route. What is expected of a route nobody has asked yet stands here too.
"""

from bisect import bisect_left, insort
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

    __slots__ = ("_ordered", "_prior", "_samples")

    def __init__(self, prior: Expected) -> None:
        self._prior = prior
        self._samples: deque[tuple[float, float]] = deque()
        self._ordered: list[float] = []

    def __len__(self) -> int:
        return len(self._ordered)

    def add(self, now_s: float, first_token_s: float) -> None:
        """One call's time to its first useful word; `now_s` is monotonic and never goes back."""
        if len(self._samples) == _SAMPLES:
            self._forget_oldest()
        self._samples.append((now_s, first_token_s))
        insort(self._ordered, first_token_s)

    def read(self, now_s: float) -> Expected:
        """What to expect of the next call."""
        while self._samples and self._samples[0][0] + _MAX_AGE_S <= now_s:
            self._forget_oldest()
        count = len(self._ordered)
        if count < _ENOUGH:
            return self._prior
        return Expected(self._ordered[(count - 1) // 2], self._ordered[-(-count * 95 // 100) - 1])

    def _forget_oldest(self) -> None:
        _, first_token_s = self._samples.popleft()
        del self._ordered[bisect_left(self._ordered, first_token_s)]
