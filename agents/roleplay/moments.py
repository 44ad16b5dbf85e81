"""Which lines of the reaction deck would do for a beat: a listener's mood, or none.

A second voice after an answer reacts as its temper has it; an answer that no model gives hands the
floor back. Openings, closings and events are nobody's reflex.
"""

from random import Random

from agents.manager.beats import Beat, BeatKind
from scenarios.schema import Temper
from services.llm.reactions import Moment

OWN_WORDS = 1.5
"""Beside moods that weigh about 2 together: nearly every second reaction says more than `Hm.`"""


def moment_of(beat: Beat, temper: Temper) -> Moment | None:
    """The moment of that beat, the same whenever it is asked for."""
    if beat.kind is BeatKind.ANSWER:
        return Moment.STALL
    if beat.kind is not BeatKind.FOLLOW_UP:
        return None
    likely: dict[Moment | None, float] = {
        Moment.AGREE: 1.0 - temper.hostility,
        Moment.DISAGREE: temper.hostility,
        Moment.DOUBT: 0.2 + temper.hostility / 2,
        Moment.SURPRISE: 0.2,
        Moment.IMPATIENCE: (1.0 - temper.patience) / 2,
        None: OWN_WORDS,
    }
    draw = Random(f"{beat.id}:{beat.persona}")
    return draw.choices(list(likely), weights=list(likely.values()))[0]
