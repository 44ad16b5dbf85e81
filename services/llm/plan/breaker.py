"""Whether a route is worth asking: a circuit breaker over the calls of the last minute.

It opens when half of them failed, or most were slow or failed, waits, lets one probe through, and
waits longer after each probe that fails. Time comes from the clock it is given.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from services.core.clock import Clock
from services.llm.ports import Verdict

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a circuit opens, and for how long.

    Rates are over at most `window` calls of the last `window_s` seconds, and count from `enough` of
    them on. `failed_ratio` is the share that failed, `bad_ratio` the share that failed or was slow.
    """

    window: int = 20
    window_s: float = 60.0
    enough: int = 4
    failed_ratio: float = 0.5
    bad_ratio: float = 0.6
    open_s: float = 5.0
    open_max_s: float = 60.0


class CircuitBreaker:
    """A Breaker for one provider and model, in one process and one event loop."""

    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._calls: deque[tuple[float, Verdict]] = deque(maxlen=self._limits.window)
        self._opened_s: float | None = None
        self._wait_s = self._limits.open_s
        self._probing = False

    @property
    def state(self) -> State:
        if self._opened_s is None:
            return "closed"
        return "half_open" if self._probing or self._waited() else "open"

    def admit(self) -> bool:
        if self._opened_s is None:
            return True
        if self._probing or not self._waited():
            return False
        self._probing = True
        return True

    def report(self, verdict: Verdict) -> None:
        if self._opened_s is None:
            self._count(verdict)
        elif self._probing:
            self._probing = False
            self._judge(verdict)

    def opens_in_s(self) -> float:
        if self._opened_s is None:
            return 0.0
        left_s = self._opened_s + self._wait_s - self._clock.monotonic_s()
        return max(0.0, left_s)

    def _waited(self) -> bool:
        return self.opens_in_s() <= 0

    def _count(self, verdict: Verdict) -> None:
        if verdict == "neutral":
            return
        now_s = self._clock.monotonic_s()
        calls, limits = self._calls, self._limits
        calls.append((now_s, verdict))
        if verdict == "success":
            return
        while calls[0][0] + limits.window_s <= now_s:
            calls.popleft()
        if len(calls) < limits.enough:
            return
        failed = sum(1 for _, known in calls if known == "failure")
        bad = failed + sum(1 for _, known in calls if known == "slow")
        if failed >= limits.failed_ratio * len(calls) or bad >= limits.bad_ratio * len(calls):
            self._open(limits.open_s)

    def _judge(self, verdict: Verdict) -> None:
        """What the probe said; a neutral one says nothing and frees its place."""
        if verdict == "success":
            self._opened_s = None
            self._calls.clear()
        elif verdict != "neutral":
            self._open(min(self._wait_s * 2, self._limits.open_max_s))

    def _open(self, wait_s: float) -> None:
        self._opened_s = self._clock.monotonic_s()
        self._wait_s = wait_s
