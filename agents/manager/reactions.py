"""Who lets a short reaction slip while another speaks: seldom, varied, and never as a turn.

Owns when and of which kind; the words are the deck's or the author's. Draws from its own random
numbers, so that it cannot disturb the scene's decisions.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

from agents.cast.presence import in_room
from agents.manager.moods import mood_in
from agents.manager.scene import Scene
from agents.manager.temperament import heat
from scenarios.schema import Scenario, Temper
from services.llm.reactions import Moment

T = TypeVar("T")

ROOM_GAP_S = 6.0
"""At least so long between two reactions of the whole room."""

OWN_GAP_S = 15.0
"""At least so long between two reactions of one character."""

SETTLING_S = 4.0
"""Nobody reacts in a phase's first seconds, before its opening was heard."""

LIKELIEST = 0.5
"""The chance that a calm listener of talkativeness 1 reacts in a pause."""


class Pause(StrEnum):
    """Whose pause it is that a listener may use."""

    LEARNER = "learner"
    CAST = "cast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """`moment` is one of the deck's: agree, disagree, surprise, doubt, impatience, thinking."""

    persona: str
    moment: str


class Listening:
    """The listeners of one scene, with a memory of who reacted when and how."""

    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self._scenario = scenario
        self._rng = rng
        self._last_s: float | None = None
        self._own: dict[str, tuple[float, Moment]] = {}

    def reaction(
        self, scene: Scene, *, speaker: str, pause: Pause, now_s: float
    ) -> Reaction | None:
        """A listener's reaction in this pause of the speaker, mostly None.

        `speaker` is a character's id or LEARNER. A reaction counts as made when it is given out.
        """
        if not self._may(scene, now_s):
            return None
        listeners = {
            one: chance
            for one in in_room(self._scenario, scene)
            if one != speaker and self._rested(one, now_s)
            if (chance := self._chance(one, scene)) > 0.0
        }
        if not listeners or self._rng.random() >= max(listeners.values()):
            return None
        persona = _drawn(self._rng, listeners)
        moment = _drawn(self._rng, self._moments(persona, scene, pause))
        self._last_s, self._own[persona] = now_s, (now_s, moment)
        return Reaction(persona=persona, moment=moment)

    def _may(self, scene: Scene, now_s: float) -> bool:
        if scene.ended is not None or not scene.begun:
            return False
        if not scene.opened and now_s - scene.phase_started_s < SETTLING_S:
            return False
        return self._last_s is None or now_s - self._last_s >= ROOM_GAP_S

    def _rested(self, persona: str, now_s: float) -> bool:
        own = self._own.get(persona)
        return own is None or now_s - own[0] >= OWN_GAP_S

    def _chance(self, persona: str, scene: Scene) -> float:
        """A heated one reacts more often; one who never talks, never."""
        temper = self._scenario.character(persona).temper
        heated = heat(mood_in(self._scenario, scene, persona))
        return LIKELIEST * temper.talkativeness * (1.0 + 0.5 * heated)

    def _moments(self, persona: str, scene: Scene, pause: Pause) -> dict[Moment, float]:
        """What the reaction may be, by weight; not what the character's last one was."""
        mood = mood_in(self._scenario, scene, persona)
        temper = self._scenario.character(persona).temper
        weights = _weights(temper, mood.trust, heat(mood), pause)
        if scene.interrupted == persona:
            weights[Moment.IMPATIENCE] += 0.5
        _, last = self._own.get(persona, (0.0, None))
        return {moment: weight for moment, weight in weights.items() if moment is not last}


def _weights(temper: Temper, trust: float, heated: float, pause: Pause) -> dict[Moment, float]:
    """While the person talks listeners mull over and lose patience, on the cast they take sides."""
    to_person = pause is Pause.LEARNER
    return {
        Moment.AGREE: (1.0 - temper.hostility) * (0.2 + 0.8 * trust),
        Moment.DISAGREE: temper.hostility * (1.2 - trust) * (0.6 if to_person else 1.0),
        Moment.DOUBT: 0.1 + 0.4 * temper.hostility + 0.5 * (1.0 - trust),
        Moment.SURPRISE: 0.15 if to_person else 0.3,
        Moment.IMPATIENCE: (1.5 * heated + 0.1 * (1.0 - temper.patience))
        * (1.0 if to_person else 0.3),
        Moment.THINKING: 0.3 * temper.patience if to_person else 0.1,
    }


def _drawn(rng: Random, weights: dict[T, float]) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
