"""A scene made ready for a room: from its beginning, or from where another job lost it.

Owns what a job that takes a scene up again must know of it: who said what, so that nobody repeats
a line. How it is played is the roleplay's.
"""

from collections.abc import Sequence
from random import Random

from agents.cast.guard import clean_line
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER, Said
from agents.manager.ports import Chooser, Judge
from agents.manager.reactions import Listening
from agents.manager.scene import Scene
from agents.manager.stored import said_of
from agents.roleplay.choosing import Choosing, OptimizerChooser
from agents.roleplay.journal import Journal
from agents.roleplay.judging import OptimizerJudge
from agents.roleplay.lines import Lines
from agents.roleplay.remembering import Remembering
from agents.roleplay.run import Roleplay
from agents.roleplay.scene_clock import SceneClock
from agents.stage.house import House
from scenarios.loader import Loaded
from scenarios.schema import Scenario
from services.llm.deck import Deck
from services.llm.understudy import Understudy
from services.sessions.records import SessionRecord, TurnRecord


def stage_scene(
    house: House,
    scenario: Scenario,
    session: SessionRecord,
    turns: Sequence[TurnRecord],
    *,
    journal: Journal,
    learner_name: str,
) -> Roleplay:
    """The scene of that session, after the turns that were played of it already."""
    said = [said_of(turn) for turn in turns]
    manager = _manager(scenario, session, said)
    return Roleplay(
        scenario,
        room=session.room,
        manager=manager,
        lines=_lines(house, scenario, session, said),
        journal=journal,
        clock=house.clock,
        scene_clock=SceneClock(house.clock, elapsed_s=float(session.scene.get("elapsed_s", 0.0))),
        learner_name=learner_name,
        knowledge=_knowledge(house.scenario(scenario.id)),
        templates=house.templates,
        choosing=Choosing(_chooser(house, scenario, session)),
        listening=Listening(scenario, Random(f"{session.room}:listening")),
        judge=_judge(house, scenario, session),
        recollection=_recollection(house, scenario, session, manager),
    )


def _manager(scenario: Scenario, session: SessionRecord, said: list[Said]) -> MultiAgentManager:
    rng = Random(session.room)
    if not session.scene:
        return MultiAgentManager(scenario, rng=rng)
    return MultiAgentManager.restore(scenario, Scene.from_json(session.scene), said, rng)


def _lines(house: House, scenario: Scenario, session: SessionRecord, said: Sequence[Said]) -> Lines:
    """Whoever writes the cast's lines, told which were heard: author, deck and optimizer."""
    understudy = Understudy(scenario, rng=Random(session.room))
    deck = Deck(
        scenario,
        clean=lambda persona, line: clean_line(line, persona, scenario),
        rng=Random(session.room),
    )
    heard = [one for one in said if one.speaker != LEARNER]
    for one in heard:
        understudy.mark(one.speaker, one.text)
        deck.mark(one.speaker, one.text)
    house.optimizer.remember(session.room, (one.text for one in heard))
    return Lines(
        scenario,
        optimizer=house.optimizer,
        understudy=understudy,
        room=session.room,
        user=session.user,
        revision=session.scenario_hash,
        deck=deck,
        templates=house.templates,
    )


def _chooser(house: House, scenario: Scenario, session: SessionRecord) -> Chooser | None:
    """Whoever may choose between equals; nobody without a model, or where one speaks alone."""
    if not house.optimizer.has_model or len(scenario.cast) == 1:
        return None
    return OptimizerChooser(
        house.optimizer,
        scenario,
        room=session.room,
        user=session.user,
        revision=session.scenario_hash,
        templates=house.templates,
    )


def _judge(house: House, scenario: Scenario, session: SessionRecord) -> Judge | None:
    """Whoever may tell how a turn was taken; nobody without a model."""
    if not house.optimizer.has_model:
        return None
    return OptimizerJudge(
        house.optimizer,
        scenario,
        room=session.room,
        user=session.user,
        revision=session.scenario_hash,
        templates=house.templates,
    )


def _recollection(
    house: House, scenario: Scenario, session: SessionRecord, manager: MultiAgentManager
) -> Remembering:
    """Memory beyond the window; without a model the rules alone remember."""
    return Remembering(
        scenario,
        manager,
        room=session.room,
        user=session.user,
        revision=session.scenario_hash,
        analyst=house.memory if house.optimizer.has_model else None,
        templates=house.templates,
    )


def _knowledge(loaded: Loaded) -> tuple[str, ...]:
    return tuple((loaded.folder / name).read_text("utf-8") for name in loaded.scenario.knowledge)
