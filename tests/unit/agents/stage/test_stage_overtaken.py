"""A plan that was made early and is overtaken: what is played is what was committed, once."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from livekit.agents import AgentSession, llm
from livekit.agents.voice import SpeechHandle
from livekit.agents.voice.events import ConversationItemAddedEvent, SpeechCreatedEvent

from agents.manager.beats import Plan
from agents.stage.director import Director, speech
from agents.stage.model import NoModel
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from tests.fakes.audio_source import FakeAudioSource
from tests.fakes.cast_voices import HummingCast, audible_at_once
from tests.fakes.run import Run, open_run

WORDS = "Et le coût de tout cela, monsieur Roche ?"


@dataclass
class House:
    """A session without a room, and what became of each line in it."""

    run: Run
    session: AgentSession[None]
    director: Director
    voices: HummingCast
    finished: list[Performance]
    committed: list[Plan] = field(default_factory=list)
    played: list[Plan] = field(default_factory=list)

    async def write(self, words: str, plan: Plan) -> None:
        """The person's words, answered by that plan if it is still current."""
        message = self.director.message(words, plan)
        self.session.generate_reply(user_input=message)
        await asyncio.sleep(5)

    def heard(self) -> list[str]:
        """The beats that were played, in order."""
        return [one.beat.id for one in self.finished if one.started.is_set()]


def spy_on(house: House) -> None:
    """Keeps what is committed and what is reported as played."""
    commit, played = house.run.roleplay.commit, house.run.roleplay.played

    def committing(plan: Plan, words: str | None) -> Plan:
        house.committed.append(commit(plan, words))
        return house.committed[-1]

    def playing(plan: Plan) -> None:
        house.played.append(plan)
        played(plan)

    house.run.roleplay.commit = committing  # type: ignore[method-assign]
    house.run.roleplay.played = playing  # type: ignore[method-assign]


@pytest.fixture
async def house() -> AsyncGenerator[House, None]:
    run = await open_run()
    finished: list[Performance] = []
    mux = Mux(
        {"morel": FakeAudioSource(), "roche": FakeAudioSource()},  # type: ignore[dict-item]
        on_started=lambda _: None,
        on_progress=lambda _: None,
        on_finished=finished.append,
    )
    voices = HummingCast()
    director = Director(
        run.roleplay, mux, voices, silent_for_s=lambda: 0.0, audible=audible_at_once
    )
    session: AgentSession[None] = AgentSession(
        llm=NoModel(),
        tts_text_transforms=None,
        turn_handling={"preemptive_generation": {"preemptive_tts": True}},
    )
    session.output.audio = mux

    @session.on("speech_created")
    def created(event: SpeechCreatedEvent) -> None:
        speech.set(event.speech_handle)

    @session.on("conversation_item_added")
    def added(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage) and event.item.role == "user":
            director.turn_added(event.item)

    playing = asyncio.create_task(mux.run())
    await session.start(director)
    house = House(run, session, director, voices, finished)
    spy_on(house)
    yield house
    await session.aclose()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    await run.roleplay._minds.answering.aclose()


async def test_a_current_plan_is_committed_and_played_as_it_is(house: House) -> None:
    plan = await house.run.roleplay.answer(WORDS)
    await house.write(WORDS, plan)
    assert house.committed == [plan]
    assert house.heard() == [one.id for one in plan.beats]
    assert house.played == [plan]


async def test_of_an_overtaken_plan_nothing_is_heard_and_its_successor_once(house: House) -> None:
    stale = await house.run.roleplay.answer(WORDS)
    house.run.roleplay.commit(await house.run.roleplay.answer("Bonsoir."), "Bonsoir.")
    house.committed.clear()
    await house.write(WORDS, stale)

    (fresh,) = house.committed
    assert fresh is not stale
    assert house.heard() == [one.id for one in fresh.beats]
    assert house.played == [fresh]
    memory = [one.text for one in house.run.roleplay._manager.memory]
    assert memory.count(WORDS) == 1


async def test_a_voiced_line_of_an_overtaken_plan_is_thrown_away(house: House) -> None:
    activity = house.session._activity
    assert activity is not None
    message = llm.ChatMessage(role="user", content=[WORDS])
    early = activity._generate_reply(user_message=message, schedule_speech=False)
    await asyncio.sleep(1)
    assert len(house.voices.spoken) == 1
    assert house.committed == []

    house.run.roleplay.commit(await house.run.roleplay.answer("Bonsoir."), "Bonsoir.")
    house.committed.clear()
    activity._schedule_speech(early, priority=SpeechHandle.SPEECH_PRIORITY_NORMAL)
    await asyncio.sleep(5)

    (fresh,) = house.committed
    assert house.heard() == [one.id for one in fresh.beats]
    assert house.played == [fresh]


async def test_a_voiced_line_of_a_current_plan_is_the_one_that_is_heard(house: House) -> None:
    activity = house.session._activity
    assert activity is not None
    message = llm.ChatMessage(role="user", content=[WORDS])
    early = activity._generate_reply(user_message=message, schedule_speech=False)
    await asyncio.sleep(1)
    activity._schedule_speech(early, priority=SpeechHandle.SPEECH_PRIORITY_NORMAL)
    await asyncio.sleep(5)

    assert len(house.committed) == 1
    assert house.voices.spoken[0][1] == house.finished[0].text.strip()
    assert house.heard() == [one.id for one in house.committed[0].beats]
