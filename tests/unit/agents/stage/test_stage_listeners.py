"""In which pauses a listener is asked for a reaction, and what it may cost whoever speaks next."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import cast

import pytest
from livekit.agents import AgentSession
from livekit.agents.voice.events import SpeechCreatedEvent

from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung
from agents.manager.reactions import Pause
from agents.roleplay.line import Aside
from agents.roleplay.run import Roleplay
from agents.stage.director import Director, speech
from agents.stage.listeners import FILLER_S, LATE_S, Listeners
from agents.stage.model import NoModel
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from services.llm.reactions import Moment
from tests.fakes.audio_source import FakeAudioSource
from tests.fakes.cast_voices import S_PER_CHARACTER, HummingCast, audible_at_once
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.run import open_run

SHORT, LONG = "Hm.", "Vraiment ?"
SILENT_S = 0.45
"""How long ago the person's last sound was when their turn ends."""

TICK_S = 0.011


@dataclass
class Reacting:
    """Two listeners of whom one lets `text` fall in each pause it is asked in."""

    text: str = SHORT
    persona: str = "roche"
    asked: list[tuple[str, Pause]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def listeners(self) -> "Reacting":
        return self

    def heard(self, aside: Aside) -> None:
        self.told.append(aside.text)

    def reaction(self, speaker: str, pause: Pause) -> Aside:
        self.asked.append((speaker, pause))
        return Aside(persona=self.persona, text=self.text, moment=Moment.DOUBT)


@dataclass
class Room:
    """A session without a room: who reacts, and what is heard of everybody."""

    reacting: Reacting
    listeners: Listeners
    director: Director
    session: AgentSession[None]
    sources: dict[str, FakeAudioSource]
    speaking: bool = False

    async def ends_turn(self, *, word_s: float | None = None) -> float:
        """The person ends a turn; the answer sounds at once when its first word comes.

        Returns how long after the person's last sound the room has been quiet by then.
        """
        now_s = asyncio.get_running_loop().time()
        self.director._first = performance = line("morel")
        self.listeners.turn_ended(SILENT_S)
        if word_s is not None:
            await asyncio.sleep(word_s - SILENT_S)
            performance.add("Bonsoir.")
        return now_s - SILENT_S

    def begins_s(self, persona: str) -> float:
        return self.sources[persona].heard_at()[0]


def line(persona: str) -> Performance:
    beat = Beat(id=persona, persona=persona, kind=BeatKind.ANSWER, phase="ouverture")
    return Performance(key=persona, beat=beat)


@pytest.fixture
async def room() -> AsyncGenerator[Room, None]:
    run = await open_run(FakeChatModel(Script(pieces=("Bonsoir à tous.",))))
    sources = {"morel": FakeAudioSource(), "roche": FakeAudioSource()}
    reacting, voices = Reacting(), HummingCast()
    mux = Mux(
        sources,  # type: ignore[arg-type]
        on_started=lambda _: None,
        on_progress=lambda _: None,
        on_finished=lambda performance: listeners.line_ended(performance),
    )
    director = Director(
        run.roleplay, mux, voices, silent_for_s=lambda: 0.0, audible=audible_at_once
    )
    listeners = Listeners(
        cast("Roleplay", reacting),
        sources,  # type: ignore[arg-type]
        voices,
        mux=lambda: mux,
        person=lambda: room.speaking,
        busy=lambda: False,
        worded=lambda: director.worded,
    )
    listeners.prepare = lambda: None  # type: ignore[method-assign]
    for text in (SHORT, LONG):
        listeners._asides.prepare("roche", [text])
    session: AgentSession[None] = AgentSession(llm=NoModel(), tts_text_transforms=None)
    session.output.audio = mux

    @session.on("speech_created")
    def created(event: SpeechCreatedEvent) -> None:
        speech.set(event.speech_handle)

    playing = asyncio.create_task(mux.run())
    await session.start(director)
    await asyncio.sleep(0.5)
    room = Room(reacting, listeners, director, session, sources)
    yield room
    await session.aclose()
    await listeners.aclose()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


async def test_an_answer_in_time_is_preceded_by_nobody(room: Room) -> None:
    await room.ends_turn(word_s=LATE_S - 0.02)
    await asyncio.sleep(2)
    assert room.reacting.asked == []


async def test_a_late_answer_is_preceded_by_a_short_reaction_at_once(room: Room) -> None:
    silent_since_s = await room.ends_turn()
    await asyncio.sleep(2)
    assert room.reacting.told == [SHORT]
    assert room.begins_s("roche") - silent_since_s == pytest.approx(LATE_S, abs=2 * TICK_S)


async def test_a_long_reaction_never_holds_an_answer_up(room: Room) -> None:
    assert len(LONG) * S_PER_CHARACTER > FILLER_S
    room.reacting.text = LONG
    await room.ends_turn()
    await asyncio.sleep(2)
    assert room.sources["roche"].heard_at() == []


async def test_who_goes_on_speaking_hears_no_reaction(room: Room) -> None:
    await room.ends_turn()
    await asyncio.sleep(0.1)
    room.listeners.hush()
    await asyncio.sleep(2)
    assert room.reacting.asked == []


async def test_nobody_reacts_over_the_person(room: Room) -> None:
    await room.ends_turn()
    room.speaking = True
    await asyncio.sleep(2)
    assert room.reacting.asked == []


async def test_listeners_may_react_between_two_lines_of_a_plan_but_not_after_the_last(
    room: Room,
) -> None:
    beats = tuple(
        Beat(id=f"1.{at}", persona=one, kind=BeatKind.ANSWER, phase="ouverture", say="Bonsoir.")
        for at, one in enumerate(("morel", "roche", "morel"))
    )
    decision = Decision(rung=Rung.SCORE, chosen=("morel",), reason="test")
    handle = room.session.generate_reply(tool_choice="none")
    room.director.put(handle, Plan(serial=1, beats=beats, decision=decision))
    await asyncio.sleep(10)
    assert room.reacting.asked == [("morel", Pause.CAST), ("roche", Pause.CAST)]
    assert room.reacting.told != []
