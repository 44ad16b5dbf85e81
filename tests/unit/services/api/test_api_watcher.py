"""The watcher on fakes: what it does to rooms, records and people."""

import asyncio
import json
import logging
from collections.abc import Callable

import pytest

from services.api.health import Pulse
from services.api.watcher import LEASE, Watcher
from services.core.errors import BackendError
from services.core.ids import new_room
from services.sessions.access import Casting, room_note
from services.sessions.records import Heartbeat, SessionStatus
from tests.fakes.parts import FakeParts
from tests.fakes.rooms import FakeRooms

CASTING = Casting(scenario="job-interview", language="en", user="ada")


class Studio:
    """A watcher, the rooms it looks at, and a job that may be killed."""

    def __init__(self) -> None:
        self.parts = FakeParts()
        self.rooms = FakeRooms()
        self.pulse = Pulse()
        self.counted: list[str] = []
        self.jobs = 0
        self.playing: dict[str, str] = {}
        self.room = new_room()
        self.watcher = self.another()

    def another(self, instance: str = "one") -> Watcher:
        return Watcher(
            rooms=self.rooms,
            store=self.parts.store,
            presence=self.parts.presence,
            clock=self.parts.clock,
            pulse=self.pulse,
            instance=instance,
            count=self.counted.append,
        )

    def person(self) -> None:
        self.rooms.join(self.room, "u-ada-00000000", metadata=room_note(CASTING))

    def hire(self) -> None:
        """From now on a worker takes what is dispatched."""

        def play(room: str, _: str) -> None:
            self.jobs += 1
            self.playing[room] = f"job-{self.jobs}"
            self.rooms.join(room, f"agent-{self.jobs}", agent=True)

        self.rooms.worker = play

    async def second(self, times: int = 1) -> None:
        for _ in range(times):
            for room, job in self.playing.items():
                beat = Heartbeat(
                    room=room, job_id=job, identity=job, beat_at=self.parts.clock.now()
                )
                await self.parts.presence.claim(beat, stale_after_s=3)
            await self.watcher.tick()
            self.parts.clock.advance(1)

    async def played(self) -> None:
        """A session that is being played."""
        await self.parts.session(self.room, user="ada")
        self.person()
        self.hire()
        await self.rooms.dispatch(self.room, CASTING.to_json())
        self.rooms.dispatched.clear()
        await self.second(2)

    async def told(self) -> list[str]:
        return [event.kind for event in await self.parts.store.events(self.room)]

    async def note(self) -> dict[str, str]:
        (room,) = await self.rooms.open_rooms()
        found: dict[str, str] = json.loads(room.metadata)["repartee"]
        return found


@pytest.fixture
def studio() -> Studio:
    return Studio()


async def test_s1_a_dispatch_that_was_lost_is_made_again_from_the_rooms_own_note(
    studio: Studio,
) -> None:
    studio.person()
    await studio.second(11)
    assert studio.rooms.dispatched == [(studio.room, CASTING.to_json())]
    assert (await studio.note())["status"] == "no_agent"
    assert studio.pulse.rooms_waiting == 1


async def test_s2_a_killed_job_is_replaced_with_the_recorded_scene(studio: Studio) -> None:
    await studio.played()
    studio.playing.clear()
    await studio.second(4)
    wanted = Casting(scenario="debat-tv", language="fr", user="ada")
    assert studio.rooms.dispatched == [(studio.room, wanted.to_json())]
    inside = await studio.rooms.participants(studio.room)
    assert [one.identity for one in inside if one.agent] == ["agent-2"]
    await studio.second(2)
    assert await studio.told() == ["agent_lost", "agent_back"]
    assert (await studio.note())["status"] == "agent_back"
    assert studio.counted == ["agent_lost", "agent_back"]


async def test_s1_without_any_worker_the_session_fails_and_its_room_is_deleted(
    studio: Studio,
) -> None:
    await studio.played()
    studio.playing.clear()
    studio.rooms.worker = None
    await studio.second(70)
    session = await studio.parts.store.get(studio.room)
    assert session
    assert (session.status, session.end_reason) == (SessionStatus.FAILED, "no_agent")
    assert await studio.told() == ["agent_lost", "ended"]
    assert studio.rooms.deleted == [studio.room]
    assert studio.pulse.rooms_waiting == 0


async def test_a_room_of_an_ended_session_that_stays_is_deleted(studio: Studio) -> None:
    await studio.played()
    studio.playing.clear()
    studio.rooms.leave(studio.room, "agent-1")
    await studio.parts.store.finish(
        studio.room, status=SessionStatus.ENDED, reason="learner", at=studio.parts.clock.now()
    )
    await studio.second(6)
    assert studio.rooms.deleted == [studio.room]


async def test_rooms_that_are_not_ours_are_left_alone(studio: Studio) -> None:
    studio.rooms.join("somebody-elses", "guest")
    await studio.second(30)
    assert studio.rooms.dispatched == []


async def test_a_room_without_a_note_gets_no_invented_scene(studio: Studio) -> None:
    studio.rooms.join(studio.room, "guest")
    await studio.second(20)
    assert studio.rooms.dispatched == []


async def test_two_processes_dispatch_once(studio: Studio) -> None:
    studio.person()
    other = studio.another("two")
    for _ in range(11):
        await studio.second()
        await other.tick()
    assert len(studio.rooms.dispatched) == 1


async def test_another_process_takes_over_when_the_leader_is_gone(studio: Studio) -> None:
    studio.person()
    await studio.second()
    studio.parts.clock.advance(6)
    studio.watcher = studio.another("two")
    await studio.second(11)
    assert len(studio.rooms.dispatched) == 1


async def test_a_store_that_was_away_makes_no_live_cast_look_dead(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.played()
    with monkeypatch.context() as broken:
        broken.setattr(studio.parts.presence, "get", failing(BackendError("away")))
        await studio.watcher.step()
        studio.parts.clock.advance(20)
    await studio.second(3)
    assert studio.rooms.dispatched == []
    assert studio.counted == ["fault"]


def failing(error: Exception) -> Callable[[str], object]:
    async def get(_: str) -> None:
        raise error

    return get


@pytest.mark.parametrize("error", [BackendError("down"), RuntimeError("a bug")])
async def test_a_fault_is_logged_and_counted_and_the_watch_goes_on(
    studio: Studio,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    monkeypatch.setattr(studio.rooms, "open_rooms", lambda: failing(error)(""))
    with caplog.at_level(logging.WARNING):
        await studio.watcher.step()
    assert studio.counted == ["fault"]
    assert "watcher.blind" in caplog.messages


async def test_the_lead_is_left_at_the_end(studio: Studio) -> None:
    task = asyncio.create_task(studio.watcher.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    lease = await studio.parts.presence.get(LEASE)
    assert lease
    assert lease.released
