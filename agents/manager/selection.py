"""Who speaks after the learner: a ladder of rungs, the first that decides wins.

Each rung is a pure function of the situation. Rules decide when somebody speaks; a rung only says
who. No rung's reason holds what was said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.manager.beats import Decision, Rung
from agents.manager.memory import Said
from agents.manager.names import Address
from agents.manager.phases import speakers_in
from agents.manager.scene import Scene
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


def fewest_words(at: Situation) -> Decision | None:
    """The one who was heard least so far."""
    chosen = by_fewest_words(at.speakers, at.scene)[:1]
    return _decided(Rung.SCORE, chosen, "has said the fewest words", at)


LADDER: tuple[Step, ...] = (addressed, phase_rule, fewest_words)


def select(at: Situation, ladder: Sequence[Step] = LADDER) -> Decision:
    """The decision of the first rung that has one."""
    for step in ladder:
        decision = step(at)
        if decision is not None:
            return decision
    return _decided(Rung.SCENE, at.speakers[:1], "no rung decided, the lead speaks", at)


def by_fewest_words(speakers: Sequence[str], scene: Scene) -> tuple[str, ...]:
    """Fewest words first; among equals the one who has been silent for longest."""

    def key(one: str) -> tuple[int, int]:
        recent = scene.speakers
        last = max((at for at, who in enumerate(recent) if who == one), default=-1)
        return scene.words_of(one), last

    return tuple(sorted(speakers, key=key))


def _decided(rung: Rung, chosen: tuple[str, ...], reason: str, at: Situation) -> Decision:
    return Decision(rung=rung, chosen=chosen, reason=reason, candidates=at.speakers)
