"""Cutting in on a person who speaks without an end."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung
from agents.manager.cutting import MONOLOGUE_S
from agents.roleplay.run import Roleplay
from agents.stage.hearing import Hearing
from agents.stage.impatience import AGAIN_S, Impatience
from agents.stage.turns import LearnerTurn

PATIENCE_S = 20.0


def plan(kind: BeatKind) -> Plan:
    beat = Beat(id="c0001-1", persona="ada", kind=kind, phase="talk")
    return Plan(beats=(beat,), decision=Decision(rung=Rung.SCENE, chosen=("ada",), reason="x"))


class Cast:
    """A cast whose patience ends after `patience_s`, unless the words are `dull`."""

    def __init__(self, patience_s: float = PATIENCE_S, *, dull: bool = False) -> None:
        self.patience_s = patience_s
        self.dull = dull
        self.asked: list[tuple[str, float]] = []
        self.heard: list[str] = []

    def cut_in(self, words: str, *, speaking_s: float) -> Plan | None:
        self.asked.append((words, speaking_s))
        if speaking_s < self.patience_s or (self.dull and words != "hm"):
            return None
        return plan(BeatKind.CUT_IN)

    def answer_now(self, words: str) -> Plan:
        return plan(BeatKind.ANSWER)

    def overheard(self, words: str) -> None:
        self.heard.append(words)


class Ear:
    """Recognises what it is told to; `over` when the person stops while it does."""

    def __init__(self, words: str = "so it goes") -> None:
        self.words, self.over, self.held = words, False, False
        self.recognitions = 0

    async def words_so_far(self) -> str:
        self.recognitions += 1
        await asyncio.sleep(0.5)
        return self.words

    def take(self) -> bool:
        return not self.over


class Room:
    """Somebody watched, and what was said over them."""

    def __init__(self, cast_: Cast, ear: Ear) -> None:
        loop = asyncio.get_running_loop()
        self.turn = LearnerTurn("en", lambda: 0.0, loop.time)
        self.ear = ear
        self.said: list[tuple[Plan, str, bool]] = []
        watch = Impatience(
            cast("Roleplay", cast_), cast("Hearing", ear), self.turn, self._speak
        ).run()
        self.task = asyncio.ensure_future(watch)

    async def _speak(self, plan: Plan, words: str) -> None:
        self.said.append((plan, words, self.ear.held))
        self.turn.ended()


@pytest.fixture
async def rooms() -> AsyncIterator[list[Room]]:
    opened: list[Room] = []
    yield opened
    for room in opened:
        room.task.cancel()
        await asyncio.gather(room.task, return_exceptions=True)


async def test_nobody_is_cut_off_who_pauses_for_answers(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(), Ear()))
    for _ in range(5):
        room.turn.spoke()
        await asyncio.sleep(15)
        room.turn.fell_silent(0.0)
        room.turn.ended()
    assert room.said == []
    assert room.ear.recognitions == 0


async def test_words_so_far_are_the_turn_of_who_is_cut_off(rooms: list[Room]) -> None:
    cast_ = Cast()
    rooms.append(room := Room(cast_, Ear()))
    room.turn.spoke()
    await asyncio.sleep(PATIENCE_S + 3)
    assert [(one.beats[0].kind, words) for one, words, _ in room.said] == [
        (BeatKind.CUT_IN, "so it goes")
    ]
    assert room.ear.recognitions == 1
    assert cast_.heard == ["so it goes"]


async def test_what_ends_while_the_line_begins_is_kept_and_then_heard_again(
    rooms: list[Room],
) -> None:
    rooms.append(room := Room(Cast(), Ear()))
    room.turn.spoke()
    await asyncio.sleep(PATIENCE_S + 3)
    assert [held for _, _, held in room.said] == [True]
    assert room.ear.held is False


async def test_words_that_are_certain_already_come_first(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(), Ear("and more")))
    room.turn.spoke()
    room.turn.heard("First this")
    await asyncio.sleep(PATIENCE_S + 3)
    assert [words for _, words, _ in room.said] == ["First this and more"]


async def test_who_stops_in_time_is_not_cut_off(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(), Ear()))
    room.ear.over = True
    room.turn.spoke()
    await asyncio.sleep(PATIENCE_S + 3)
    assert room.said == []


async def test_words_nobody_cuts_in_on_are_not_recognised_every_second(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(dull=True), Ear()))
    room.turn.spoke()
    await asyncio.sleep(PATIENCE_S + 3 * AGAIN_S)
    assert room.said == []
    assert room.ear.recognitions <= 3


async def test_m2_a_monologue_ends_whatever_the_tempers(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(patience_s=1e6), Ear()))
    room.turn.spoke()
    await asyncio.sleep(MONOLOGUE_S - 2)
    assert room.said == []
    await asyncio.sleep(5)
    assert [one.beats[0].kind for one, _, _ in room.said] == [BeatKind.ANSWER]


async def test_m2_ten_minutes_without_an_end_are_several_turns(rooms: list[Room]) -> None:
    rooms.append(room := Room(Cast(), Ear()))
    room.turn.spoke()
    await asyncio.sleep(600)
    assert len(room.said) >= 600 // (PATIENCE_S + 10)
