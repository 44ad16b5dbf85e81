"""How many calls may be doubled: one in twenty at most, by number and money, in ten minutes."""

from collections import deque

_ONE_IN = 20
_WINDOW_S = 600.0


class HedgeBudget:
    """Spoken calls of the last ten minutes, those of them that were hedged, and what that cost.

    Each hedge is earned by twenty calls before it, so the share holds in a short session too. What
    it will cost is taken to be what those calls cost on average.
    """

    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool, int, int]] = deque()
        self._hedges = 0
        self._under_way = 0
        self._spent_nano = 0
        self._extra_nano = 0

    def allows(self, now_s: float) -> bool:
        """Whether one more call may be hedged."""
        calls = self._calls
        while calls and calls[0][0] + _WINDOW_S <= now_s:
            _, hedged, spent_nano, extra_nano = calls.popleft()
            self._hedges -= hedged
            self._spent_nano -= spent_nano
            self._extra_nano -= extra_nano
        count, spent_nano = len(calls), self._spent_nano
        if _ONE_IN * (self._hedges + self._under_way + 1) > count:
            return False
        return _ONE_IN * (self._extra_nano * count + spent_nano) <= spent_nano * count

    def began(self) -> None:
        """A hedge was started; its call is told by `ended`."""
        self._under_way += 1

    def ended(self, now_s: float, *, hedged: bool, spent_nano: int, extra_nano: int) -> None:
        """A spoken call is over: what it cost in all, and what of it its loser cost."""
        self._under_way -= hedged
        self._hedges += hedged
        self._spent_nano += spent_nano
        self._extra_nano += extra_nano
        self._calls.append((now_s, hedged, spent_nano, extra_nano))
