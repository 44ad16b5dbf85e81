"""Who has less, and who more, of the cast's words than the author's bounds want."""

from collections.abc import Sequence

from agents.manager.scene import Scene
from agents.manager.scoring import SHARES_FROM_WORDS
from scenarios.schema import Scenario


def too_little(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are below the least share; nobody while little was said."""
    least = scenario.moderation.airtime.min
    return tuple(one for one in personas if _share(scene, one, unknown=least) < least)


def within(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are not above the greatest share; all while little was said."""
    most = scenario.moderation.airtime.max
    return tuple(one for one in personas if _share(scene, one, unknown=most) <= most)


def _share(scene: Scene, persona: str, *, unknown: float) -> float:
    """The character's share of all the cast was heard to say, 0 to 1."""
    said = dict(scene.words)
    total = sum(said.values())
    return said.get(persona, 0) / total if total >= SHARES_FROM_WORDS else unknown
