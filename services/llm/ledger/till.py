"""The purse as a call sees it: asked in time, and done without when it is away.

Owns what is known of the budgets: shares as last told, the glide that follows from them, the alert
at 80 %, and the local lease of an outage.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.core.errors import BackendError, Refused
from services.llm.entry import LedgerEntry
from services.llm.ledger.glide import ALERT_FROM, CHEAP, NORMAL, WORDS, WORDS_FROM, Glide, glide
from services.llm.ledger.lease import ADVANCED_PART, UNSEEN_SHARE, LocalLease
from services.llm.ledger.seen import distinct
from services.llm.ports import BudgetLine, Hold, Observer, Purse

logger = logging.getLogger(__name__)

_WATCHED_FROM = 0.70
_MOST_KNOWN = 4096


class UsedUp(NamedTuple):
    """A budget from which no model is asked any more, and when it begins anew (None: never)."""

    scope: str
    ends_at: datetime | None


@dataclass(slots=True)
class _Known:
    line: BudgetLine
    share: float


class Till:
    """One for a process. `purse` may be away; `Refused` then says `budget:away`."""

    def __init__(self, purse: Purse, observer: Observer) -> None:
        self._purse = purse
        self._observer = observer
        self._lease = LocalLease()
        self._leased: dict[str, Hold] = {}
        self._known: dict[str, _Known] = {}
        self._alerted: set[str] = set()
        self._away = False

    @property
    def away(self) -> bool:
        """Whether the purse did not answer when it was last asked."""
        return self._away

    async def reserve(self, holds: Sequence[Hold]) -> None:
        """Sets all of it aside, or nothing.

        Raises:
            Refused: `budget:<scope>`, the scope of a budget that is too small.
            BackendError: the purse is away; what was asked for may be done all the same.
        """
        lines = distinct(holds)
        try:
            admission = await self._purse.reserve(holds)
        except BackendError:
            self._mark_away(lines)
            raise
        self._mark_back()
        added = 0 if admission.denied else sum(hold.amount_nano for hold in holds)
        self._learn(lines, admission.shares, added)
        if admission.denied is not None:
            self._observer.event("budget_refused", scope=admission.denied)
            raise Refused(f"budget:{admission.denied}")

    def lease(self, hold: Hold, *, advanced: bool) -> None:
        """Lets an attempt through while the purse is away.

        Raises:
            Refused: `budget:away`, this process has used what it may use alone.
        """
        shares = {key: known.share for key, known in self._known.items()}
        if self._lease.take(hold.lines, hold.amount_nano, shares=shares, advanced=advanced):
            self._observer.event("budget_refused", scope="away")
            raise Refused("budget:away")
        self._leased[hold.id] = hold

    def spend(self, hold: Hold, cost_nano: int) -> None:
        """The attempt is over: corrects the lease if it was let through by one."""
        if self._leased and self._leased.pop(hold.id, None) is not None:
            self._lease.correct(hold.lines, cost_nano - hold.amount_nano)

    async def settle(self, hold: Hold, entry: LedgerEntry) -> bool:
        """Whether the purse took it."""
        try:
            shares = await self._purse.settle(hold, entry)
        except BackendError:
            self._mark_away(hold.lines)
            return False
        self._mark_back()
        self._learn(hold.lines, shares, entry.cost_nano - hold.amount_nano)
        return True

    async def booked(self, ids: Sequence[str]) -> None:
        """Lets the purse forget them; when it is away, they come back as orphans one day."""
        try:
            await self._purse.booked(ids)
        except BackendError:
            self._away = True

    async def orphans(self, now: datetime) -> Sequence[LedgerEntry]:
        """What dead processes left; nothing while the purse is away."""
        try:
            return await self._purse.orphans(now)
        except BackendError:
            return ()

    async def spent(self, lines: Sequence[BudgetLine]) -> Mapping[str, int] | None:
        """Nano-USD by key; None while the purse is away."""
        try:
            return await self._purse.spent(lines)
        except BackendError:
            return None

    async def used_up(self, lines: Sequence[BudgetLine]) -> UsedUp | None:
        """The first of these with nothing left but written words; None while the purse is away."""
        spent = await self.spent(lines) if lines else None
        for line in lines:
            if spent is not None and spent[line.key] >= WORDS_FROM * line.limit_nano:
                return UsedUp(line.scope, line.ends_at)
        return None

    async def refresh(self, now: datetime) -> None:
        """Looks again at budgets that made calls cheaper: who asks no model learns nothing."""
        for key in [k for k, known in self._known.items() if _is_over(known.line, now)]:
            del self._known[key]
            self._alerted.discard(key)
        watched = [k.line for k in self._known.values() if self._away or k.share >= _WATCHED_FROM]
        if not watched:
            return
        spent = await self.spent(watched)
        if spent is not None:
            self._mark_back()
            for line in watched:
                self._known[line.key].share = _share(spent[line.key], line)

    def level(self, lines: Sequence[BudgetLine]) -> Glide:
        """The glide for a call on these budgets, from what is known."""
        known, share = self._known, 0.0
        for line in lines:
            found = known.get(line.key)
            if found is not None and found.share > share:
                share = found.share
        found_glide = glide(share) if share else NORMAL
        return self._alone(lines, found_glide) if self._away else found_glide

    def _alone(self, lines: Sequence[BudgetLine], known: Glide) -> Glide:
        used = self._lease.used(lines)
        if used >= WORDS_FROM:
            return WORDS
        return CHEAP if used >= ADVANCED_PART * WORDS_FROM and known.level < CHEAP.level else known

    def _learn(
        self, lines: Sequence[BudgetLine], shares: Mapping[str, float], added_nano: int
    ) -> None:
        for line in lines:
            share = shares.get(line.key)
            if share is None:
                continue
            known = self._known.get(line.key)
            if known is None:
                self._remember(line, share)
            else:
                known.line, known.share = line, share
            if share >= ALERT_FROM and line.key not in self._alerted:
                self._alert(line, share, before=share - _share(added_nano, line))

    def _alert(self, line: BudgetLine, share: float, *, before: float) -> None:
        """Tells of it where the step was made; other processes only see that it was."""
        self._alerted.add(line.key)
        if before < ALERT_FROM:
            logger.warning(
                "llm.budget_alert", extra={"scope": line.scope, "share": round(share, 3)}
            )
            self._observer.event("budget_alert", scope=line.scope)

    def _remember(self, line: BudgetLine, share: float) -> None:
        if len(self._known) >= _MOST_KNOWN:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._alerted.discard(oldest)
        self._known[line.key] = _Known(line, share)

    def _mark_away(self, lines: Sequence[BudgetLine]) -> None:
        for line in lines:
            if line.key not in self._known:
                self._remember(line, UNSEEN_SHARE)
        if not self._away:
            self._away = True
            logger.warning("llm.purse_away")
            self._observer.event("purse_away")

    def _mark_back(self) -> None:
        if self._away:
            self._away = False
            self._lease.clear()
            logger.info("llm.purse_back")
            self._observer.event("purse_back")


def _share(nano: int, line: BudgetLine) -> float:
    return nano / line.limit_nano if line.limit_nano > 0 else 1.0


def _is_over(line: BudgetLine, now: datetime) -> bool:
    return line.ends_at is not None and line.ends_at <= now
