"""Who speaks after the learner: a ladder of rungs, the first that decides wins.

Each rung is a pure function of the situation. Rules decide when somebody speaks; a rung only says
who. No rung's reason holds what was said. A model's choice counts between equals only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.manager.beats import Decision, Rung, Score
from agents.manager.memory import Said
from agents.manager.names import Address
from agents.manager.phases import speakers_in
from agents.manager.scene import Scene
from agents.manager.scoring import WEIGHTS, scores, tied
from scenarios.schema import Phase, Scenario

MAX_ADDRESSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a rung may look at."""

    scenario: Scenario
    scene: Scene
    phase: Phase
    words: str
    address: Address
    memory: tuple[Said, ...] = ()

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who may speak now, the lead first."""
        return speakers_in(self.scenario, self.phase, self.scene)


Step = Callable[[Situation], Decision | None]


def addressed(at: Situation) -> Decision | None:
    """Those whom the learner addressed, in that order."""
    if at.address.everyone:
        chosen = by_fewest_words(at.speakers, at.scene)[:MAX_ADDRESSED]
        return _decided(Rung.ADDRESSED, chosen, "all of them were asked", at)
    chosen = tuple(one for one in at.address.ids if one in at.speakers)[:MAX_ADDRESSED]
    if not chosen:
        return None
    reason = "was addressed" if len(chosen) == 1 else "were addressed, in this order"
    return _decided(Rung.ADDRESSED, chosen, reason, at)


def phase_rule(at: Situation) -> Decision | None:
    """The lead, where the phase is the lead's to moderate."""
    lead = at.speakers[0]
    if len(at.speakers) == 1:
        reason = "is the only speaker of the phase"
    elif at.address.ids:
        reason = "leads the phase, and the one addressed takes no part in it"
    elif not at.scene.opened:
        reason = "leads the phase, whose opening was not heard"
    elif at.scene.phase_turns == 0:
        reason = "leads the phase, and it is the learner's first turn in it"
    else:
        return None
    return _decided(Rung.PHASE_RULE, (lead,), reason, at)


def score(at: Situation) -> Decision | None:
    """The one for whom most speaks; `tied` names those who are as good."""
    best_first = scores(at)
    equals = tied(best_first)
    reason = ("is level with others, " if equals else "") + _because(best_first)
    decision = _decided(Rung.SCORE, (best_first[0].persona,), reason, at)
    return replace(decision, scores=best_first, tied=equals)


LADDER: tuple[Step, ...] = (addressed, phase_rule, score)


def select(
    at: Situation, ladder: Sequence[Step] = LADDER, *, choice: str | None = None
) -> Decision:
    """The decision of the first rung that has one.

    `choice` is a model's: it decides between those who are tied, and is ignored otherwise.
    """
    for step in ladder:
        decision = step(at)
        if decision is not None:
            return decision if choice is None else _with_choice(decision, choice)
    return _decided(Rung.SCENE, at.speakers[:1], "no rung decided, the lead speaks", at)


def _with_choice(decision: Decision, choice: str) -> Decision:
    if choice not in decision.tied:
        return replace(decision, ignored=True)
    reason = "a model chose between equals"
    return replace(decision, rung=Rung.MODEL, chosen=(choice,), reason=reason, tied=())


def by_fewest_words(speakers: Sequence[str], scene: Scene) -> tuple[str, ...]:
    """Fewest words first; among equals the one who has been silent for longest."""

    def key(one: str) -> tuple[int, int]:
        recent = scene.speakers
        last = max((at for at, who in enumerate(recent) if who == one), default=-1)
        return scene.words_of(one), last

    return tuple(sorted(speakers, key=key))


def _because(best_first: Sequence[Score]) -> str:
    """What speaks for the best more than for those behind, in words of ours."""
    best, behind = best_first[0], [dict(one.terms) for one in best_first[1:]]
    rivals = [terms for terms in behind if not terms["above_max"]] or behind

    def ahead(term: tuple[str, float]) -> float:
        name, value = term
        others = sum(terms[name] for terms in rivals) / max(1, len(rivals))
        return WEIGHTS[name] * (value - others)

    return _REASONS[max(best.terms, key=ahead)[0]]


_REASONS = {
    "expertise": "knows the subject best",
    "pending": "a question is open to them",
    "airtime": "has said the fewest words",
    "recency": "has not spoken for longest",
    "reclaim": "was interrupted",
    "temper": "is eager to speak",
    "below_min": "has less airtime than the author wants",
    "above_max": "has airtime left",
}


def _decided(rung: Rung, chosen: tuple[str, ...], reason: str, at: Situation) -> Decision:
    return Decision(rung=rung, chosen=chosen, reason=reason, candidates=at.speakers)
