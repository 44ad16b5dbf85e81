"""One run of a scene on a stage in memory: what is played, kept and ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from agents.manager.beats import Plan
from agents.manager.manager import MultiAgentManager
from agents.roleplay.journal import Journal
from agents.roleplay.lines import Lines
from agents.roleplay.run import Roleplay
from agents.roleplay.scene_clock import SceneClock
from scenarios.loader import parse
from services.core.errors import BackendError
from services.llm.optimizer import LLMOptimizer
from services.llm.understudy import Understudy
from services.sessions.records import SessionRecord, SessionStatus, TurnRecord
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import LoopClock
from tests.fakes.stage import FakeStage
from tests.fakes.store import FakeSessionStore

ROOM = "s-0123456789abcdef0123456789abcdef"

SCENE = """
schema: 1
id: petit-debat
title: Un petit débat
language: fr
summary: Deux personnes discutent.
learner: {role: ministre}
cast:
  - id: morel
    name: Claire Morel
    persona: Animatrice.
    understudy:
      opening: ["Bonsoir et bienvenue."]
      lines: ["Pouvez-vous préciser ?", "Et le coût ?", "Un chiffre, peut-être ?"]
      closing: ["Merci à vous."]
  - id: roche
    name: Paul Roche
    persona: Opposant.
    understudy:
      opening: ["Bonsoir, je suis sceptique."]
      lines: ["Je n'y crois pas.", "Qui paiera ?", "Et les régions ?"]
      closing: ["Au revoir."]
phases:
  - {id: ouverture, goal: ouvrir, lead: morel, opening: parallel, turns: {min: 1, max: 2}}
  - {id: debat, goal: débattre, lead: roche, turns: {min: 1, max: 10}}
limits: {duration_s: 120, turns: 12, silence_prompt_s: 20, silence_end_s: 40}
"""


class AbsentStore(FakeSessionStore):
    """A store that is away while `away` is set."""

    away = False

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        if self.away:
            raise BackendError("the store is away", code="connection")
        await super().save_turn(turn, room=room, scene=scene)


class LongStage(FakeStage):
    """A stage whose lines last until they are cut; a closing is short."""

    async def perform(self, plan: Plan) -> None:
        self.cut = asyncio.Event()
        if not plan.ends:
            await self.cut.wait()
            return
        await super().perform(plan)

    async def hush(self) -> None:
        await super().hush()
        self.cut.set()


@dataclass
class Run:
    """A roleplay, its stage and its store."""

    roleplay: Roleplay
    stage: FakeStage
    store: AbsentStore
    journal: Journal
    model: FakeChatModel | None

    async def texts(self) -> list[tuple[str, str, bool]]:
        await self.journal.drain(1)
        return [(t.speaker, t.text, t.cut) for t in await self.store.turns(ROOM)]


async def open_run(model: FakeChatModel | None = None) -> Run:
    clock, store = LoopClock(), AbsentStore()
    scenario = parse(SCENE, file="petit-debat/scenario.yaml")
    await store.open(
        SessionRecord(
            room=ROOM,
            user="local",
            scenario_id=scenario.id,
            scenario_hash="h",
            scenario_text=SCENE,
            language="fr",
            started_at=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    journal = Journal(store, clock, room=ROOM)
    roleplay = Roleplay(
        scenario,
        room=ROOM,
        manager=MultiAgentManager(scenario, rng=Random(1)),
        lines=Lines(
            scenario,
            optimizer=LLMOptimizer(model, clock),
            understudy=Understudy(scenario, rng=Random(1)),
            room=ROOM,
            book=lambda outcome, beat: journal.usage(
                outcome, persona=beat.persona, task="agent_response"
            ),
        ),
        journal=journal,
        clock=clock,
        scene_clock=SceneClock(clock),
        learner_name="Camille",
    )
    return Run(roleplay, FakeStage(roleplay), store, journal, model)


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    opened = await open_run()
    writing = asyncio.create_task(opened.journal.run())
    yield opened
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_opening_is_played_and_kept(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    playing.cancel()

    assert run.stage.heard == [
        ("morel", "Bonsoir et bienvenue."),
        ("roche", "Bonsoir, je suis sceptique."),
    ]
    assert [(who, cut) for who, _, cut in await run.texts()] == [("morel", False), ("roche", False)]


async def test_answer_that_is_thrown_away_changes_nothing(run: Run) -> None:
    before = run.roleplay.snapshot()
    first = run.roleplay.answer("Bonsoir à tous.")
    second = run.roleplay.answer("Bonsoir à tous.")

    assert first == second
    assert run.roleplay.snapshot() == before
    assert await run.texts() == []


async def test_words_of_the_learner_are_kept_before_the_answer(run: Run) -> None:
    await run.stage.hear("Monsieur Roche, votre avis ?")

    texts = await run.texts()
    assert texts[0] == ("learner", "Monsieur Roche, votre avis ?", False)
    assert texts[1][0] == "roche"


async def test_memory_keeps_only_what_was_heard_of_a_cut_line(run: Run) -> None:
    run.stage.cut_after = 2
    await run.stage.hear("Monsieur Roche, votre avis ?")

    speaker, text, cut = (await run.texts())[1]
    assert (speaker, len(text.split()), cut) == ("roche", 2, True)


async def test_s8_scene_ends_at_its_duration_with_a_spoken_closing(run: Run) -> None:
    run.stage.quiet = 2.0
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    for _ in range(11):
        await asyncio.sleep(12)
        if run.roleplay.end_reason is None:
            await run.stage.hear("Je défends cette réforme.")
    reason = await asyncio.wait_for(playing, 200)

    assert reason == "duration"
    assert run.stage.heard[-1][1] in {"Merci à vous.", "Au revoir."}


async def test_s9_silence_is_met_with_a_prompt_then_an_end_and_no_model_is_asked() -> None:
    model = FakeChatModel(("Bonsoir", " à", " vous."))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(3)
    asked = len(model.requests)
    heard = len(run.stage.heard)
    began_s = asyncio.get_running_loop().time()

    while not playing.done():
        run.stage.quiet = asyncio.get_running_loop().time() - began_s
        await asyncio.sleep(0.5)
    writing.cancel()

    assert playing.result() == "silence"
    assert len(run.stage.heard) >= heard + 2
    assert len(model.requests) == asked


async def test_end_command_closes_with_a_spoken_line(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 5) == "learner"
    assert run.stage.hushes == 1
    assert run.stage.heard[-1][1] in {"Merci à vous.", "Au revoir."}


async def test_end_command_does_not_wait_for_the_greeting_to_be_over(run: Run) -> None:
    run.stage = LongStage(run.roleplay)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 5) == "learner"
    assert len(run.stage.heard) == 1
    assert run.stage.heard[0][1] in {"Merci à vous.", "Au revoir."}


async def test_s5_stop_ends_in_mid_line_and_says_no_more(run: Run) -> None:
    run.stage = LongStage(run.roleplay)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.stop("left")

    assert await asyncio.wait_for(playing, 5) == "left"
    assert run.stage.heard == []


async def test_skip_goes_to_the_next_phase(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.skip()
    await asyncio.sleep(1)
    playing.cancel()

    assert run.stage.phases == ["ouverture", "debat"]


async def test_pause_stands_the_clock_still(run: Run) -> None:
    run.stage.quiet = 2.0
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.time.pause("rpc")
    await asyncio.sleep(3600)

    assert run.roleplay.end_reason is None
    assert run.roleplay.state()["elapsed_s"] == pytest.approx(1, abs=0.1)
    playing.cancel()


async def test_model_that_fails_leaves_the_line_to_the_author() -> None:
    model = FakeChatModel(("",))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    await run.stage.hear("Monsieur Roche, votre avis ?")
    turns = await run.texts()
    writing.cancel()

    assert turns[1][0] == "roche"
    assert turns[1][1] in {"Je n'y crois pas.", "Qui paiera ?", "Et les régions ?"}


async def test_prompt_of_an_answer_holds_the_words_it_answers() -> None:
    model = FakeChatModel(("Je", " doute."))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    plan = run.roleplay.answer("Le fret recule.")
    speculative = run.roleplay.line(plan.beats[0], plan=plan, heard="Le fret recule.")
    assert "".join([piece async for piece in speculative])
    run.roleplay.commit(plan, "Le fret recule.")
    certain = run.roleplay.line(plan.beats[0], plan=plan, heard="Le fret recule.")
    assert "".join([piece async for piece in certain])
    writing.cancel()

    first, second = ("\n".join(m.content for m in r.messages) for r in model.requests)
    assert first.count("Le fret recule.") == 1
    assert first == second


async def test_b_store_that_fails_for_a_while_loses_no_turn(run: Run) -> None:
    run.store.away = True
    await run.stage.hear("Monsieur Roche, votre avis ?")
    await asyncio.sleep(5)
    run.store.away = False

    assert [who for who, _, _ in await run.texts()] == ["learner", "roche"]


async def test_session_that_somebody_else_ended_tells_of_its_end_once(run: Run) -> None:
    run.journal.finish(SessionStatus.ENDED, "learner")
    run.journal.finish(SessionStatus.FAILED, "lost")
    await run.journal.drain(1)

    ends = [event.data for event in await run.store.events(ROOM) if event.kind == "ended"]
    assert ends == [{"reason": "learner", "status": "ended"}]
