"""Books entries behind the calls' backs: settles them in the purse, adds them to the ledger.

Owns the queue, its bound, and what is done while purse or ledger is away. A settled entry stands
in the purse until the ledger has it, so that even a killed process loses none.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.entry import LedgerEntry
from services.llm.ledger.bookings import Prefixes
from services.llm.ledger.till import Till
from services.llm.ports import Hold, LedgerStore, Observer
from services.llm.request import Message
from services.llm.work import Row

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000

_GATHER_S = 0.03
_BATCH = 100
_AT_ONCE = 16
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.25, 5.0
_MOST_ROUNDS = 50


class Prompt(NamedTuple):
    """What a vendor read, and when (monotonic seconds)."""

    route_id: str
    messages: Sequence[Message]
    at_s: float


@dataclass(slots=True, eq=False)
class Booking:
    """An entry on its way. `hold` None: no budget was drawn on. `void`: the attempt was never made,
    so that its hold is freed and nothing is booked."""

    entry: LedgerEntry
    hold: Hold | None = None
    void: bool = False
    prompt: Prompt | None = None
    settled: bool = False
    written: bool = False
    seen: bool = False

    def __post_init__(self) -> None:
        self.settled = self.hold is None
        self.written = self.void


class Writer:
    """The queue and the task that empties it."""

    def __init__(
        self,
        *,
        till: Till,
        ledger: LedgerStore,
        clock: Clock,
        observer: Observer,
        prefixes: Prefixes | None = None,
    ) -> None:
        self._till = till
        self._ledger = ledger
        self._clock = clock
        self._observer = observer
        self._prefixes = prefixes
        self._waiting: deque[Booking] = deque()
        self._rows: deque[Row] = deque()
        self._wake = asyncio.Event()
        self._lock = asyncio.Lock()
        self._ledger_away = False

    @property
    def waiting(self) -> int:
        """Entries that are not booked yet."""
        return len(self._waiting) + len(self._rows)

    def put(self, booking: Booking) -> None:
        """Takes it; returns at once. When the queue is full the oldest is let go, and told."""
        self._waiting.append(booking)
        if len(self._waiting) > MOST_WAITING:
            self._let_go()
        self._wake.set()

    def put_row(self, row: Row) -> None:
        """Takes the entry of an answer that drew on no budget, to be written out later."""
        self._rows.append(row)
        if self.waiting > MOST_WAITING:
            self._write_out()
        self._wake.set()

    async def run(self) -> None:
        """Books what comes until it is cancelled; while something is away, less and less often."""
        pause_s = _FIRST_PAUSE_S
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            if await self.flush():
                pause_s = _FIRST_PAUSE_S
                continue
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LAST_PAUSE_S)
            self._wake.set()

    async def flush(self) -> bool:
        """Books what waits now; whether nothing of it is left."""
        async with self._lock:
            self._write_out()
            now = list(self._waiting)
            self._tell(now)
            settled = await self._settle([b for b in now if not b.settled])
            written = await self._write([b for b in now if not b.written])
            done = [b for b in now if b.settled and b.written]
            self._waiting = deque(b for b in self._waiting if not (b.settled and b.written))
            await self._forget(done)
            return settled and written

    async def recover(self) -> int:
        """Books what dead processes left in the purse, theirs or of an earlier run; how many."""
        total = 0
        for _ in range(_MOST_ROUNDS):
            orphans = await self._till.orphans(self._clock.now())
            if not orphans:
                break
            ours = {booking.entry.id for booking in self._waiting}
            found = [Booking(entry) for entry in orphans]
            self._tell(b for b in found if b.entry.id not in ours)
            await self._write(found)
            written = [b.entry.id for b in found if b.written]
            await self._till.booked(written)
            total += len(written)
            if len(written) < len(found):
                break
        if total:
            logger.info("llm.orphans_booked", extra={"entries": total})
        return total

    def _write_out(self) -> None:
        while self._rows:
            self.put(Booking(self._rows.popleft()()))

    def _tell(self, bookings: Iterable[Booking]) -> None:
        for booking in bookings:
            if not booking.seen:
                booking.seen = True
                if not booking.void:
                    self._observer.entry(booking.entry)
                if booking.prompt is not None and self._prefixes is not None:
                    self._prefixes.sent(*booking.prompt)

    async def _settle(self, bookings: Sequence[Booking]) -> bool:
        """Settles them, one first: it finds out whether the purse answers."""
        start = 0
        while start < len(bookings):
            some = bookings[start : start + (_AT_ONCE if start else 1)]
            await asyncio.gather(*(self._settle_one(booking) for booking in some))
            if not all(booking.settled for booking in some):
                return False
            start += len(some)
        return True

    async def _settle_one(self, booking: Booking) -> None:
        if booking.hold is not None:
            booking.settled = await self._till.settle(booking.hold, booking.entry)

    async def _write(self, bookings: Sequence[Booking]) -> bool:
        for start in range(0, len(bookings), _BATCH):
            batch = bookings[start : start + _BATCH]
            try:
                await self._ledger.add([booking.entry for booking in batch])
            except BackendError as error:
                if error.retryable or not await self._write_singly(batch):
                    self._mark_away(error)
                    return False
            for booking in batch:
                booking.written = True
        if bookings and self._ledger_away:
            self._ledger_away = False
            logger.info("llm.ledger_back")
            self._observer.event("ledger_back")
        return True

    async def _write_singly(self, batch: Sequence[Booking]) -> bool:
        """Finds the entry that no ledger takes: it is told and given up, the others are booked."""
        for booking in batch:
            try:
                await self._ledger.add([booking.entry])
            except BackendError as error:
                if error.retryable:
                    return False
                logger.error("llm.entry_refused", extra={"entry": booking.entry.id})
                self._observer.event("ledger_refused")
            booking.written = True
        return True

    async def _forget(self, done: Sequence[Booking]) -> None:
        ids = [booking.hold.id for booking in done if booking.hold is not None]
        for start in range(0, len(ids), _BATCH):
            await self._till.booked(ids[start : start + _BATCH])

    def _mark_away(self, error: BackendError) -> None:
        if not self._ledger_away:
            self._ledger_away = True
            logger.error("llm.ledger_away", extra={"code": error.code, "waiting": self.waiting})
            self._observer.event("ledger_away")

    def _let_go(self) -> None:
        """What the purse keeps comes back as an orphan; anything else is lost, and told."""
        for booking in self._waiting:
            if booking.settled and booking.hold is not None:
                self._waiting.remove(booking)
                return
        self._waiting.popleft()
        self._observer.event("ledger_dropped")
        logger.error("llm.ledger_dropped")
