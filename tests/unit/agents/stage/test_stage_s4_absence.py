"""S4: a person who drops is waited for as long as the scene allows, and it ends once at most."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from agents.stage.participants import Learner

ABSENCE_S = 25.0
SAM_1, SAM_2 = "u-sam-00000001", "u-sam-00000002"
KIM_1, KIM_2 = "u-kim-00000001", "u-kim-00000002"


class Room:
    """Who is connected, and whom that is told."""

    def __init__(self) -> None:
        self.remote_participants: dict[str, SimpleNamespace] = {}
        self._told: dict[str, list[Callable[[Any], None]]] = {}

    def on(self, event: str, told: Callable[[Any], None]) -> None:
        self._told.setdefault(event, []).append(told)

    def comes(self, identity: str) -> None:
        one = self.remote_participants[identity] = SimpleNamespace(identity=identity)
        for told in self._told.get("participant_connected", []):
            told(one)

    def goes(self, identity: str) -> None:
        one = self.remote_participants.pop(identity)
        for told in self._told.get("participant_disconnected", []):
            told(one)


class Seat:
    """A learner in their room, and what was told of them: (what, at which second)."""

    def __init__(self) -> None:
        self.room = Room()
        self.learner = Learner(cast("rtc.Room", self.room), user="sam")
        self.told: list[tuple[str, float]] = []
        self.away_s: list[float] = []

    async def taken(self, *, absence_s: float = ABSENCE_S) -> "Seat":
        self.room.comes(SAM_1)
        assert await self.learner.come(1.0)
        self.watch(absence_s=absence_s)
        return self

    def watch(self, *, absence_s: float = ABSENCE_S) -> None:
        def back(away_s: float) -> None:
            self.tell("back")
            self.away_s.append(away_s)

        self.learner.watch(
            on_left=lambda: self.tell("left"),
            on_back=back,
            on_gave_up=lambda: self.tell("gave up"),
            absence_s=absence_s,
        )

    def tell(self, what: str) -> None:
        self.told.append((what, asyncio.get_running_loop().time()))


@pytest.fixture
async def seat(monkeypatch: pytest.MonkeyPatch) -> Seat:
    """`time.monotonic` of the module is the loop's, which is virtual."""
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    monkeypatch.setattr("agents.stage.participants.time", clock)
    return Seat()


async def test_s4_who_drops_for_ten_seconds_keeps_the_session(seat: Seat) -> None:
    await seat.taken()
    seat.room.goes(SAM_1)
    await asyncio.sleep(10)
    seat.room.comes(SAM_1)
    await asyncio.sleep(10 * ABSENCE_S)
    assert seat.told == [("left", 0.0), ("back", 10.0)]
    assert seat.away_s == [10.0]


async def test_s4_who_comes_back_under_another_identity_has_the_same_seat(seat: Seat) -> None:
    await seat.taken()
    seat.room.goes(SAM_1)
    await asyncio.sleep(10)
    seat.room.comes(SAM_2)
    assert seat.learner.identity == SAM_2
    seat.room.comes(SAM_1)
    seat.room.goes(SAM_1)
    await asyncio.sleep(10 * ABSENCE_S)
    assert [what for what, _ in seat.told] == ["left", "back"]


@pytest.mark.parametrize("absence_s", [8.0, ABSENCE_S, 120.0])
async def test_s4_beyond_the_scenes_limit_it_is_ended_once(seat: Seat, absence_s: float) -> None:
    await seat.taken(absence_s=absence_s)
    await asyncio.sleep(100)
    seat.room.goes(SAM_1)
    await asyncio.sleep(absence_s - 0.1)
    assert [what for what, _ in seat.told] == ["left"]
    await asyncio.sleep(10 * absence_s)
    assert seat.told == [("left", 100.0), ("gave up", pytest.approx(100.0 + absence_s))]


async def test_s4_each_drop_has_the_whole_limit(seat: Seat) -> None:
    await seat.taken()
    for _ in range(5):
        seat.room.goes(SAM_1)
        await asyncio.sleep(ABSENCE_S - 1)
        seat.room.comes(SAM_1)
    await asyncio.sleep(10 * ABSENCE_S)
    assert [what for what, _ in seat.told] == ["left", "back"] * 5


async def test_s4_who_drops_before_the_scene_is_open_is_waited_for_from_then_on(
    seat: Seat,
) -> None:
    seat.room.comes(SAM_1)
    assert await seat.learner.come(1.0)
    seat.room.goes(SAM_1)
    await asyncio.sleep(10)
    seat.watch()
    await asyncio.sleep(10 * ABSENCE_S)
    assert seat.told[0] == ("left", 10.0)
    assert [what for what, _ in seat.told] == ["left", "gave up"]
    assert seat.told[1][1] == pytest.approx(ABSENCE_S)


async def test_s4_somebody_else_neither_takes_the_seat_nor_empties_it(seat: Seat) -> None:
    await seat.taken()
    seat.room.comes(KIM_1)
    seat.room.goes(KIM_1)
    seat.room.goes(SAM_1)
    seat.room.comes(KIM_2)
    await asyncio.sleep(10 * ABSENCE_S)
    assert [what for what, _ in seat.told] == ["left", "gave up"]
    assert seat.learner.identity == SAM_1


async def test_s4_who_came_from_a_second_device_is_not_waited_for(seat: Seat) -> None:
    await seat.taken()
    seat.room.comes(SAM_2)
    seat.room.comes(KIM_1)
    assert (seat.learner.identity, seat.told) == (SAM_1, [])
    seat.room.goes(SAM_1)
    assert seat.learner.identity == SAM_2
    assert ([what for what, _ in seat.told], seat.away_s) == (["back"], [0.0])
    await asyncio.sleep(2 * ABSENCE_S)
    assert [what for what, _ in seat.told] == ["back"]
    seat.room.goes(SAM_2)
    assert [what for what, _ in seat.told] == ["back", "left"]
