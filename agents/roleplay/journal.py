"""The session's memory on disk: every turn and event, written in order.

Owns the queue between a voice that must not wait and a store that may be slow or gone. A write
that fails is tried again until it succeeds or the job ends: nothing that was heard is lost.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.core.clock import Clock
from services.core.errors import NotFound, ServiceError
from services.sessions.ports import SessionStore
from services.sessions.records import SessionEvent, SessionStatus, TurnRecord

RETRY_S = 0.5

log = logging.getLogger(__name__)

_Write = Callable[[], Awaitable[object]]


class Journal:
    """Writes for one room. The methods return at once; `drain` waits for the writes."""

    def __init__(
        self,
        store: SessionStore,
        clock: Clock,
        *,
        room: str,
        told: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        """`told` hears of each event by its kind and data, at once, and of what is only counted."""
        self._store = store
        self._clock = clock
        self._room = room
        self._told = told
        self._writes: asyncio.Queue[_Write] = asyncio.Queue()

    def turn(self, turn: TurnRecord, *, scene: dict[str, Any]) -> None:
        """A turn that was heard, with the scene as it stood after it."""
        self._put(lambda: self._store.save_turn(turn, room=self._room, scene=scene))

    def scene(self, scene: dict[str, Any]) -> None:
        """The scene as it stands, when it changed without a word."""
        self._put(lambda: self._store.save_turn(None, room=self._room, scene=scene))

    def event(self, kind: str, data: Mapping[str, Any] | None = None) -> None:
        """Something that happened, without a word of what was said."""
        self.tell(kind, data or {})
        event = SessionEvent(
            room=self._room, kind=kind, at=self._clock.now(), data=dict(data or {})
        )
        self._put(lambda: self._store.add_event(event))

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Something that is counted while it happens, and not kept."""
        if self._told is not None:
            self._told(kind, data)

    def finish(self, status: SessionStatus, reason: str) -> None:
        """The session's end, and the event that tells of it, unless somebody else ended it."""
        at, ours = self._clock.now(), False
        data = {"reason": reason, "status": str(status)}
        event = SessionEvent(room=self._room, kind="ended", at=at, data=data)

        async def end() -> None:
            nonlocal ours
            ours |= await self._store.finish(self._room, status=status, reason=reason, at=at)
            if ours:
                await self._store.add_event(event)

        self._put(end)

    async def run(self) -> None:
        """Writes until cancelled. One task a session."""
        while True:
            write = await self._writes.get()
            await self._until_written(write)
            self._writes.task_done()

    async def drain(self, timeout_s: float) -> bool:
        """Waits until everything is written; False when time ran out."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._writes.join()
        except TimeoutError:
            log.error("journal.not_drained", extra={"waiting": self._writes.qsize()})
            return False
        return True

    async def _until_written(self, write: _Write) -> None:
        while True:
            try:
                await write()
            except NotFound:
                log.exception("journal.no_session", extra={"room": self._room})
                return
            except ServiceError as error:
                log.warning("journal.write_failed", extra={"error": type(error).__name__})
                await asyncio.sleep(RETRY_S)
            else:
                return

    def _put(self, write: _Write) -> None:
        self._writes.put_nowait(write)
