"""Who cuts in on a person who goes on and on: the one whose patience ends first, or the clock.

The time-box of the author's moderation and MONOLOGUE_S hold whatever the tempers are.
"""

from dataclasses import replace
from typing import Literal, NamedTuple

from agents.manager import temperament
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.memory import LEARNER
from agents.manager.plans import Composer, effects_of, scene_decision
from scenarios.happenings import Event
from scenarios.schema import Phase

MONOLOGUE_S = 120.0
"""So long a person may talk at the most where the author set no time-box."""


class Limit(NamedTuple):
    """When somebody cuts in, in seconds of the person's speech, and why."""

    after_s: float
    persona: str
    boxed: bool


def first_limit(composer: Composer, phase: Phase) -> Limit:
    """The first of the limits that the person's speech meets; the clock's among equals.

    Who cut in last has patience until somebody else has spoken: nobody cuts in twice on end.
    """
    box_s = composer.scenario.moderation.turn_s or MONOLOGUE_S
    limits, last = [Limit(box_s, composer.moderator(phase), boxed=True)], _cut_in_last(composer)
    for one in composer.speakers(phase):
        if one != last:
            limit_s = temperament.cuts_in_after_s(composer.temper(one), composer.mood(one))
            limits.append(Limit(limit_s, one, boxed=False))
    return min(limits, key=lambda limit: limit.after_s)


def cut_in(composer: Composer, phase: Phase, limit: Limit, *, event: Event | None) -> Plan:
    """One line that takes the floor from the person, by whoever's limit was met.

    An event that the person's words brought is what is said, by its own character.
    """
    if event is not None:
        beat, reason = _telling(composer, phase, event), f"event {event.id}"
    else:
        beat = _line(composer, phase, limit)
        reason = "the person's time is up" if limit.boxed else "has no patience left"
    decision = scene_decision(f"cuts in: {reason}", (beat,))
    return composer.plan("cut_in", (beat,), decision, effects=effects_of(event, composer.scene))


def close(composer: Composer, phase: Phase, reason: str) -> Plan:
    """The scene's end in the middle of what the person says."""
    lead_in = composer.phrase("time_box", composer.scene.serial)
    beat = replace(composer.closing(phase, cue="closing_answer"), lead_in=lead_in)
    decision = scene_decision(f"cuts in: the scene ends: {reason}", (beat,))
    return composer.plan("cut_in", (beat,), decision, ends=reason)


def _line(composer: Composer, phase: Phase, limit: Limit) -> Beat:
    kind: Literal["time_box", "cut_in"] = "time_box" if limit.boxed else "cut_in"
    lead_in = composer.phrase(kind, composer.scene.serial)
    return composer.beat(limit.persona, BeatKind.CUT_IN, phase, kind, lead_in=lead_in)


def _telling(composer: Composer, phase: Phase, event: Event) -> Beat:
    """The event's line as a cut-in."""
    told, words = composer.event(event, phase), composer.phrase("cut_in", composer.scene.serial)
    if told.say is None:
        return replace(told, kind=BeatKind.CUT_IN, lead_in=words)
    return replace(told, kind=BeatKind.CUT_IN, say=f"{words} {told.say}")


def _cut_in_last(composer: Composer) -> str | None:
    """Who spoke last of the cast, if that line cut in."""
    last = next((said for said in reversed(composer.memory) if said.speaker != LEARNER), None)
    return last.speaker if last is not None and last.turn_id.startswith("c") else None
