"""Clocks of the tests: one stands still, one follows the loop, one is the machine's and jumps."""

from datetime import UTC, datetime, timedelta

from bench.simulation.loop import LoopClock
from services.core.clock import SystemClock

__all__ = ["FakeClock", "JumpingClock", "LoopClock"]


class FakeClock:
    """Wall time and monotonic time that `advance` moves together."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Moves both times; never back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._elapsed_s += seconds


class JumpingClock(SystemClock):
    """The machine's clock, with jumps between calls: what vendors did wrong is long ago."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s
