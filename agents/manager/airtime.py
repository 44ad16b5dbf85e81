"""Who has less, and who more, of the cast's words than the author's bounds want."""

from collections.abc import Sequence

from agents.manager.scene import Scene
from scenarios.schema import Scenario

SHARES_FROM_WORDS = 120
"""Before the cast has said so many words its shares of airtime say nothing."""


def is_short(scenario: Scenario, scene: Scene, persona: str) -> bool:
    """Whether the character is below the least share; nobody is while little was said."""
    share = _share(scene, persona)
    return share is not None and share < scenario.moderation.airtime.min


def is_over(scenario: Scenario, scene: Scene, persona: str) -> bool:
    """Whether the character is above the greatest share; nobody is while little was said."""
    share = _share(scene, persona)
    return share is not None and share > scenario.moderation.airtime.max


def too_little(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are below the least share."""
    return tuple(one for one in personas if is_short(scenario, scene, one))


def within(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are not above the greatest share."""
    return tuple(one for one in personas if not is_over(scenario, scene, one))


def _share(scene: Scene, persona: str) -> float | None:
    """The character's part of what the whole cast has said, 0 to 1; None while that is little."""
    total = sum(words for _, words in scene.words)
    return scene.words_of(persona) / total if total >= SHARES_FROM_WORDS else None
