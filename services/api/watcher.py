"""The agent watcher as a task: looks at every room once a second and does what `watch` decides.

Several app processes may run it: one leads, by a lease in the presence store, the others wait. A
tick that fails forgets what was seen: what could not be looked at is not held against a cast.
"""

import asyncio
import logging
from collections.abc import Callable

from services.api.health import Pulse
from services.core.clock import Clock
from services.core.errors import BackendError
from services.core.ids import is_room
from services.sessions import watch
from services.sessions.access import Casting, noted_casting, room_note
from services.sessions.ports import Presence, SessionStore
from services.sessions.records import Heartbeat, SessionEvent, SessionRecord, SessionStatus
from services.sessions.rooms import LiveRoom, Rooms

TICK_S = 1.0
LEASE = "watcher"
"""Key of the lease among the heartbeats; no room has that shape."""
LEASE_STALE_S = 5.0
NO_AGENT = "no_agent"
"""Reason of a session that was given up."""

log = logging.getLogger(__name__)


class Watcher:
    """Keeps a cast in every room where a person waits."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        store: SessionStore,
        presence: Presence,
        clock: Clock,
        pulse: Pulse,
        instance: str,
        count: Callable[[str], None],
    ) -> None:
        """`count` is told `fault` of a tick, or the status that a room has come to."""
        self._rooms = rooms
        self._store = store
        self._presence = presence
        self._clock = clock
        self._pulse = pulse
        self._instance = instance
        self._count = count
        self._memory: dict[str, watch.Watched] = {}
        self._blinded_by: str | None = None

    async def run(self) -> None:
        """Looks until cancelled; then leaves the lead to another process."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(TICK_S)
        finally:
            await self._step_down()

    async def tick(self) -> None:
        """One look at all rooms, and what follows from it. Raises BackendError."""
        rooms = await self._rooms.open_rooms()
        self._pulse.livekit_ok_s = self._clock.monotonic_s()
        if not await self._leads():
            self._memory.clear()
            return
        ours = [room for room in rooms if is_room(room.name)]
        self._memory = {r.name: self._memory[r.name] for r in ours if r.name in self._memory}
        for room in ours:
            await self._look(room)
        self._pulse.rooms_waiting = sum(w.trouble_s is not None for w in self._memory.values())

    async def step(self) -> None:
        """A tick that survives every fault, and says so."""
        try:
            await self.tick()
        except BackendError as error:
            self._blind(str(error))
        except Exception:
            log.exception("watcher.fault")
            self._blind("unexpected")
        else:
            self._see()

    def _blind(self, cause: str) -> None:
        """Counts every fault, and logs the first of a row."""
        self._count("fault")
        self._memory.clear()
        if self._blinded_by != cause:
            log.warning("watcher.blind", extra={"cause": cause})
        self._blinded_by = cause

    def _see(self) -> None:
        if self._blinded_by is not None:
            log.info("watcher.sees_again")
        self._blinded_by = None

    async def _leads(self) -> bool:
        beat = Heartbeat(
            room=LEASE, job_id=self._instance, identity="api", beat_at=self._clock.now()
        )
        return await self._presence.claim(beat, stale_after_s=LEASE_STALE_S)

    async def _step_down(self) -> None:
        try:
            await self._presence.release(LEASE, self._instance)
        except BackendError as error:
            log.warning("watcher.lease_kept", extra={"reason": type(error).__name__})

    async def _look(self, room: LiveRoom) -> None:
        inside = await self._rooms.participants(room.name)
        beat = await self._presence.get(room.name)
        session = await self._store.get(room.name)
        sight = watch.Sight(
            room=room.name,
            people=sum(not one.agent for one in inside),
            agents=tuple(one.identity for one in inside if one.agent),
            beat_at=beat.beat_at if beat else None,
            job=beat.job_id if beat else None,
            ended=session is not None and session.status is not SessionStatus.LIVE,
        )
        seen, actions = watch.decide(sight, self._memory.get(room.name), self._clock.monotonic_s())
        if seen is None:
            self._memory.pop(room.name, None)
        else:
            self._memory[room.name] = seen
        for action in actions:
            await self._act(action, room, session)

    async def _act(
        self, action: watch.Action, room: LiveRoom, session: SessionRecord | None
    ) -> None:
        match action:
            case watch.Tell(status=status):
                await self._tell(status, room, session)
            case watch.Remove(agents=agents):
                log.warning("watcher.ghost_removed", extra={"room": room.name, "n": len(agents)})
                for identity in agents:
                    await self._rooms.remove(room.name, identity)
            case watch.Dispatch():
                await self._dispatch(room, session)
            case watch.Delete():
                log.info("watcher.room_deleted", extra={"room": room.name})
                await self._rooms.delete(room.name)

    async def _dispatch(self, room: LiveRoom, session: SessionRecord | None) -> None:
        casting = _casting(room, session)
        if casting is None:
            log.warning("watcher.unknown_room", extra={"room": room.name})
            return
        log.info("watcher.dispatched", extra={"room": room.name})
        await self._rooms.dispatch(room.name, casting.to_json())

    async def _tell(
        self, status: watch.Status, room: LiveRoom, session: SessionRecord | None
    ) -> None:
        log.warning("watcher.told", extra={"room": room.name, "status": status.value})
        self._count(status.value)
        casting = _casting(room, session)
        if casting is not None:
            await self._rooms.note(room.name, room_note(casting, status.value))
        if session is None:
            return
        now = self._clock.now()
        if status is not watch.Status.FAILED:
            await self._store.add_event(SessionEvent(room=room.name, kind=status.value, at=now))
            return
        failed = SessionStatus.FAILED
        facts = {"reason": NO_AGENT, "status": failed.value}
        await self._store.add_event(SessionEvent(room=room.name, kind="ended", at=now, data=facts))
        await self._store.finish(room.name, status=failed, reason=NO_AGENT, at=now)


def _casting(room: LiveRoom, session: SessionRecord | None) -> Casting | None:
    """What is to be played there: as recorded, else as the room's own note says."""
    if session is None:
        return noted_casting(room.metadata)
    return Casting(scenario=session.scenario_id, language=session.language, user=session.user)
