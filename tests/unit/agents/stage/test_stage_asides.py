"""Listeners' reactions: in pauses only, one voice at a time, gone when the person speaks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from agents.manager.beats import Beat, BeatKind
from agents.stage.asides import Asides
from agents.stage.intervals import BREATH_S, Cue
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from agents.stage.speaking import frames_of
from tests.fakes.audio_source import FakeAudioSource
from tests.fakes.cast_voices import S_PER_CHARACTER, HummingCast
from tests.fakes.speech import tone

LOUDEST_STEP = 530


@dataclass
class Stage:
    """A speaker, a listener, and what was told of the listener's reactions."""

    sources: dict[str, FakeAudioSource]
    voices: HummingCast
    mux: Mux
    asides: Asides
    cues: list[Cue]
    told: list[str]
    person_speaks: bool = False

    async def say(self, text: str, persona: str = "morel") -> Performance:
        """Gives a line to the sink, faster than it sounds."""
        beat = Beat(id=text, persona=persona, kind=BeatKind.ANSWER, phase="debat")
        performance = Performance(key=text, beat=beat)

        async def words() -> AsyncIterator[str]:
            for word in text.split():
                performance.add(f"{word} ")
                yield f"{word} "

        self.mux.expect(performance)
        async for frame in frames_of(performance, words(), self.voices):
            await self.mux.capture_frame(frame)
        self.mux.flush()
        return performance

    async def voiced(self, persona: str, text: str) -> None:
        self.asides.prepare(persona, [text])
        await asyncio.sleep(0.5)

    def heard(self, persona: str) -> list[float]:
        return self.sources[persona].heard_at()

    def overlap_s(self) -> float:
        one, other = (
            {round(at, 2) for at in self.heard(persona)} for persona in ("morel", "roche")
        )
        return 0.01 * len(one & other)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    sources = {"morel": FakeAudioSource(), "roche": FakeAudioSource()}
    cues: list[Cue] = []
    told: list[str] = []
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda _: None,
        on_progress=lambda _: None,
        on_finished=lambda _: None,
        on_boundary=lambda _: cues.pop() if cues else None,
        on_silence=lambda: asides.hush(),
    )
    voices = HummingCast()
    asides = Asides(
        sources,  # type: ignore[arg-type]
        voices,
        may_sound=lambda: mux.at_rest and not stage.person_speaks,
        hold=mux.hold,
        on_started=lambda persona: told.append(f"{persona} starts"),
        on_finished=lambda persona: told.append(f"{persona} ends"),
    )
    stage = Stage(sources, voices, mux, asides, cues, told)
    running = asyncio.create_task(mux.run())
    yield stage
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asides.aclose()


TWO_SENTENCES = "Le fret recule depuis dix ans. Il faut agir maintenant."


async def test_a_reaction_fills_the_pause_between_two_sentences_and_overlaps_nobody(
    stage: Stage,
) -> None:
    await stage.voiced("roche", "Vraiment ?")
    cue = stage.asides.cue("roche", "Vraiment ?")
    assert cue is not None
    stage.cues.append(cue)

    performance = await stage.say(TWO_SENTENCES)
    await asyncio.sleep(6)

    reaction = stage.heard("roche")
    before = [at for at in stage.heard("morel") if at < reaction[0]]
    after = [at for at in stage.heard("morel") if at > reaction[-1]]
    assert stage.overlap_s() == 0
    assert reaction[0] - before[-1] == pytest.approx(BREATH_S, abs=0.03)
    assert after[0] - reaction[-1] == pytest.approx(2 * BREATH_S, abs=0.03)
    assert 10 * S_PER_CHARACTER - 0.02 <= len(reaction) * 0.01 <= 10 * S_PER_CHARACTER + 0.02
    assert performance.heard_s == pytest.approx(performance.sent_s)
    assert stage.told == ["roche starts", "roche ends"]


async def test_without_a_reaction_two_sentences_are_one_sound(stage: Stage) -> None:
    performance = await stage.say(TWO_SENTENCES)
    await asyncio.sleep(6)

    heard = stage.heard("morel")
    assert heard[-1] - heard[0] == pytest.approx(performance.sent_s - 0.01, abs=0.011)


async def test_a_listener_is_never_what_the_sink_plays(stage: Stage) -> None:
    await stage.voiced("roche", "Hm.")
    assert stage.asides.play("roche", "Hm.")
    await asyncio.sleep(0.05)

    assert stage.asides.sounding == "roche"
    assert stage.mux.now is None
    assert not stage.mux.pending


async def test_a_line_waits_until_the_reaction_is_over(stage: Stage) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await stage.say("Le fret recule.", "morel")
    await asyncio.sleep(3)

    assert stage.overlap_s() == 0
    gap_s = stage.heard("morel")[0] - stage.heard("roche")[-1]
    assert gap_s == pytest.approx(2 * BREATH_S, abs=0.03)


async def test_trap_18_a_character_s_reaction_does_not_garble_its_own_line(stage: Stage) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await asyncio.sleep(0.1)
    stage.asides.hush("roche")
    await stage.say("Non.", "roche")
    await asyncio.sleep(2)

    line = tone(4 * S_PER_CHARACTER)
    whole = np.frombuffer(line, dtype=np.int16)
    assert np.array_equal(stage.sources["roche"].sound[-len(whole) :], whole)


async def test_no_reaction_while_the_person_speaks(stage: Stage) -> None:
    await stage.voiced("roche", "Hm.")
    stage.person_speaks = True

    assert not stage.asides.play("roche", "Hm.")


async def test_no_reaction_in_the_middle_of_a_sentence(stage: Stage) -> None:
    await stage.voiced("roche", "Hm.")
    await stage.say(TWO_SENTENCES)
    await asyncio.sleep(0.5)

    assert not stage.asides.play("roche", "Hm.")


async def test_only_one_listener_reacts_at_a_time(stage: Stage) -> None:
    await stage.voiced("roche", "Hm.")
    await stage.voiced("morel", "Bien.")
    assert stage.asides.play("roche", "Hm.")

    assert not stage.asides.play("morel", "Bien.")


@pytest.mark.parametrize("after_s", [0.133, 0.2, 0.405])
async def test_barge_in_fades_a_reaction_within_80_ms(stage: Stage, after_s: float) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await asyncio.sleep(after_s)

    stage.mux.pause()
    asked_s = asyncio.get_running_loop().time()
    await asyncio.sleep(1)

    assert stage.heard("roche")[-1] + 0.01 - asked_s <= 0.08
    heard = np.concatenate(([0], stage.sources["roche"].timeline, [0])).astype(np.int32)
    assert int(np.abs(np.diff(heard)).max()) <= LOUDEST_STEP
    assert stage.asides.sounding is None
    assert stage.told == ["roche starts", "roche ends"]


async def test_hush_of_another_character_changes_nothing(stage: Stage) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await asyncio.sleep(0.1)
    stage.asides.hush("morel")
    await asyncio.sleep(1)

    assert len(stage.heard("roche")) >= 48


async def test_a_reaction_hushed_before_it_began_never_sounds(stage: Stage) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await asyncio.sleep(0.05)
    stage.asides.hush()
    await asyncio.sleep(1)

    assert stage.heard("roche") == []
    assert stage.asides.sounding is None


@pytest.mark.parametrize(("whose", "waits_s"), [("roche", 0.08), ("", 0.3)])
async def test_a_hushed_reaction_lets_the_speaker_go_on(
    stage: Stage, whose: str, waits_s: float
) -> None:
    await stage.voiced("roche", "Vraiment ?")
    assert stage.asides.play("roche", "Vraiment ?")
    await stage.say("Le fret recule.")
    await asyncio.sleep(0.2)
    hushed_s = asyncio.get_running_loop().time()
    stage.asides.hush(*([whose] if whose else []))
    await asyncio.sleep(2)

    assert stage.heard("morel")[0] - hushed_s == pytest.approx(waits_s, abs=0.03)
    assert stage.overlap_s() == 0


async def test_unvoiced_text_is_silent_now_and_sounds_the_next_time(stage: Stage) -> None:
    assert not stage.asides.play("roche", "Hm.")
    assert stage.asides.cue("roche", "Hm.") is None
    await asyncio.sleep(0.5)

    assert stage.voices.spoken == [("roche", "Hm.")]
    assert stage.asides.play("roche", "Hm.")
