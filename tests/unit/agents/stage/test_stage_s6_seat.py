"""S6: one job plays a room; a second one is turned away, until the first leaves or falls silent."""

import asyncio
from collections.abc import Iterator

import pytest

from agents.errors import RoomTaken
from agents.stage.seat import BEAT_S, STALE_S, Seat
from services.core.errors import BackendError
from tests.fakes.clock import LoopClock
from tests.fakes.store import FakePresence


class Jobs:
    """Jobs that are sent to one room."""

    def __init__(self) -> None:
        self.presence = FakePresence()
        self.lives: list[asyncio.Task[None]] = []

    def seat(self, job: str) -> Seat:
        return Seat(self.presence, LoopClock(), room="s-1", job_id=job, identity=f"agent-{job}")

    async def plays(self, job: str) -> tuple[Seat, asyncio.Task[None]]:
        seat = self.seat(job)
        await seat.take()
        self.lives.append(asyncio.create_task(seat.keep()))
        return seat, self.lives[-1]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    opened = Jobs()
    yield opened
    for one in opened.lives:
        one.cancel()


async def holder(jobs: Jobs) -> str:
    beat = await jobs.presence.get("s-1")
    assert beat is not None
    return beat.job_id


async def test_s6_a_second_dispatch_is_turned_away_however_long_the_first_plays(
    jobs: Jobs,
) -> None:
    await jobs.plays("a")
    for _ in range(20):
        await asyncio.sleep(STALE_S)
        with pytest.raises(RoomTaken):
            await jobs.seat("b").take()
    assert await holder(jobs) == "a"


async def test_s6_the_room_is_free_when_its_job_has_left(jobs: Jobs) -> None:
    first, _ = await jobs.plays("a")
    await first.leave()
    await jobs.seat("b").take()
    assert await holder(jobs) == "b"


async def test_s6_a_job_that_shows_no_life_loses_the_room_and_stops_claiming_it(
    jobs: Jobs,
) -> None:
    first = jobs.seat("a")
    await first.take()
    await asyncio.sleep(STALE_S + BEAT_S)
    await jobs.plays("b")
    await asyncio.wait_for(first.keep(), 2 * BEAT_S)
    await first.leave()
    assert await holder(jobs) == "b"
    with pytest.raises(RoomTaken):
        await jobs.seat("c").take()


async def test_s6_a_store_that_is_away_for_a_moment_gives_the_room_to_nobody(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise BackendError("the store cannot be reached")

    _, life = await jobs.plays("a")
    with monkeypatch.context() as patch:
        patch.setattr(jobs.presence, "beat", away)
        await asyncio.sleep(STALE_S - BEAT_S)
    await asyncio.sleep(BEAT_S)
    assert not life.done()
    with pytest.raises(RoomTaken):
        await jobs.seat("b").take()
