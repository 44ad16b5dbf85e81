"""A purse in memory, for one process: the rules of `ports.Purse` and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.entry import LedgerEntry
from services.llm.ledger.seen import distinct
from services.llm.ports import Admission, BudgetLine, Hold

BOOK_GRACE = timedelta(seconds=15)


@dataclass(slots=True)
class _Kept:
    hold: Hold
    entry: LedgerEntry
    due: datetime
    state: str = "held"


class FakePurse:
    """`away` makes every call fail, `slow_s` makes it wait; `asked` names the calls in order.

    With `lose_reply` the next call is carried out and fails all the same, as a timeout does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: dict[str, int] = {}
        self._kept: dict[str, _Kept] = {}
        self.away = False
        self.slow_s = 0.0
        self.lose_reply = False
        self.asked: list[str] = []

    @property
    def held(self) -> tuple[Hold, ...]:
        """What is set aside and not settled."""
        return tuple(kept.hold for kept in self._kept.values() if kept.state == "held")

    async def reserve(self, holds: Sequence[Hold]) -> Admission:
        await self._begin("reserve")
        new = [hold for hold in holds if hold.id not in self._kept]
        lines = distinct(holds)
        for line in lines:
            need = sum(hold.amount_nano for hold in new if line in hold.lines)
            if need and self._used.get(line.key, 0) + need > line.limit_nano:
                return Admission(denied=line.scope, shares=self._shares(lines))
        for hold in new:
            self._kept[hold.id] = _Kept(hold, hold.draft, hold.expires_at)
            self._charge(hold, hold.amount_nano)
        self._end()
        return Admission(denied=None, shares=self._shares(lines))

    async def settle(self, hold: Hold, entry: LedgerEntry) -> Mapping[str, float]:
        await self._begin("settle")
        kept = self._kept.get(hold.id)
        if kept is None or kept.state == "held":
            self._charge(hold, entry.cost_nano - (kept.hold.amount_nano if kept else 0))
            due = self._clock.now() + BOOK_GRACE
            self._kept[hold.id] = _Kept(hold, entry, due, "settled")
        self._end()
        return self._shares(hold.lines)

    async def booked(self, ids: Sequence[str]) -> None:
        await self._begin("booked")
        for id in ids:
            if id in self._kept and self._kept[id].state == "settled":
                self._kept[id].state = "done"
        self._end()

    async def orphans(self, now: datetime) -> Sequence[LedgerEntry]:
        await self._begin("orphans")
        due = [k for k in self._kept.values() if k.state != "done" and k.due <= now]
        for kept in due:
            if kept.state == "held":
                self._charge(kept.hold, kept.entry.cost_nano - kept.hold.amount_nano)
                kept.state = "settled"
            kept.due = now + timedelta(seconds=30)
        return [kept.entry for kept in due]

    async def spent(self, lines: Sequence[BudgetLine]) -> Mapping[str, int]:
        await self._begin("spent")
        return {line.key: self._used.get(line.key, 0) for line in lines}

    async def aclose(self) -> None:
        """Nothing to close."""

    def _charge(self, hold: Hold, nano: int) -> None:
        for line in hold.lines:
            self._used[line.key] = self._used.get(line.key, 0) + nano

    def _shares(self, lines: Sequence[BudgetLine]) -> Mapping[str, float]:
        return {line.key: self._used.get(line.key, 0) / line.limit_nano for line in lines}

    async def _begin(self, call: str) -> None:
        self.asked.append(call)
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.away:
            raise BackendError("the purse is away", code="redis")

    def _end(self) -> None:
        if self.lose_reply:
            self.lose_reply = False
            raise BackendError("the reply was lost", code="redis")
