"""Who cuts in on a person who goes on and on: the one whose patience ends first, or the clock.

The time-box of the author's moderation and MONOLOGUE_S hold whatever the tempers are.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from agents.cast.presence import place_of
from agents.manager import airtime, temperament
from agents.manager.beats import Beat, BeatKind, Plan, Score
from agents.manager.memory import LEARNER
from agents.manager.plans import Composer, effects_of
from scenarios.happenings import Event
from scenarios.schema import Phase

MONOLOGUE_S = 90.0
"""So long a person may talk at the most where the author set no time-box."""

RESTS_TURNS = 2
"""So many turns of the person after its cut-in a character leaves the next one to others."""


class Limit(NamedTuple):
    """When somebody cuts in, in seconds of the person's speech, and why."""

    after_s: float
    persona: str
    boxed: bool


def limits(composer: Composer, phase: Phase) -> tuple[Limit, ...]:
    """The limits that the person's speech meets, the first one first; the clock's among equals.

    Nobody cuts in twice on end: who did it leaves it to the others for RESTS_TURNS, as does who
    would have more airtime than the author wants.
    """
    box_s = composer.scenario.moderation.turn_s or MONOLOGUE_S
    found, last = [Limit(box_s, composer.moderator(phase), boxed=True)], _cut_in_last(composer)
    speakers = composer.speakers(phase)
    for one in airtime.within(composer.scenario, composer.scene, speakers, BeatKind.CUT_IN):
        if one != last:
            limit_s = temperament.cuts_in_after_s(composer.temper(one), composer.mood(one))
            found.append(Limit(limit_s, one, boxed=False))
    return tuple(sorted(found, key=lambda limit: limit.after_s))


def weighed(limits: Sequence[Limit], speaking_s: float) -> tuple[Score, ...]:
    """The limits as scores after so many seconds of speech: what is left of each, in seconds.

    Their total is by how much the first of somebody's limits is passed.
    """
    terms: dict[str, list[tuple[str, float]]] = {}
    for limit in limits:
        term = "time_left" if limit.boxed else "patience_left"
        terms.setdefault(limit.persona, []).append((term, round(limit.after_s - speaking_s, 4)))
    return tuple(
        Score(persona=one, total=-left[0][1], terms=tuple(left)) for one, left in terms.items()
    )


def cut_in(
    composer: Composer,
    phase: Phase,
    limit: Limit,
    weighed: tuple[Score, ...],
    *,
    event: Event | None = None,
    asked: str | None = None,
) -> Plan:
    """The line that takes the floor from the person, by whoever's limit was met.

    Where the words speak to somebody who may answer, that one cuts in; or the clock does, and the
    one who was asked answers. An event that they brought is told by its own character.
    """
    reason = "the person's time is up" if limit.boxed else "has no patience left"
    beats: tuple[Beat, ...]
    if event is not None and asked in (None, event.by):
        beats, reason = (_telling(composer, phase, event),), f"event {event.id}"
    elif event is not None and asked is not None:
        beats = (_line(composer, phase, asked), composer.event(event, phase))
    elif limit.boxed and asked is not None and asked != limit.persona:
        beats = _boxed_before(composer, phase, limit.persona, asked)
    elif limit.boxed:
        beats = (_line(composer, phase, limit.persona, "time_box"),)
    else:
        beats = (_line(composer, phase, asked or limit.persona),)
    decision = composer.decision(f"cuts in: {reason}", beats, scores=weighed)
    return composer.plan("cut_in", beats, decision, effects=effects_of(event, composer.scene))


def close(
    composer: Composer,
    phase: Phase,
    reason: str,
    weighed: tuple[Score, ...],
    *,
    asked: str | None = None,
) -> Plan:
    """The scene's end in the middle of what the person says, after who was asked."""
    closing = composer.closing(phase, cue="closing_answer")
    if asked is None or asked == closing.persona:
        lead_in = composer.phrase("time_box", composer.scene.serial)
        beats: tuple[Beat, ...] = (replace(closing, lead_in=lead_in),)
    else:
        beats = (_line(composer, phase, asked), composer.closing(phase))
    decision = composer.decision(f"cuts in: the scene ends: {reason}", beats, scores=weighed)
    return composer.plan("cut_in", beats, decision, ends=reason)


def _line(
    composer: Composer,
    phase: Phase,
    persona: str,
    kind: Literal["time_box", "cut_in"] = "cut_in",
) -> Beat:
    lead_in = composer.phrase(kind, composer.scene.serial)
    return composer.beat(persona, BeatKind.CUT_IN, phase, kind, lead_in=lead_in)


def _boxed_before(composer: Composer, phase: Phase, keeper: str, asked: str) -> tuple[Beat, ...]:
    """The clock's line, which passes the floor on to the one who was asked."""
    lead_in = composer.phrase("time_box", composer.scene.serial)
    who = composer.name(asked)
    return (
        composer.beat(keeper, BeatKind.CUT_IN, phase, "time_box_asked", who=who, lead_in=lead_in),
        composer.beat(asked, BeatKind.ANSWER, phase, "addressed"),
    )


def _telling(composer: Composer, phase: Phase, event: Event) -> Beat:
    """The event's line as a cut-in."""
    told, words = composer.event(event, phase), composer.phrase("cut_in", composer.scene.serial)
    if told.say is None:
        return replace(told, kind=BeatKind.CUT_IN, lead_in=words)
    return replace(told, kind=BeatKind.CUT_IN, say=f"{words} {told.say}")


def _cut_in_last(composer: Composer) -> str | None:
    """Who of the cast cut in the last time that anybody did, while that one rests.

    Who answered after it did not cut in.
    """
    turns = 0
    for said in reversed(composer.memory):
        if said.speaker == LEARNER:
            turns += 1
        elif said.turn_id.startswith("c") and place_of(said.turn_id).line == 1:
            return said.speaker
        if turns == RESTS_TURNS:
            break
    return None
