"""Managers in the middle of the debate, and what their plans hold."""

from random import Random
from typing import Any

from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.scene import Scene
from scenarios.schema import Scenario
from tests.fakes.scenes import DEBATE, cast_with, debate

LONG_PHASE = [DEBATE["phases"][0] | {"turns": {"min": 1, "max": 90}, "time_limit_s": None}]


def manager_at(scenario: Scenario, **scene: Any) -> MultiAgentManager:
    """A manager whose first phase was opened and has had one turn, unless told otherwise."""
    values = {"seed": 7, "begun": True, "opened": True, "phase_turns": 1, "turns": 1} | scene
    start = Scene(phase=scenario.phases[0].id, **values)
    return MultiAgentManager(scenario, rng=Random(0), scene=start)


def talkative(*ids: str, **changes: Any) -> Scenario:
    """A debate where those are all talkativeness and the others none."""
    cast = [
        one | {"temper": {"talkativeness": float(one["id"] in ids)}} for one in cast_with("nobody")
    ]
    return debate(**({"cast": cast, "phases": LONG_PHASE, "limits": {"turns": 200}} | changes))


def plans(scenario: Scenario, said: str = "Je continue.", **scene: Any) -> list[Plan]:
    """The plans for the same words at 80 different turns."""
    return [manager_at(scenario, turns=turns, **scene).answer(said, 10.0) for turns in range(1, 81)]


def speakers(plan: Plan) -> list[str]:
    """Who speaks in it, in order."""
    return [beat.persona for beat in plan.beats]


def follow_ups(several: list[Plan]) -> list[Beat]:
    """The follow-ups of all these plans."""
    return [beat for plan in several for beat in plan.beats if beat.kind is BeatKind.FOLLOW_UP]


def hear(one: MultiAgentManager, plan: Plan, words: str | None = None, *texts: str) -> None:
    """Commits the plan and hears all of it, with those texts as far as they go."""
    one.commit(plan, words=words, now_s=10.0)
    for place, beat in enumerate(plan.beats):
        text = texts[place] if place < len(texts) else beat.say or "Un mot."
        one.performed(beat, text, False, 10.0)
