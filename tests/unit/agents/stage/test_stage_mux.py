"""The sink of all voices: order, pause, cut, and the count of what was heard."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from livekit import rtc

from agents.manager.beats import Beat, BeatKind
from agents.stage.fades import samples_of
from agents.stage.intervals import BREATH_S
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from tests.fakes.audio_source import FakeAudioSource
from tests.fakes.speech import tone

FRAME_S = 0.02
FRAME_BYTES = 960
LOUDEST_STEP = 530
"""Between two samples of `tone()`: a larger one is a click."""


def a_performance(key: str, persona: str = "morel", text: str = "un deux trois") -> Performance:
    beat = Beat(id=key, persona=persona, kind=BeatKind.ANSWER, phase="debat")
    return Performance(key=key, beat=beat, text=text)


def frames(key: str, count: int, *, loudness: float = 0.3) -> list[rtc.AudioFrame]:
    sound = tone(count * FRAME_S, loudness=loudness)
    return [
        rtc.AudioFrame(sound[at : at + FRAME_BYTES], 24000, 1, 480, userdata={"performance": key})
        for at in range(0, len(sound), FRAME_BYTES)
    ]


@dataclass
class House:
    """A mux with two characters, and what it told."""

    mux: Mux
    sources: dict[str, FakeAudioSource]
    started: list[str] = field(default_factory=list)
    finished: list[tuple[str, bool]] = field(default_factory=list)

    async def put(self, performance: Performance, count: int, *, loudness: float = 0.3) -> None:
        self.mux.expect(performance)
        for frame in frames(performance.key, count, loudness=loudness):
            await self.mux.capture_frame(frame)
        self.mux.flush()

    def heard_s(self, persona: str = "morel") -> float:
        return len(self.sources[persona].sound) / 24000


@pytest.fixture(params=[0.0, 0.0037, 0.0091])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    sources = {
        "morel": FakeAudioSource(phase_s=request.param),
        "roche": FakeAudioSource(phase_s=0.0052),
    }
    started: list[str] = []
    finished: list[tuple[str, bool]] = []
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda p: started.append(p.key),
        on_progress=lambda _: None,
        on_finished=lambda p: finished.append((p.key, p.cut)),
    )
    running = asyncio.create_task(mux.run())
    yield House(mux, sources, started, finished)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def last_sound_s(house: House, persona: str = "morel") -> float:
    """When the last audible piece ended."""
    return house.sources[persona].heard_at()[-1] + 0.01


def largest_step(source: FakeAudioSource) -> int:
    heard = np.concatenate(([0], source.timeline, [0])).astype(np.int32)
    return int(np.abs(np.diff(heard)).max())


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def test_second_voice_waits_for_the_end_of_the_first_and_a_breath(house: House) -> None:
    await house.put(a_performance("one"), 25)
    await house.put(a_performance("two", "roche"), 5)

    await asyncio.sleep(0.5)
    assert house.started == ["one"]
    await asyncio.sleep(1.0)

    assert house.finished == [("one", False), ("two", False)]
    gap_s = house.sources["roche"].heard_at()[0] - last_sound_s(house)
    assert gap_s == pytest.approx(BREATH_S, abs=0.02)


async def test_the_same_voice_goes_on_without_a_breath(house: House) -> None:
    await house.put(a_performance("one"), 25)
    await house.put(a_performance("two"), 25)

    await asyncio.sleep(1.1)

    assert house.finished == [("one", False), ("two", False)]


async def test_what_is_heard_is_what_was_given(house: House) -> None:
    await house.put(a_performance("one"), 40)

    await asyncio.sleep(1.0)

    given = np.concatenate([samples_of(frame) for frame in frames("one", 40)])
    assert np.array_equal(house.sources["morel"].sound, given)


@pytest.mark.parametrize("after_s", [0.305, 0.3113, 0.3178, 0.3199, 0.42])
async def test_a_pause_fades_within_80_ms_and_clicks_nowhere(house: House, after_s: float) -> None:
    performance = a_performance("one")
    await house.put(performance, 60)
    await asyncio.sleep(after_s)

    house.mux.pause()
    asked_s = now_s()
    await asyncio.sleep(0.5)

    assert last_sound_s(house) - asked_s <= 0.08
    assert largest_step(house.sources["morel"]) <= LOUDEST_STEP
    full_s = house.heard_s() - 0.06
    assert full_s - 0.001 <= performance.heard_s <= full_s + 0.021


@pytest.mark.parametrize("after_s", [0.305, 0.3113, 0.42])
async def test_resume_goes_on_where_the_voice_faded(house: House, after_s: float) -> None:
    performance = a_performance("one")
    await house.put(performance, 60)
    await asyncio.sleep(after_s)

    house.mux.pause()
    await asyncio.sleep(0.5)
    house.mux.resume()
    await asyncio.sleep(1.5)

    assert house.finished == [("one", False)]
    assert performance.heard_s == pytest.approx(60 * FRAME_S)
    assert 0.03 < house.heard_s() - 60 * FRAME_S <= 0.061
    assert largest_step(house.sources["morel"]) <= LOUDEST_STEP
    given = np.concatenate([samples_of(frame) for frame in frames("one", 60)])
    end = 24000 // 2
    assert np.array_equal(house.sources["morel"].sound[-end:], given[-end:])


async def test_a_pause_in_silence_adds_nothing(house: House) -> None:
    performance = a_performance("one")
    await house.put(performance, 40, loudness=0.0)
    await asyncio.sleep(0.31)

    house.mux.pause()
    await asyncio.sleep(0.5)
    house.mux.resume()
    await asyncio.sleep(1.0)

    assert house.heard_s() == pytest.approx(40 * FRAME_S)


async def test_pause_at_the_very_end_keeps_the_segment_open(house: House) -> None:
    await house.put(a_performance("one"), 5)
    await asyncio.sleep(0.05)

    house.mux.pause()
    await asyncio.sleep(1.0)
    assert house.finished == []

    house.mux.resume()
    await asyncio.sleep(0.2)
    assert house.finished == [("one", False)]


async def test_cut_fades_empties_every_queue_and_reports_each_segment_once(house: House) -> None:
    one, two = a_performance("one"), a_performance("two", "roche")
    await house.put(one, 60)
    await house.put(two, 30)
    await asyncio.sleep(0.4)

    house.mux.clear_buffer()
    asked_s = now_s()
    await asyncio.sleep(0.5)

    assert house.finished == [("one", True), ("two", True)]
    assert not two.started.is_set()
    assert not house.sources["roche"].heard_at()
    assert last_sound_s(house) - asked_s <= 0.08
    assert largest_step(house.sources["morel"]) <= LOUDEST_STEP
    assert one.heard_s <= house.heard_s() - 0.03
    assert not house.mux.pending


async def test_sound_after_a_cut_plays_when_the_cut_one_has_died_away(house: House) -> None:
    await house.put(a_performance("one"), 30)
    await asyncio.sleep(0.3)
    house.mux.clear_buffer()
    await house.put(a_performance("next", "roche"), 4)

    await asyncio.sleep(0.5)

    assert house.finished == [("one", True), ("next", False)]
    assert house.sources["roche"].heard_at()[0] >= last_sound_s(house)


async def test_resume_of_the_framework_does_not_undo_our_own_pause(house: House) -> None:
    await house.put(a_performance("one"), 10)
    house.mux.pause("rpc")
    house.mux.pause()
    house.mux.resume()

    await asyncio.sleep(0.5)
    assert house.heard_s() == 0

    house.mux.resume("rpc")
    await asyncio.sleep(0.5)
    assert house.heard_s() == pytest.approx(10 * FRAME_S)


async def test_cut_while_paused_is_reported(house: House) -> None:
    await house.put(a_performance("one"), 30)
    await asyncio.sleep(0.2)
    house.mux.pause()
    await asyncio.sleep(0.2)

    house.mux.clear_buffer()
    await asyncio.sleep(0.01)

    assert house.finished == [("one", True)]
    assert not house.mux.paused


@pytest.mark.parametrize("pause_s", [0.01, 0.04, 0.3])
async def test_repeated_pauses_count_what_was_heard_once(house: House, pause_s: float) -> None:
    performance = a_performance("one")
    await house.put(performance, 80)
    for _ in range(4):
        await asyncio.sleep(0.3)
        house.mux.pause()
        await asyncio.sleep(pause_s)
        house.mux.resume()

    await asyncio.sleep(2.0)

    assert performance.heard_s == pytest.approx(80 * FRAME_S)
    assert house.finished == [("one", False)]
    assert largest_step(house.sources["morel"]) <= LOUDEST_STEP


async def test_silence_is_told_once_a_reason_and_at_a_cut(house: House) -> None:
    told: list[bool] = []
    mux = Mux(
        house.sources,  # type: ignore[arg-type]
        on_started=lambda _: None,
        on_progress=lambda _: None,
        on_finished=lambda _: None,
        on_silence=lambda: told.append(True),
    )
    mux.pause()
    mux.pause()
    mux.clear_buffer()

    assert len(told) == 2
