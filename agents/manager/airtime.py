"""Who has less, and who would have more, of the cast's words than the author's bounds want."""

from collections.abc import Sequence

from agents.manager import temperament
from agents.manager.beats import BeatKind
from agents.manager.scene import Scene
from scenarios.schema import Scenario

SHARES_FROM_WORDS = 120
"""Before the cast has said so many words its shares of airtime say nothing."""


def is_short(scenario: Scenario, scene: Scene, persona: str) -> bool:
    """Whether the character is below the least share; nobody is while little was said."""
    share = _share(scene, persona)
    return share is not None and share < scenario.moderation.airtime.min


def is_over(scenario: Scenario, scene: Scene, persona: str, kind: BeatKind) -> bool:
    """Whether one more line of that kind takes the character above the greatest share.

    The line is taken to be as long as it may be. Nobody is above it while little was said.
    """
    line = temperament.max_words(scenario.character(persona).temper, kind)
    share = _share(scene, persona, line)
    return share is not None and share > scenario.moderation.airtime.max


def too_little(scenario: Scenario, scene: Scene, personas: Sequence[str]) -> tuple[str, ...]:
    """Those of the personas who are below the least share."""
    return tuple(one for one in personas if is_short(scenario, scene, one))


def within(
    scenario: Scenario, scene: Scene, personas: Sequence[str], kind: BeatKind
) -> tuple[str, ...]:
    """Those of the personas whom a line of that kind leaves below the greatest share."""
    return tuple(one for one in personas if not is_over(scenario, scene, one, kind))


def _share(scene: Scene, persona: str, more: int = 0) -> float | None:
    """The character's part of what the whole cast has said, 0 to 1, once they say `more` words.

    None while little was said.
    """
    total = sum(words for _, words in scene.words)
    if total < SHARES_FROM_WORDS:
        return None
    return (scene.words_of(persona) + more) / (total + more)
