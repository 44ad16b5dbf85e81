"""The money side of every call: what it may cost is set aside, what it cost is booked.

Owns the way of an attempt from its admission to its entry. What is set aside for it is the holds'
part, booking is the writer's, what budgets say is the till's. Nothing here waits for the ledger.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from services.core.clock import Clock
from services.llm.entry import LedgerEntry
from services.llm.ledger.bookings import Bookkeeper, Prefixes, Prices
from services.llm.ledger.budgets import BudgetPlan
from services.llm.ledger.glide import Glide
from services.llm.ledger.holds import Holds
from services.llm.ledger.spool import Spool
from services.llm.ledger.till import Till, UsedUp
from services.llm.ledger.waiting import Booking, Prompt
from services.llm.ledger.writer import Writer
from services.llm.ports import LedgerStore, Observer, Purse, Route
from services.llm.spec import ModelSpec
from services.llm.work import Ask, AttemptEnd, Row, Ticket

logger = logging.getLogger(__name__)

_RECOVER_S = 10.0
_LOOK_S = 2.0


def new_entry_id() -> str:
    """96 random bits."""
    return secrets.token_hex(12)


class Books:
    """`work.Accounts` over a purse and a ledger; one for a process.

    `run` books in the background and takes over what other processes left; `aclose` books the rest.
    `advanced` is the model whose list price is the counterfactual. `spool` is a folder for what
    cannot be booked before this process ends; None: that is lost, and told.
    """

    def __init__(
        self,
        *,
        purse: Purse,
        ledger: LedgerStore,
        prices: Prices,
        plan: BudgetPlan,
        clock: Clock,
        observer: Observer,
        advanced: ModelSpec | None = None,
        prefixes: Prefixes | None = None,
        spool: Path | None = None,
        new_id: Callable[[], str] = new_entry_id,
    ) -> None:
        self._plan = plan
        self._clock = clock
        self._observer = observer
        self._prefixes = prefixes
        self._new_id = new_id
        self._till = Till(purse, observer)
        self._writer = Writer(
            till=self._till,
            ledger=ledger,
            clock=clock,
            observer=observer,
            prefixes=prefixes,
            spool=None if spool is None else Spool(spool),
        )
        self._keeper = Bookkeeper(prices, advanced=advanced)
        self._holds = Holds(
            till=self._till,
            keeper=self._keeper,
            plan=plan,
            clock=clock,
            free=self._writer.put,
            new_id=new_id,
        )

    @property
    def waiting(self) -> int:
        """Entries that are not in the ledger yet."""
        return self._writer.waiting

    @property
    def purse_away(self) -> bool:
        """Whether budgets cannot be asked now."""
        return self._till.away

    async def admit(self, ask: Ask, route: Route) -> Ticket:
        """Sets aside what the attempt costs at most.

        While the purse is away it is let through by a local lease. Cancelled, it holds nothing.

        Raises:
            Refused: `budget:<scope>`, or `budget:away` when the lease is used up too.
        """
        predicted = self._predicted(ask, route)
        hold, reserve_s = await self._holds.take(ask, route)
        return Ticket(
            ask=ask, route=route, hold=hold, predicted_tokens=predicted, reserve_s=reserve_s
        )

    def close(self, ticket: Ticket, end: AttemptEnd) -> LedgerEntry:
        """The attempt's entry; it is settled and booked in the background."""
        hold = ticket.hold
        if hold is not None:
            id, at = hold.id, hold.draft.at
        else:
            id = self._new_id()
            at = self._clock.now() - timedelta(seconds=min(max(end.total_s, 0.0), 86_400.0))
        entry = self._keeper.entry(
            ticket,
            end,
            id=id,
            at=at,
            fallback=ticket.ask.wanted not in {"", ticket.route.spec.id},
            lived_s=self._clock.monotonic_s() - ticket.ask.began_s,
        )
        if hold is not None:
            self._till.spend(hold, entry.cost_nano)
        prompt = None
        if end.billable and self._prefixes is not None:
            now_s = self._clock.monotonic_s()
            prompt = Prompt(ticket.route.spec.id, ticket.ask.request.messages, now_s)
        self._writer.put(Booking(entry, hold, prompt=prompt))
        return entry

    def note(self, row: Row) -> None:
        """Books an answer that no attempt made: cached, deck, understudy."""
        self._writer.put_row(row)

    async def reserve_batch(self, attempts: Sequence[tuple[Ask, Route]]) -> None:
        """Sets all of a parallel round aside in one step; `admit` then finds each one's part.

        When the round is over, `release` frees what was not used. While the purse is away nothing
        is set aside, and each attempt is admitted by itself.

        Raises:
            Refused: `budget:<scope>`: together they are too much; nothing is held.
        """
        await self._holds.take_round(attempts)

    def release(self, calls: Iterable[str]) -> None:
        """Frees what `reserve_batch` set aside for these calls and nobody was admitted for."""
        self._holds.release(calls)

    def level(
        self,
        *,
        session: str | None,
        user: str | None,
        scenario: str | None,
        session_limit_nano: int | None = None,
    ) -> Glide:
        """The glide for such a call, from the shares as last told; asks nobody."""
        return self._holds.level(
            session=session,
            user=user,
            scenario=scenario,
            session_limit_nano=session_limit_nano,
        )

    async def exhausted(
        self, *, user: str | None = None, scenario: str | None = None
    ) -> UsedUp | None:
        """The first budget so full that a new session would get written words only.

        None when there is money, and when the purse is away: a session then has its local lease.
        """
        lines = self._plan.lines(user=user, scenario=scenario, now=self._clock.now())
        return await self._till.used_up(lines)

    async def run(self) -> None:
        """Books, looks at full budgets and takes over from dead processes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._supervised(self._writer.run, 0.0), name="books-writer")
            tasks.create_task(self._supervised(self.recover, _RECOVER_S), name="books-recover")
            tasks.create_task(self._supervised(self._look, _LOOK_S), name="books-look")

    async def recover(self) -> int:
        """Books what other processes left in the purse and the spool; how many entries."""
        return await self._writer.recover()

    async def flush(self) -> bool:
        """Books what waits now; whether nothing of it is left."""
        return await self._writer.flush()

    async def aclose(self, *, timeout_s: float = 3.0) -> None:
        """Books the rest, for `timeout_s` at most; what purse or ledger did not take is left to the
        next process of this data folder."""
        await self._holds.aclose()
        await self._writer.aclose(timeout_s=timeout_s)

    def _predicted(self, ask: Ask, route: Route) -> int:
        if self._prefixes is None:
            return 0
        now_s = self._clock.monotonic_s()
        return self._prefixes.predicted(route.spec.id, ask.request.messages, now_s)

    async def _look(self) -> None:
        await self._till.refresh(self._clock.now())

    async def _supervised(self, work: Callable[[], Awaitable[object]], every_s: float) -> None:
        """Repeats it until cancelled; what it raises is told and does not end the others."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("llm.books_failed")
                self._observer.event("books_failed")
                await asyncio.sleep(_LOOK_S)
            await asyncio.sleep(every_s)
