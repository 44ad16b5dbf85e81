"""Equal calls at the same time: one of them is made, and all get its words (failures.md C4).

A flight is an answer under way. Who asks for the same while it flies takes a seat in it, and hears
it from its first piece. It is ended early only when nobody is left aboard.
"""

import asyncio
import logging
from collections.abc import Callable

from services.llm.work import Made, Work

logger = logging.getLogger(__name__)

Landed = Callable[[Made], None]
"""Told of a finished answer before an equal call can start another: the moment to keep it."""


class Flights:
    """The answers under way in this process, by key."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Flight] = {}
        self._flying: set[_Flight] = set()

    def board(
        self, key: str | None, make: Callable[[], Work], *, landed: Landed | None = None
    ) -> "Seat":
        """A seat in the flight of that key; a new one from `make()` when there is none.

        None as the key is never shared. `landed` counts only for the one who is first; it is called
        in the event loop when the work ended by itself, and must not block or raise.
        """
        flight = self._under_way.get(key) if key is not None else None
        first = flight is None
        if flight is None:
            flight = _Flight(make(), landed, over=lambda flight: self._forget(key, flight))
            self._flying.add(flight)
            if key is not None:
                self._under_way[key] = flight
        return Seat(flight, first=first)

    async def aclose(self) -> None:
        """Ends all that fly."""
        tasks = [flight.abort() for flight in tuple(self._flying)]
        if tasks:
            await asyncio.wait(tasks)

    def _forget(self, key: str | None, flight: "_Flight") -> None:
        """Told twice: when a flight takes nobody aboard any more, and when its task is over."""
        if key is not None and self._under_way.get(key) is flight:
            del self._under_way[key]
        if flight.ended:
            self._flying.discard(flight)


class Seat:
    """A place in a flight: an async iterator of its pieces, from the first one on.

    Whoever took it calls `leave`, also after the last piece. It stops when the answer has ended.
    """

    __slots__ = ("_flight", "_left", "_next", "first")

    def __init__(self, flight: "_Flight", *, first: bool) -> None:
        flight.aboard += 1
        self.first = first
        self._flight = flight
        self._next = 0
        self._left = False

    @property
    def made(self) -> Made:
        """The answer; while it flies, what there is of it."""
        return self._flight.work.made

    def __aiter__(self) -> "Seat":
        return self

    async def __anext__(self) -> str:
        flight = self._flight
        while self._next == len(flight.pieces) or self._left:
            if flight.error is not None and not self._left:
                raise flight.error
            if flight.ended or self._left:
                raise StopAsyncIteration
            await flight.change()
        piece = flight.pieces[self._next]
        self._next += 1
        return piece

    async def leave(self) -> None:
        """Gives the seat up; the last one to leave ends the work and waits until it has ended.

        May be repeated. Being cancelled while waiting does not stop the end.
        """
        flight = self._flight
        if not self._left:
            self._left = True
            flight.aboard -= 1
        if not flight.aboard and not flight.ended:
            await asyncio.wait({flight.abort()})


class _Flight:
    """One work, its pieces so far, and who waits for the next."""

    __slots__ = (
        "_aborted", "_landed", "_over", "_task", "_waiting",
        "aboard", "ended", "error", "pieces", "work",
    )  # fmt: skip

    def __init__(
        self, work: Work, landed: Landed | None, *, over: Callable[["_Flight"], None]
    ) -> None:
        self.work = work
        self.pieces: list[str] = []
        self.aboard = 0
        self.ended = False
        self.error: Exception | None = None
        self._aborted = False
        self._landed = landed
        self._over = over
        self._waiting: list[asyncio.Future[None]] = []
        self._task = asyncio.create_task(self._fly())
        self._task.add_done_callback(self._end)

    async def change(self) -> None:
        """Returns when there is another piece or the end."""
        waiter: asyncio.Future[None] = self._task.get_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def abort(self) -> "asyncio.Task[None]":
        """Cancels the work, once, and takes nobody aboard any more; the task that ends with it."""
        if not self._aborted:
            self._aborted = True
            self._task.cancel()
            self._over(self)
        return self._task

    async def _fly(self) -> None:
        made = await self.work.run(self._emit)
        if self._landed is not None:
            self._landed(made)

    def _emit(self, piece: str) -> None:
        self.pieces.append(piece)
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def _end(self, task: "asyncio.Task[None]") -> None:
        """The task is over, however: all that wait are told, and the key is free."""
        self.ended = True
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.error = error
            logger.error("flight.failed", exc_info=error)
        self._over(self)
        self._wake()
