"""While one character is heard, the next one's words and sound are made."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import pytest
from livekit.agents import AgentSession
from livekit.agents.voice.events import SpeechCreatedEvent

from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung
from agents.stage.director import Director, speech
from agents.stage.intervals import BREATH_S
from agents.stage.model import NoModel
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from tests.fakes.audio_source import FakeAudioSource
from tests.fakes.cast_voices import audible_at_once
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.run import Run, open_run
from tests.fakes.speech import tone

FIRST = "Le fret recule depuis dix ans. Que comptez-vous faire maintenant, monsieur le ministre ?"
SECOND = "Je ne crois pas à ces chiffres. Montrez-moi votre rapport."
VOICING_S = 0.4


@dataclass
class SlowVoices:
    """Each piece sounds for 1 s, and takes `VOICING_S` to be made. `made` are those that are."""

    made: list[tuple[str, str]] = field(default_factory=list)

    async def speak(self, persona: str, text: str) -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(VOICING_S)
        yield tone(1.0)
        self.made.append((persona, text))


@dataclass
class House:
    """A session without a room, whose cast is heard on two sources."""

    run: Run
    session: AgentSession[None]
    director: Director
    mux: Mux
    sources: dict[str, FakeAudioSource]
    voices: SlowVoices
    finished: list[Performance]

    def perform(self) -> None:
        """Two characters answer one after the other."""
        beats = tuple(
            Beat(id=f"1.{at}", persona=persona, kind=BeatKind.ANSWER, phase="ouverture")
            for at, persona in enumerate(("morel", "roche"), start=1)
        )
        decision = Decision(
            rung=Rung.SCORE,
            chosen=("morel", "roche"),
            candidates=("morel", "roche"),
            reason="test",
        )
        handle = self.session.generate_reply(tool_choice="none")
        self.director.put(handle, Plan(serial=1, beats=beats, decision=decision))


@pytest.fixture
async def house() -> AsyncIterator[House]:
    model = FakeChatModel(Script(pieces=(FIRST,)), Script(pieces=(SECOND,)))
    run = await open_run(model)
    sources = {"morel": FakeAudioSource(), "roche": FakeAudioSource()}
    finished: list[Performance] = []
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda _: None,
        on_progress=lambda _: None,
        on_finished=finished.append,
    )
    voices = SlowVoices()
    director = Director(
        run.roleplay, mux, voices, silent_for_s=lambda: 0.0, audible=audible_at_once
    )
    session: AgentSession[None] = AgentSession(llm=NoModel(), tts_text_transforms=None)
    session.output.audio = mux

    @session.on("speech_created")
    def created(event: SpeechCreatedEvent) -> None:
        speech.set(event.speech_handle)

    playing = asyncio.create_task(mux.run())
    await session.start(director)
    yield House(run, session, director, mux, sources, voices, finished)
    await session.aclose()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


async def test_the_next_beat_has_words_and_a_sentence_of_sound_while_one_plays(
    house: House,
) -> None:
    house.perform()
    await asyncio.sleep(1.6)

    assert house.mux.now is not None
    assert house.mux.now.persona == "morel"
    assert house.run.model is not None
    assert len(house.run.model.requests) == 2
    assert ("roche", "Je ne crois pas à ces chiffres.") in house.voices.made


async def test_between_two_characters_is_a_breath_however_slow_the_voices(house: House) -> None:
    house.perform()
    await asyncio.sleep(6)

    gap_s = house.sources["roche"].heard_at()[0] - house.sources["morel"].heard_at()[-1] - 0.01
    assert gap_s == pytest.approx(BREATH_S, abs=0.02)


async def test_what_was_made_ahead_and_cut_is_booked_and_never_heard(house: House) -> None:
    house.perform()
    await asyncio.sleep(1.6)
    await house.session.interrupt()
    await asyncio.sleep(5.0)

    assert house.sources["roche"].heard_at() == []
    assert [one.cut for one in house.finished] == [True]
    assert len(house.run.booked) == 2
    assert all(entry.cost_nano > 0 for entry in house.run.booked)
