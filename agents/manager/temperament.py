"""What an author's four dials mean in seconds, words and chances, as a mood bends them.

Every figure is a pure function of a Temper and of a Mood, None while nothing has moved it. Owns no
rule of when a character speaks: the planner asks here how long, how likely and in which manner.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType

from agents.manager.beats import BeatKind, Stance
from agents.manager.mood import Mood
from scenarios.fields import Language
from scenarios.schema import Temper

CUTS_IN_FIRST_S = 18.0
CUTS_IN_LAST_S = 75.0
"""After so much of a person's speech the most and the least eager one cut in, both calm."""

MOST_WAIT_S = 1.2
"""How much longer than usual the most patient one waits in a slow speaker's pauses."""

FOLLOW_UP_SHARE = 0.45
"""How likely a calm character of talkativeness 1 takes up what another one said."""

CALM = 0.3
"""Impatience that shows in nothing: nobody begins a scene above it."""

ANNOYED = 0.5
SPENT = 0.75
"""Impatience from which a character's manner tells it."""

WARY = 0.15
LOST = 0.3
WON = 0.15
"""By how much trust is below its base, or above it, when a character's manner tells it."""

_WORDS: Mapping[BeatKind, tuple[int, int]] = {
    BeatKind.OPENING: (25, 45),
    BeatKind.ANSWER: (25, 55),
    BeatKind.FOLLOW_UP: (18, 34),
    BeatKind.PROMPT: (18, 26),
    BeatKind.EVENT: (30, 55),
    BeatKind.RECAP: (18, 26),
    BeatKind.CUT_IN: (18, 26),
    BeatKind.CLOSING: (40, 60),
}
"""Words of the tersest and of the most talkative one: 18 are seven seconds, 60 are 25."""


def base_trust(temper: Temper) -> float:
    """The trust that a character begins with and comes back to: 0.7, or 0.2 when all hostile."""
    return round(0.7 - 0.5 * temper.hostility, 4)


def base_impatience(temper: Temper) -> float:
    """The impatience that it begins with and comes back to: 0 to CALM."""
    return round(CALM * (1.0 - temper.patience), 4)


def heat(mood: Mood | None) -> float:
    """How far impatience is above CALM: 0 for a calm character, 1 for one at its wits' end."""
    return 0.0 if mood is None else max(0.0, mood.impatience - CALM) / (1.0 - CALM)


def cuts_in_after_s(temper: Temper, mood: Mood | None = None) -> float:
    """Seconds of the person's speech after which the character cuts in: 13 to 75."""
    eager = 0.6 * temper.interruption + 0.4 * (1.0 - temper.patience)
    calm_s = CUTS_IN_LAST_S - (CUTS_IN_LAST_S - CUTS_IN_FIRST_S) * eager
    return round(calm_s * (1.0 - 0.3 * heat(mood)), 2)


def waits_s(temper: Temper, mood: Mood | None = None) -> float:
    """Extra seconds that the character leaves a slow speaker in a pause: 0 to MOST_WAIT_S."""
    return round(MOST_WAIT_S * temper.patience * (1.0 - 0.8 * heat(mood)), 2)


def max_words(temper: Temper, kind: BeatKind) -> int:
    """The longest that such a line of the character should be: 18 to 60 words."""
    tersest, longest = _WORDS[kind]
    return round(tersest + (longest - tersest) * temper.talkativeness)


def follow_up_share(temper: Temper, mood: Mood | None = None) -> float:
    """How likely the character takes up what another one said: 0 to 0.6; 0 for a silent one."""
    eager = 1.0 + 0.15 * temper.hostility + heat(mood) * 0.15
    return round(FOLLOW_UP_SHARE * temper.talkativeness * eager, 4)


def stance(temper: Temper, mood: Mood | None, rng: Random) -> Stance:
    """How the character takes up what another one said; draws once."""
    weights = stances(temper, mood)
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def stances(temper: Temper, mood: Mood | None = None) -> dict[Stance, float]:
    """The chance of each stance; they sum to 1. Hostility and lost trust object more."""
    trust = base_trust(temper) if mood is None else mood.trust
    object_ = 0.15 + temper.hostility + 0.4 * (1.0 - trust)
    agree = 0.1 + (1.0 - temper.hostility) * (0.4 + 0.6 * trust)
    build = 0.5
    whole = object_ + agree + build
    return {
        Stance.AGREE: agree / whole,
        Stance.OBJECT: object_ / whole,
        Stance.BUILD: build / whole,
    }


def reclaims(temper: Temper, mood: Mood | None = None) -> float:
    """The chance that the character takes the floor back after it was cut off: 0.1 to 0.95."""
    pushy = 0.4 * temper.interruption + 0.2 * temper.talkativeness + 0.15 * temper.hostility
    return round(0.1 + pushy + 0.1 * heat(mood), 4)


def manner(temper: Temper, mood: Mood | None, language: Language) -> str:
    """A sentence or two for a prompt on how the character feels; "" when it feels as ever."""
    if mood is None:
        return ""
    words = _manners(language)
    told = []
    if mood.impatience >= SPENT:
        told.append(words["spent"])
    elif mood.impatience >= ANNOYED:
        told.append(words["annoyed"])
    moved = mood.trust - base_trust(temper)
    if moved <= -LOST:
        told.append(words["lost"])
    elif moved <= -WARY:
        told.append(words["wary"])
    elif moved >= WON:
        told.append(words["won"])
    return " ".join(told)


@cache
def _manners(language: Language) -> Mapping[str, str]:
    with Path(__file__).with_name("moods.toml").open("rb") as file:
        manners: dict[str, str] = tomllib.load(file)[language]["manner"]
    return MappingProxyType(manners)
