"""What a scene does without being asked: on to the next phase, an event, a prompt, the end."""

from dataclasses import replace

from agents.manager import phases
from agents.manager.beats import Beat, BeatKind, Effects, Plan, Rung
from agents.manager.phrases import phrases_for
from agents.manager.plans import NO_EFFECTS, Composer, Origin, effects_of
from agents.manager.scene import Scene
from scenarios.happenings import Event
from scenarios.schema import Phase


def on(
    composer: Composer,
    phase: Phase,
    origin: Origin,
    because: str,
    *,
    after: tuple[Beat, ...] = (),
) -> Plan:
    """Into the next phase, opened `after` those beats; to the closing after the last phase.

    Whoever speaks last before it does not open it in the same breath, so that nobody is asked two
    things at once: the phase is then opened with the answer to the learner's next words.
    """
    following = phases.phase_after(composer.scenario, phase)
    replies = origin == "answer" and not after
    if following is None:
        cue = "closing_answer" if replies else "closing"
        beats = (*after, composer.closing(phase, cue=cue))
        effects = NO_EFFECTS
        ends: str | None = "completed"
    else:
        cue = "transition_answer" if replies else "transition"
        first, *others = composer.opening(following, cue=cue)
        waits = bool(after) and after[-1].persona == first.persona
        beats = (*after, *others) if waits else (*after, first, *others)
        effects = Effects(from_phase=phase.id, to_phase=following.id)
        ends = None
    decision = composer.decision(because, beats, Rung.PHASE_RULE)
    return composer.plan(origin, beats, decision, effects=effects, ends=ends)


def end(composer: Composer, phase: Phase, reason: str, *, origin: Origin = "end") -> Plan:
    """The spoken closing, for that reason."""
    beats = (composer.closing(phase),)
    decision = composer.decision(f"the scene ends: {reason}", beats)
    return composer.plan(origin, beats, decision, ends=reason)


def event(composer: Composer, phase: Phase, event: Event, silent_s: float) -> Plan:
    """What the event has its character say, in a pause."""
    beats = (composer.event(event, phase, silent=True),)
    effects = replace(effects_of(event, composer.scene), silent_s=silent_s)
    decision = composer.decision(f"event {event.id}", beats, Rung.EVENT)
    return composer.plan("tick", beats, decision, effects=effects)


def silence(composer: Composer, phase: Phase, silent_s: float, quiet_s: float) -> Plan | None:
    """A prompt once the learner is silent for long, a polite end after that; nothing is spent.

    Whatever else was said into the silence is the learner's to answer for half the time to a
    prompt.
    """
    scene, limits = composer.scene, composer.scenario.limits
    if quiet_s < limits.silence_prompt_s / 2:
        return None
    if silent_s >= limits.silence_end_s:
        return _end_in_silence(composer, phase)
    if silent_s < limits.silence_prompt_s or scene.prompted:
        return None
    phrases = phrases_for(composer.scenario.language)
    say = composer.unheard(phrases.variants("silence", scene.prompts))
    lead = composer.lead(phase)
    beats = (composer.beat(lead, BeatKind.PROMPT, phase, "invite", say=say),)
    effects = Effects(prompts=True, silent_s=silent_s)
    decision = composer.decision("the learner is silent", beats)
    return composer.plan("tick", beats, decision, effects=effects)


def silent_s(scene: Scene, now_s: float, quiet_s: float) -> float:
    """Seconds of the learner's present silence, prompts and events in it not counted as its end."""
    began = scene.silence_from_s
    return quiet_s if began is None else max(quiet_s, now_s - began)


def _end_in_silence(composer: Composer, phase: Phase) -> Plan:
    """An authored closing: nobody may be there to hear it, so nothing is spent on it."""
    plan = end(composer, phase, "silence", origin="tick")
    beat = plan.beats[0]
    closings = composer.scenario.character(beat.persona).understudy.closing
    first = composer.scene.seed % len(closings)
    lines = (*closings[first:], *closings[:first])
    return replace(plan, beats=(replace(beat, say=composer.unheard(lines) or lines[0]),))
