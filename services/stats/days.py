"""What was spent on each day, for the forecast; days that are over are read now and then only.

Adding up ten weeks takes as long as all else that the stats say of a day, and changes little.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from services.core.clock import Clock
from services.stats.forecast import LOOKED_BACK
from services.stats.ports import LedgerTotals

KEPT_S = 600.0


class Days:
    """Nano-USD by UTC day, today's as of now."""

    def __init__(self, totals: LedgerTotals, clock: Clock) -> None:
        self._totals = totals
        self._clock = clock
        self._known: Mapping[date, int] = {}
        self._read_on: date | None = None
        self._read_s = 0.0

    async def spent(self) -> tuple[date, Mapping[date, int]]:
        """Today in UTC, and what is booked for it and for the ten weeks before.

        Raises: BackendError when the ledger does not answer.
        """
        today = self._clock.now().astimezone(UTC).date()
        now_s = self._clock.monotonic_s()
        if self._read_on != today or now_s - self._read_s >= KEPT_S:
            self._known = await self._totals.days(since=_midnight(today - LOOKED_BACK))
            self._read_on, self._read_s = today, now_s
            return today, self._known
        return today, {**self._known, **await self._totals.days(since=_midnight(today))}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
