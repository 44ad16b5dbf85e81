"""Each character's share of what the cast was heard to say, beside the bounds the author set."""

from collections.abc import Sequence

from agents.manager.scene import Scene
from scenarios.schema import Scenario


def share(scene: Scene, persona: str) -> float:
    """The character's share of the cast's words so far, 0 to 1; 0 before anybody spoke."""
    said = dict(scene.words)
    return said.get(persona, 0) / max(sum(said.values()), 1)


def too_little(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are below the least share."""
    least = scenario.moderation.airtime.min
    return tuple(one for one in personas if share(scene, one) < least)


def within(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are not above the greatest share."""
    greatest = scenario.moderation.airtime.max
    return tuple(one for one in personas if share(scene, one) <= greatest)
