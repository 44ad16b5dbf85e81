"""Situations in the debate: the middle of its first phase, nobody addressed, all equally heard."""

from typing import Any

from agents.manager.memory import Said
from agents.manager.names import Address
from agents.manager.scene import Scene
from agents.manager.selection import Situation
from scenarios.schema import Scenario
from tests.fakes.scenes import DEBATE_CAST, debate

EVEN = {"morel": 30, "roche": 30, "kerbrat": 30, "castan": 30}


def heard(speaker: str, text: str) -> Said:
    """Something said in the debate's first phase."""
    return Said(speaker=speaker, name=speaker, text=text, turn_id="a1-1", phase="ouverture")


def situation(
    words: str = "Je continue.",
    *,
    scenario: Scenario | None = None,
    memory: tuple[Said, ...] = (),
    spoken: dict[str, int] | None = None,
    **scene: Any,
) -> Situation:
    """The situation after those words; `spoken` is how many words each character has said."""
    scenario = scenario or debate()
    values = {"begun": True, "opened": True, "phase_turns": 1, "turns": 1} | scene
    tally = tuple((EVEN if spoken is None else spoken).items())
    return Situation(
        scenario=scenario,
        scene=Scene(seed=1, phase="ouverture", words=tally, **values),
        phase=scenario.phases[0],
        words=words,
        address=Address(),
        memory=memory,
    )


def scene_of(**changes: dict[str, Any]) -> Scenario:
    """The debate with fields of some of its characters changed."""
    return debate(cast=[one | changes.get(one["id"], {}) for one in DEBATE_CAST])


def understudy(*words: str) -> dict[str, Any]:
    """The field of a character who has an authored answer to those words."""
    base = DEBATE_CAST[0]["understudy"]
    return {"understudy": base | {"heard": [{"words": list(words), "say": "Justement."}]}}
