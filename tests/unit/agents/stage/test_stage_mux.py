"""The sink of all voices: order, pause, cut, and the count of what was heard."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from livekit import rtc

from agents.manager.beats import Beat, BeatKind
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from tests.fakes.audio_source import FakeAudioSource, settle

FRAME_S = 0.02


def a_performance(key: str, persona: str = "morel", text: str = "un deux trois") -> Performance:
    beat = Beat(id=key, persona=persona, kind=BeatKind.ANSWER, phase="debat")
    return Performance(key=key, beat=beat, text=text)


def a_frame(key: str) -> rtc.AudioFrame:
    return rtc.AudioFrame(bytes(960), 24000, 1, 480, userdata={"performance": key})


@dataclass
class House:
    """A mux with two characters, and what it told."""

    mux: Mux
    sources: dict[str, FakeAudioSource]
    started: list[str] = field(default_factory=list)
    finished: list[tuple[str, bool]] = field(default_factory=list)

    async def put(self, performance: Performance, frames: int) -> None:
        self.mux.expect(performance)
        for _ in range(frames):
            await self.mux.capture_frame(a_frame(performance.key))
        self.mux.flush()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    sources = {"morel": FakeAudioSource(), "roche": FakeAudioSource()}
    started: list[str] = []
    finished: list[tuple[str, bool]] = []
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda p: started.append(p.key),
        on_progress=lambda _: None,
        on_finished=lambda p: finished.append((p.key, p.cut)),
        breath_s=0.0,
    )
    running = asyncio.create_task(mux.run())
    yield House(mux, sources, started, finished)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_second_voice_waits_until_the_first_was_heard_to_its_end(house: House) -> None:
    await house.put(a_performance("one"), 5)
    await house.put(a_performance("two", "roche"), 5)

    await house.sources["morel"].play(4)
    assert house.started == ["one"]
    assert house.sources["roche"].queued_duration == 0

    await house.sources["morel"].play(1)
    assert house.finished == [("one", False)]
    assert house.started == ["one", "two"]


async def test_pause_silences_at_once_and_resume_loses_no_frame(house: House) -> None:
    performance = a_performance("one")
    await house.put(performance, 30)
    await house.sources["morel"].play(7)

    house.mux.pause()
    await settle()
    assert house.sources["morel"].queued_duration == 0
    assert performance.heard_s == pytest.approx(7 * FRAME_S)

    house.mux.resume()
    await house.sources["morel"].play(40)
    assert len(house.sources["morel"].played) == 30
    assert house.finished == [("one", False)]


async def test_pause_at_the_very_end_keeps_the_segment_open(house: House) -> None:
    await house.put(a_performance("one"), 5)
    await house.sources["morel"].play(2)

    house.mux.pause()
    await settle()
    assert house.finished == []

    house.mux.resume()
    await house.sources["morel"].play(10)
    assert len(house.sources["morel"].played) == 5
    assert house.finished == [("one", False)]


async def test_cut_empties_every_queue_and_reports_each_segment_once(house: House) -> None:
    one, two = a_performance("one"), a_performance("two", "roche")
    await house.put(one, 30)
    await house.put(two, 30)
    await house.sources["morel"].play(6)

    house.mux.clear_buffer()
    await settle()

    assert house.finished == [("one", True), ("two", True)]
    assert not two.started.is_set()
    assert one.heard_s == pytest.approx(6 * FRAME_S)
    assert not house.mux.pending


async def test_sound_after_a_cut_plays(house: House) -> None:
    await house.put(a_performance("one"), 30)
    await house.sources["morel"].play(3)
    house.mux.clear_buffer()
    await house.put(a_performance("next", "roche"), 4)

    await house.sources["roche"].play(4)

    assert house.finished == [("one", True), ("next", False)]


async def test_resume_of_the_framework_does_not_undo_our_own_pause(house: House) -> None:
    await house.put(a_performance("one"), 10)
    house.mux.pause("rpc")
    house.mux.pause()
    house.mux.resume()

    await house.sources["morel"].play(10)
    assert house.sources["morel"].played == []

    house.mux.resume("rpc")
    await house.sources["morel"].play(10)
    assert len(house.sources["morel"].played) == 10


async def test_cut_while_paused_is_reported(house: House) -> None:
    await house.put(a_performance("one"), 30)
    await house.sources["morel"].play(5)
    house.mux.pause()

    house.mux.clear_buffer()
    await settle()

    assert house.finished == [("one", True)]
    assert not house.mux.paused


async def test_repeated_pauses_count_what_was_heard_once(house: House) -> None:
    performance = a_performance("one")
    await house.put(performance, 40)
    for _ in range(4):
        await house.sources["morel"].play(3)
        house.mux.pause()
        await settle()
        house.mux.resume()

    await house.sources["morel"].play(60)

    assert performance.heard_s == pytest.approx(40 * FRAME_S)
    assert len(house.sources["morel"].played) == 40


async def test_another_voice_leaves_a_breath_and_the_same_voice_none() -> None:
    sources = {"morel": FakeAudioSource(), "roche": FakeAudioSource()}
    started: list[str] = []
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda p: started.append(p.key),
        on_progress=lambda _: None,
        on_finished=lambda _: None,
        breath_s=3600.0,
    )
    running = asyncio.create_task(mux.run())
    house = House(mux, sources)
    await house.put(a_performance("one"), 2)
    await house.put(a_performance("two"), 2)
    await house.put(a_performance("three", "roche"), 2)

    await sources["morel"].play(4)

    assert started == ["one", "two"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
