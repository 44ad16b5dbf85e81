"""Books entries behind the calls' backs: settles them in the purse, adds them to the ledger.

Owns the queue, its bound, and what is done while purse or ledger is away. A settled entry stands
in the purse until the ledger has it, so that even a killed process loses none; what neither of them
has is left to a later process at the end.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.ledger.bookings import Prefixes
from services.llm.ledger.spool import Spool
from services.llm.ledger.till import Till
from services.llm.ledger.waiting import Booking
from services.llm.ports import LedgerStore, Observer
from services.llm.work import Row

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000

_GATHER_S = 0.03
_BATCH = 100
_AT_ONCE = 16
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.25, 5.0
_MOST_ROUNDS = 50


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
        spool: Spool | None = None,
    ) -> None:
        self._till = till
        self._ledger = ledger
        self._clock = clock
        self._observer = observer
        self._prefixes = prefixes
        self._spool = spool
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
        """Takes it; returns at once. Of a full queue the oldest are left to the spool, at the next
        flush; without one the oldest is let go, and told."""
        self._waiting.append(booking)
        if len(self._waiting) > MOST_WAITING * (2 if self._spool else 1):
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
            self._waiting = deque(b for b in self._waiting if not b.done)
            await self._forget(now)
            if len(self._waiting) > MOST_WAITING:
                await self._leave(MOST_WAITING - MOST_WAITING // 10)
            return settled and written

    async def recover(self) -> int:
        """Books what processes left at their end or death, of an earlier run too; how many."""
        return await self._finish() + await self._adopt()

    async def aclose(self, *, timeout_s: float) -> None:
        """Books the rest, for `timeout_s` at most; what is left then is for a later process."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not await self.flush():
                    if self._till.away and self._spool is not None:
                        break
                    await asyncio.sleep(0.1)
        async with self._lock:
            self._write_out()
            if self._waiting and not await self._leave(0):
                logger.error("llm.books_left_open", extra={"entries": self.waiting})

    async def _leave(self, most: int) -> bool:
        """Leaves all but `most` of them to a later process; whether it could."""
        if self._spool is None:
            return False
        oldest = list(self._waiting)[: len(self._waiting) - most]
        left = [booking for booking in oldest if not booking.in_purse]
        try:
            await asyncio.to_thread(self._spool.keep, left)
        except OSError as error:
            _tell_of_spool(error)
            return False
        gone = set(map(id, oldest))
        self._waiting = deque(b for b in self._waiting if id(b) not in gone)
        if oldest:
            facts = {"entries": len(left), "in_purse": len(oldest) - len(left)}
            logger.warning("llm.bookings_left", extra=facts)
        return True

    async def _finish(self) -> int:
        """Books what processes left in the spool."""
        spool, total = self._spool, 0
        try:
            files = await asyncio.to_thread(spool.files) if spool else []
            if spool and files:
                with spool.alone() as alone:
                    total = await self._finish_files(spool) if alone else 0
        except OSError as error:
            _tell_of_spool(error)
        if total:
            logger.info("llm.left_bookings_done", extra={"entries": total})
        return total

    async def _finish_files(self, spool: Spool) -> int:
        total = 0
        for file in await asyncio.to_thread(spool.files):
            found = await asyncio.to_thread(spool.read, file)
            await self._settle([b for b in found if not b.settled])
            await self._write([b for b in found if not b.written])
            left = [b for b in found if not (b.done or b.in_purse)]
            await asyncio.to_thread(spool.leave, file, left)
            await self._forget(found)
            total += len(found) - len(left)
            if left:
                break
        return total

    async def _adopt(self) -> int:
        """Books what dead processes left in the purse."""
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

    async def _forget(self, bookings: Iterable[Booking]) -> None:
        ids = [b.hold.id for b in bookings if b.done and b.hold is not None]
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
            if booking.in_purse:
                self._waiting.remove(booking)
                return
        self._waiting.popleft()
        self._observer.event("ledger_dropped")
        logger.error("llm.ledger_dropped")


def _tell_of_spool(error: OSError) -> None:
    logger.error("llm.spool_failed", extra={"cause": type(error).__name__})
