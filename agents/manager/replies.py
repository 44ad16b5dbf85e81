"""Who replies to a turn of the learner, in which order, and who takes up what another one said.

Nobody is planned to answer for another: whoever was asked answers first. Draws depend on the
scene's seed and turns alone, so that the same state gives the same beats.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from agents.manager import airtime, temperament
from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung
from agents.manager.plans import Composer
from agents.manager.questions import Handed
from agents.manager.selection import Situation
from scenarios.happenings import Event
from scenarios.schema import Phase

TAKEN_BACK = "was cut off and takes the floor back"

MOST_FOLLOW_UPS = 2
MOST_LINES = 3
"""So many lines take up what was answered, and make up an answer with it, at the most: after that
the person is due again."""

CHAIN_SHARE = 0.5
"""How much less likely a follow-up is itself taken up than an answer."""

UNHEARD_SHARE = 0.6
"""How likely, at least, a character takes the word that has less airtime than its due."""

SHARED_WORDS = 0.75
"""What of its usual length each says where several were asked."""


def replies(
    composer: Composer, at: Situation, decision: Decision, event: Event | None
) -> tuple[Decision, tuple[Beat, ...]]:
    """Who replies: those addressed, then an event that is due, else the one chosen.

    An event's beat stands for the answer of its character, and of anyone not addressed.
    """
    if event is None:
        return chosen(composer, at, decision)
    told = composer.event(event, at.phase)
    if decision.rung is not Rung.ADDRESSED:
        because = composer.decision(
            f"event {event.id}", (told,), Rung.EVENT, scores=decision.scores
        )
        return replace(because, ignored=decision.ignored), (told,)
    decision, beats = chosen(composer, at, decision)
    return decision, (*(beat for beat in beats if beat.persona != told.persona), told)


def chosen(
    composer: Composer, at: Situation, decision: Decision
) -> tuple[Decision, tuple[Beat, ...]]:
    """The answers of those chosen; one that was interrupted may take the floor back."""
    decision = taken_back(composer, at, decision)
    beats = tuple(
        _answer(composer, at, decision, one, first=not place)
        for place, one in enumerate(decision.chosen)
    )
    if len(beats) > 1:
        beats = tuple(replace(one, max_words=round(one.max_words * SHARED_WORDS)) for one in beats)
    return decision, beats


def owing(beats: Sequence[Beat], decision: Decision) -> tuple[Beat, ...]:
    """What must be said though the scene moves on: to one who was addressed, or an event.

    Anything else is left to whoever opens the next phase or closes the scene, so that nobody
    is asked two things at once.
    """
    if decision.rung is Rung.ADDRESSED:
        return (beats[0], *(beat for beat in beats[1:] if beat.event))
    return tuple(beat for beat in beats if beat.event)


def followed(composer: Composer, phase: Phase, answers: Sequence[Beat]) -> tuple[Beat, ...]:
    """The answers and who takes them up, at most the author's `limits.cast_turns` of those.

    Events and openings stand alone. Who is followed is told so: a question to the person would
    keep the others silent.
    """
    beats = list(answers)
    if all(beat.kind is BeatKind.ANSWER for beat in answers):
        room = min(MOST_FOLLOW_UPS, MOST_LINES - len(answers))
        for nth in range(min(room, composer.scenario.limits.cast_turns)):
            beat = _follow_up(composer, phase, beats, nth)
            if beat is None:
                break
            beats[-1] = replace(beats[-1], cue=f"{beats[-1].cue} {composer.cue('followed')}")
            beats.append(beat)
    return tuple(beats)


def handed(composer: Composer, phase: Phase, question: Handed) -> Plan:
    """The one who was asked by another character answers, without the person having spoken."""
    who = composer.name(question.by)
    beats = (composer.beat(question.to, BeatKind.ANSWER, phase, "asked", who=who),)
    decision = composer.decision("was asked by another character", beats)
    return composer.plan("tick", beats, decision)


def _answer(
    composer: Composer, at: Situation, decision: Decision, persona: str, *, first: bool
) -> Beat:
    cue, who, kind = "answer", "", BeatKind.ANSWER
    if not first:
        cue = "also_asked"
    elif decision.rung is Rung.ADDRESSED:
        cue = "addressed"
    elif at.address.ids:
        cue, who = "absent", composer.name(at.address.ids[0])
    elif not at.scene.opened:
        cue, kind = "unopened", BeatKind.OPENING
    if first and persona == at.scene.interrupted and cue in ("answer", "addressed"):
        sure = decision.rung in (Rung.SCORE, Rung.MODEL)
        if sure or _reclaims(composer, persona):
            lead_in = composer.phrase("reclaim", at.scene.serial)
            return composer.beat(persona, kind, at.phase, "reclaim", lead_in=lead_in)
    return composer.beat(persona, kind, at.phase, cue, who=who)


def taken_back(composer: Composer, at: Situation, decision: Decision) -> Decision:
    """The one who was cut off in place of whom scores chose, where its temper has it insist.

    Not where it has had all its airtime; a model's choice does not stand against it.
    """
    one = at.scene.interrupted
    free = decision.rung in (Rung.SCORE, Rung.MODEL) and not at.address.ids
    if one is None or not free or one in decision.chosen or one not in at.speakers:
        return decision
    over = airtime.is_over(composer.scenario, composer.scene, one, BeatKind.ANSWER)
    if over or not _reclaims(composer, one):
        return decision
    return replace(decision, rung=Rung.SCORE, chosen=(one,), tied=(), reason=TAKEN_BACK)


def _reclaims(composer: Composer, persona: str) -> bool:
    scene = composer.scene
    draw = Random(f"{scene.seed}:reclaim:{scene.turns}:{persona}").random()
    return draw < temperament.reclaims(composer.temper(persona), composer.mood(persona))


def _follow_up(composer: Composer, phase: Phase, beats: Sequence[Beat], nth: int) -> Beat | None:
    """A further voice, now and then: by talkativeness, mood and airtime.

    The first one is of somebody who has not answered; who answered may reply to it.
    """
    scenario, scene, after = composer.scenario, composer.scene, beats[-1]
    spoke = {after.persona} if nth else {beat.persona for beat in beats}
    others = [one for one in composer.speakers(phase) if one not in spoke]
    pool = airtime.within(scenario, scene, others, BeatKind.FOLLOW_UP)
    short = airtime.too_little(scenario, scene, pool)
    pool = short or pool
    if not pool:
        return None
    eager = [temperament.follow_up_share(composer.temper(one), composer.mood(one)) for one in pool]
    share = max(*eager, UNHEARD_SHARE if short else 0.0) * (CHAIN_SHARE if nth else 1.0)
    rng = Random(f"{scene.seed}:follow-up:{scene.turns}:{nth}")
    if rng.random() >= share:
        return None
    one = rng.choices(pool, weights=eager if any(eager) else None)[0]
    stance = temperament.stance(composer.temper(one), composer.mood(one), rng)
    cue = f"follow_up_{stance.value}"
    who = composer.name(after.persona)
    return composer.beat(one, BeatKind.FOLLOW_UP, phase, cue, who=who, stance=stance)
