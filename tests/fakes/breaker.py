"""A breaker that opens after a number of failures in a row."""

from typing import Literal

from services.core.clock import Clock
from services.llm.ports import Verdict


class FakeBreaker:
    """Opens at the `failures`th failed or slow call without a success between, for `open_s`."""

    def __init__(self, clock: Clock, *, failures: int = 4, open_s: float = 5.0) -> None:
        self._clock = clock
        self._failures = failures
        self._open_s = open_s
        self._seen = 0
        self._probing = False
        self._until_s: float | None = None

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        if self._until_s is None:
            return "closed"
        return "half_open" if self._probing or not self.opens_in_s() else "open"

    def admit(self) -> bool:
        if self._until_s is None:
            return True
        if self._probing or self.opens_in_s():
            return False
        self._probing = True
        return True

    def report(self, verdict: Verdict) -> None:
        if self._until_s is not None and not self._probing:
            return
        probed, self._probing = self._probing, False
        if verdict == "success":
            self._seen, self._until_s = 0, None
        elif verdict != "neutral":
            self._seen += 1
            if probed or self._seen >= self._failures:
                self._until_s = self._clock.monotonic_s() + self._open_s

    def opens_in_s(self) -> float:
        if self._until_s is None:
            return 0.0
        return max(0.0, self._until_s - self._clock.monotonic_s())
