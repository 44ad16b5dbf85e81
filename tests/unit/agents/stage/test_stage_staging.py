"""A scene that another job takes up again: nobody repeats what was heard before."""

from datetime import UTC, datetime
from random import Random

import pytest

from agents.manager.manager import MultiAgentManager
from agents.roleplay.choosing import OptimizerChooser
from agents.roleplay.journal import Journal
from agents.roleplay.judging import OptimizerJudge
from agents.roleplay.remembering import Remembering
from agents.roleplay.run import Roleplay
from agents.stage.house import House
from agents.stage.staging import stage_scene
from scenarios.catalogue import LIBRARY, Catalogue
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Source
from services.llm.prompts.store import shipped
from services.llm.request import Message, Request, Scope, TaskType
from services.sessions.records import SessionRecord, TurnRecord
from services.settings import load_settings
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on
from tests.fakes.store import FakePresence, FakeSessionStore

ROOM = "s-0123456789abcdef0123456789abcdef"
AT = datetime(2026, 11, 21, tzinfo=UTC)
HEARD = "Bonsoir à tous, et bienvenue."


def house(optimizer: LLMOptimizer) -> House:
    return House(
        settings=load_settings({}),
        clock=LoopClock(),
        store=FakeSessionStore(),
        presence=FakePresence(),
        optimizer=optimizer,
        templates=shipped(),
        catalogue=Catalogue((LIBRARY,)),
        ears=(),
        engines=(),
    )


def turn(speaker: str, text: str) -> TurnRecord:
    return TurnRecord(
        room=ROOM,
        turn_id="o1",
        speaker=speaker,
        speaker_name=speaker,
        text=text,
        source="live",
        phase="ouverture",
        at=AT,
        cut=False,
        kind="opening",
    )


def taken_up(optimizer: LLMOptimizer, *turns: TurnRecord) -> Roleplay:
    there = house(optimizer)
    loaded = there.scenario("debat-tv")
    scene = MultiAgentManager(loaded.scenario, rng=Random(1)).scene
    session = SessionRecord(
        room=ROOM,
        user="ada",
        scenario_id=loaded.scenario.id,
        scenario_hash=loaded.hash,
        scenario_text=loaded.text,
        language="fr",
        started_at=AT,
        scene={**scene.to_json(), "elapsed_s": 7.0},
    )
    journal = Journal(there.store, there.clock, room=ROOM)
    return stage_scene(
        there, loaded.scenario, session, turns, journal=journal, learner_name="Camille"
    )


async def answered(optimizer: LLMOptimizer, session: str) -> Source:
    """Where a line that the scene's sessions share comes from."""
    request = Request(
        task=TaskType.AGENT_RESPONSE,
        messages=(Message("user", "Ouvrez."),),
        spoken=True,
        scope=Scope.SCENARIO,
        session=session,
        scenario="debat-tv",
        persona="morel",
        language="fr",
    )
    return (await optimizer.respond(request)).source


@pytest.mark.parametrize(
    ("speaker", "source"), [("morel", Source.LIVE), ("learner", Source.CACHED)]
)
async def test_line_that_was_heard_before_a_restart_is_not_served_again(
    speaker: str, source: Source
) -> None:
    optimizer = optimizer_on(FakeChatModel((HEARD,)), LoopClock())
    assert await answered(optimizer, "s-other") is Source.LIVE
    taken_up(optimizer, turn(speaker, HEARD))

    assert await answered(optimizer, ROOM) is source


async def test_scene_goes_on_where_it_was_lost() -> None:
    roleplay = taken_up(optimizer_on(None, LoopClock()), turn("morel", HEARD))

    assert roleplay.time.now_s() == pytest.approx(7.0, abs=1.0)
    assert [one.text for one in roleplay._manager.memory] == [HEARD]


async def test_scene_without_a_model_has_nobody_to_ask() -> None:
    roleplay = taken_up(optimizer_on(None, LoopClock()))

    assert roleplay._minds.taking._judging._judge is None
    assert roleplay._minds.answering._choosing._chooser is None
    assert isinstance(roleplay._minds._recollection, Remembering)
    assert roleplay._minds._recollection._analyst is None


async def test_scene_with_a_model_may_ask_it_who_speaks_and_how_a_turn_was_taken() -> None:
    roleplay = taken_up(optimizer_on(FakeChatModel((HEARD,)), LoopClock()))

    assert isinstance(roleplay._minds.taking._judging._judge, OptimizerJudge)
    assert isinstance(roleplay._minds.answering._choosing._chooser, OptimizerChooser)
