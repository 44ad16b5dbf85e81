"""What is set aside before attempts are made: for one, or for a parallel round in one step.

Owns holds until an attempt has them. What an attempt came to is the books' part.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from services.core.clock import Clock
from services.core.errors import BackendError, BackendTimeout, Refused
from services.llm.ledger.bookings import Bookkeeper, is_advanced
from services.llm.ledger.budgets import BudgetPlan
from services.llm.ledger.glide import Glide
from services.llm.ledger.till import Till
from services.llm.ledger.waiting import Booking
from services.llm.outcome import Usage
from services.llm.plan.nursery import Nursery
from services.llm.ports import BudgetLine, Hold, Route
from services.llm.request import Request
from services.llm.work import Ask

SPOKEN_LEASE_S = 30.0
LEASE_S = 150.0
"""Longer than an attempt of its kind lasts, spoken or not: what is held longer is taken for a dead
process's, and booked. An attempt that lasts longer all the same is booked once, as `lost`."""

_REMEMBERED = 1024


class Taken(NamedTuple):
    """A hold (None for a model that costs nothing), and how long the purse took to be asked."""

    hold: Hold | None
    reserve_s: float = 0.0


class Holds:
    """Sets money aside in the till; `free` takes bookings of what was set aside and not used."""

    def __init__(
        self,
        *,
        till: Till,
        keeper: Bookkeeper,
        plan: BudgetPlan,
        clock: Clock,
        free: Callable[[Booking], None],
        new_id: Callable[[], str],
    ) -> None:
        self._till = till
        self._keeper = keeper
        self._plan = plan
        self._clock = clock
        self._free = free
        self._new_id = new_id
        self._round: dict[tuple[str, str], Hold] = {}
        self._limits: dict[str, int] = {}
        self._drafts = Nursery()

    async def take(self, ask: Ask, route: Route) -> Taken:
        """What the attempt costs at most: its part of a round, or asked for now.

        A call that no budget applies to waits for nobody: its draft is kept meanwhile, so that it
        is booked even if this process is killed. Raises Refused as `Books.admit`.
        """
        hold = self._round.pop((ask.call, route.spec.id), None) if self._round else None
        if hold is not None:
            return Taken(hold)
        hold = self._hold(ask, route)
        if hold is None:
            return Taken(None)
        if not hold.lines:
            self._drafts.start(self._keep((hold,)))
            return Taken(hold)
        began_s = self._clock.monotonic_s()
        await self._reserve(hold, route)
        return Taken(hold, self._clock.monotonic_s() - began_s)

    async def take_round(self, attempts: Sequence[tuple[Ask, Route]]) -> None:
        """All of them in one step, or nothing. Raises Refused as `Books.reserve_batch`."""
        holds = {
            (ask.call, route.spec.id): hold
            for ask, route in attempts
            if (hold := self._hold(ask, route)) is not None
        }
        wanted = tuple(holds.values())
        if not any(hold.lines for hold in wanted):
            if wanted:
                self._drafts.start(self._keep(wanted))
            self._round.update(holds)
            return
        try:
            await self._till.reserve(wanted)
        except asyncio.CancelledError:
            self._void(wanted)
            raise
        except BackendError:
            self._void(wanted)
            return
        self._round.update(holds)

    def release(self, calls: Iterable[str]) -> None:
        """Frees what a round set aside for these calls and nobody took."""
        done = set(calls)
        for key in [key for key in self._round if key[0] in done]:
            self._void((self._round.pop(key),))

    def level(
        self,
        *,
        session: str | None,
        user: str | None,
        scenario: str | None,
        session_limit_nano: int | None,
    ) -> Glide:
        """The glide for such a call, from the shares as last told; asks nobody."""
        if session_limit_nano is None and session is not None:
            session_limit_nano = self._limits.get(session)
        lines = self._plan.lines(
            session=session,
            user=user,
            scenario=scenario,
            session_limit_nano=session_limit_nano,
            now=self._clock.now(),
        )
        return self._till.level(lines)

    async def aclose(self) -> None:
        """Frees what no attempt took."""
        self.release({call for call, _ in self._round})
        await self._drafts.aclose()

    def _hold(self, ask: Ask, route: Route) -> Hold | None:
        """What would have to be set aside; None for a model that is free."""
        request, now = ask.request, self._clock.now()
        lease_s = SPOKEN_LEASE_S if request.spoken else LEASE_S
        return self._keeper.hold(
            ask,
            route,
            lines=self._lines(request),
            id=self._new_id(),
            at=now,
            expires_at=now + timedelta(seconds=lease_s),
        )

    def _lines(self, request: Request) -> tuple[BudgetLine, ...]:
        limit = request.session_limit_nano
        if limit is not None and request.session is not None:
            _remember(self._limits, request.session, limit)
        return self._plan.lines(
            session=request.session,
            user=request.user,
            scenario=request.scenario,
            session_limit_nano=limit,
            now=self._clock.now(),
        )

    async def _reserve(self, hold: Hold, route: Route) -> None:
        was_away = self._till.away
        try:
            await self._till.reserve((hold,))
        except asyncio.CancelledError:
            self._void((hold,))
            raise
        except BackendError as error:
            try:
                self._till.lease(hold, advanced=is_advanced(route))
            except Refused:
                if not was_away or isinstance(error, BackendTimeout):
                    self._void((hold,))
                raise

    async def _keep(self, holds: Sequence[Hold]) -> None:
        with suppress(BackendError):
            await self._till.reserve(holds)

    def _void(self, holds: Iterable[Hold]) -> None:
        """Frees what may be set aside for attempts that are not made."""
        for hold in holds:
            nothing = replace(hold.draft, usage=Usage(), cost_nano=0, fault="void")
            self._free(Booking(nothing, hold, void=True))


def _remember(known: dict[str, int], key: str, value: int) -> None:
    """Keeps the first value of the newest keys."""
    if key not in known:
        if len(known) >= _REMEMBERED:
            del known[next(iter(known))]
        known[key] = value
