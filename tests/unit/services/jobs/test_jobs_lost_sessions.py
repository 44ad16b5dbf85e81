"""A session whose room and job are gone does not stay live for ever."""

from datetime import datetime, timedelta

import pytest

from services.core.errors import BackendError
from services.jobs.lost_sessions import GRACE, end_lost_sessions
from services.sessions.records import Heartbeat, SessionRecord, SessionStatus
from tests.fakes.clock import FakeClock
from tests.fakes.rooms import FakeRooms
from tests.fakes.store import FakePresence, FakeSessionStore

LONG = GRACE + timedelta(minutes=1)


class House:
    """A store with one session that began at `started_at`, and what surrounds it."""

    def __init__(self) -> None:
        self.clock, self.rooms = FakeClock(), FakeRooms()
        self.store, self.presence = FakeSessionStore(), FakePresence()

    async def begin(self, room: str, at: datetime) -> None:
        await self.store.open(
            SessionRecord(
                room=room,
                user="ana",
                scenario_id="debat-tv",
                scenario_hash="ab" * 32,
                scenario_text="schema: 1",
                language="fr",
                started_at=at,
            )
        )

    async def beat(self, room: str, at: datetime) -> None:
        beat = Heartbeat(room=room, job_id="j", identity="agent-1", beat_at=at)
        await self.presence.claim(beat, stale_after_s=3)

    async def end_lost(self) -> int:
        return await end_lost_sessions(self.store, self.presence, self.rooms, self.clock)

    async def status(self, room: str) -> SessionStatus:
        session = await self.store.get(room)
        assert session
        return session.status


async def test_a_session_without_room_or_sign_of_life_is_ended_as_lost() -> None:
    house = House()
    await house.begin("s-1", house.clock.now() - LONG)
    await house.beat("s-1", house.clock.now() - LONG)
    assert await house.end_lost() == 1
    session = await house.store.get("s-1")
    assert session
    assert (session.status, session.end_reason) == (SessionStatus.FAILED, "lost")
    assert await house.end_lost() == 0


async def test_a_room_that_is_open_is_left_to_the_watcher() -> None:
    house = House()
    await house.begin("s-1", house.clock.now() - LONG)
    house.rooms.join("s-1", "u-ana")
    assert await house.end_lost() == 0
    assert await house.status("s-1") is SessionStatus.LIVE


async def test_a_job_that_beats_keeps_its_session() -> None:
    house = House()
    await house.begin("s-1", house.clock.now() - LONG)
    await house.beat("s-1", house.clock.now() - timedelta(seconds=1))
    assert await house.end_lost() == 0


async def test_a_young_session_may_still_be_joined() -> None:
    house = House()
    await house.begin("s-1", house.clock.now() - timedelta(minutes=1))
    assert await house.end_lost() == 0


async def test_nothing_is_ended_while_livekit_is_silent() -> None:
    house = House()
    await house.begin("s-1", house.clock.now() - LONG)
    house.rooms.down = True
    with pytest.raises(BackendError):
        await house.end_lost()
    assert await house.status("s-1") is SessionStatus.LIVE
