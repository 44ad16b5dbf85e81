"""The local score: what speaks for each of those who may speak now, term by term. Pure.

Owns the terms and their weights. Who may speak at all was decided before; a tie is the ladder's to
break.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from agents.manager.airtime import is_over, is_short
from agents.manager.beats import BeatKind, Score
from agents.manager.insight import insight_of
from agents.manager.memory import Said
from agents.manager.moods import mood_in
from agents.manager.questions import open_to
from agents.manager.scene import Scene
from scenarios.hearing import words_of
from scenarios.schema import Scenario

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "expertise": 0.26,
        "pending": 0.18,
        "airtime": 0.20,
        "recency": 0.14,
        "reclaim": 0.12,
        "temper": 0.10,
        "below_min": 1.0,
        "above_max": -1.0,
    }
)
"""What a term of 1 adds. Below the author's least airtime somebody comes first; whom an answer
takes above the most is out, unless all are."""

TIE = 0.012
"""Scores no further apart than this are equal: a model may tell them apart."""

_HALF = 0.5


class Moment(Protocol):
    """What the score looks at."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def scene(self) -> Scene: ...
    @property
    def words(self) -> str: ...
    @property
    def memory(self) -> tuple[Said, ...]: ...
    @property
    def speakers(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the same for all candidates: matches with the subject, and open questions."""

    scenario: Scenario
    scene: Scene
    speakers: tuple[str, ...]
    expertise: Mapping[str, float]
    pending: Mapping[str, float]


Term = Callable[[Facts, str], float]


def scores(at: Moment) -> tuple[Score, ...]:
    """Each of those who may speak now, best first; total and terms are rounded to 4 digits.

    Among equals the one with the fewest words is first, then the one silent for longest, then the
    author's order.
    """
    insight, scene = insight_of(at.scenario), at.scene
    facts = Facts(
        at.scenario,
        scene,
        at.speakers,
        insight.expertise.matches(words_of(at.words)),
        open_to(at.memory, insight.roster),
    )

    def order(score: Score) -> tuple[float, int, int]:
        return -score.total, scene.words_of(score.persona), _last_spoke(scene, score.persona)

    return tuple(sorted((_score(facts, one) for one in facts.speakers), key=order))


def tied(best_first: tuple[Score, ...]) -> tuple[str, ...]:
    """Those whose totals are no further than TIE from the best; () when one is clearly ahead."""
    level = [one.persona for one in best_first if best_first[0].total - one.total <= TIE]
    return tuple(level) if len(level) > 1 else ()


def _score(facts: Facts, persona: str) -> Score:
    terms = tuple((name, round(term(facts, persona), 4)) for name, term in TERMS.items())
    total = round(sum(WEIGHTS[name] * value for name, value in terms), 4)
    return Score(persona=persona, total=total, terms=terms)


def _expertise(facts: Facts, persona: str) -> float:
    """What was said is their subject more than the others'."""
    return facts.expertise.get(persona, 0.0)


def _pending(facts: Facts, persona: str) -> float:
    """A question is open to them; who has held the floor again and again lets go of it."""
    return facts.pending.get(persona, 0.0) / max(1, _streak(facts.scene, persona))


def _airtime(facts: Facts, persona: str) -> float:
    """1 for who has said nothing, a half for a fair share of the words, 0 for twice that."""
    scene, speakers = facts.scene, facts.speakers
    total = sum(scene.words_of(one) for one in speakers)
    share = scene.words_of(persona) / total if total else 0.0
    return max(0.0, 1.0 - _HALF * share * len(speakers))


def _recency(facts: Facts, persona: str) -> float:
    """0 for who spoke last, nearer to 1 the longer ago it is."""
    scene = facts.scene
    since = len(scene.speakers) - 1 - _last_spoke(scene, persona)
    return 1.0 - _HALF**since if persona in scene.speakers else 1.0


def _reclaim(facts: Facts, persona: str) -> float:
    """They were cut off; the more eager take the floor back the sooner."""
    if facts.scene.interrupted != persona:
        return 0.0
    temper = facts.scenario.character(persona).temper
    return _HALF + _HALF * max(temper.talkativeness, temper.interruption)


def _temper(facts: Facts, persona: str) -> float:
    """How eager they are: talkative by nature, impatient by now."""
    temper = facts.scenario.character(persona).temper
    impatience = mood_in(facts.scenario, facts.scene, persona).impatience
    return 0.6 * temper.talkativeness + 0.4 * impatience


def _below_min(facts: Facts, persona: str) -> float:
    """They have less airtime than the author wants at least."""
    return float(is_short(facts.scenario, facts.scene, persona))


def _above_max(facts: Facts, persona: str) -> float:
    """An answer gives them more airtime than the author allows."""
    return float(is_over(facts.scenario, facts.scene, persona, BeatKind.ANSWER))


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "expertise": _expertise,
        "pending": _pending,
        "airtime": _airtime,
        "recency": _recency,
        "reclaim": _reclaim,
        "temper": _temper,
        "below_min": _below_min,
        "above_max": _above_max,
    }
)


def _last_spoke(scene: Scene, persona: str) -> int:
    """Their last place among the latest speakers, -1 for none."""
    return max((at for at, who in enumerate(scene.speakers) if who == persona), default=-1)


def _streak(scene: Scene, persona: str) -> int:
    """How many of the latest lines in a row were theirs."""
    last_other = max((at for at, who in enumerate(scene.speakers) if who != persona), default=-1)
    return len(scene.speakers) - 1 - last_other
