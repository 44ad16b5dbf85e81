"""Looking ahead: what the cast would do from a given state. Pure; the manager keeps the state."""

from dataclasses import dataclass, replace

from agents.manager import events, phases
from agents.manager.beats import Beat, BeatKind, Decision, Effects, Plan, Rung
from agents.manager.memory import LEARNER, Said
from agents.manager.names import Roster
from agents.manager.phrases import phrases_for
from agents.manager.plans import NO_EFFECTS, Composer, Origin, effects_of, scene_decision
from agents.manager.scene import Scene
from agents.manager.selection import LADDER, Situation, Step, select
from scenarios.happenings import Event
from scenarios.hearing import words_of
from scenarios.schema import Phase, Scenario

BREATH_S = 1.5
"""How long it must be quiet before the cast speaks on unasked."""

OVERRUN_S = 30.0
"""So long past its duration the scene ends even while somebody speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A scene and what was heard in it."""

    scene: Scene
    memory: tuple[Said, ...] = ()


class Planner:
    """Makes plans for one scenario. Holds nothing that changes."""

    def __init__(self, scenario: Scenario, *, ladder: tuple[Step, ...] = LADDER) -> None:
        self._scenario = scenario
        self._ladder = ladder
        self._roster = Roster(scenario)

    def begin(self, state: State) -> Plan:
        """The opening of the phase; after a restart what is left of it, or a recap."""
        scene, composer = state.scene, self._composer(state)
        if scene.ended is not None:
            return composer.nothing("the scene is over", ends=scene.ended)
        phase = self._phase(state)
        heard = {said.speaker for said in state.memory}
        left = tuple(beat for beat in composer.opening(phase) if beat.persona not in heard)
        if scene.turns or LEARNER in heard or not left:
            return self._recap(state)
        decision = scene_decision(f"the phase opens: {phase.opening}", left)
        return composer.plan("begin", left, decision, effects=Effects(begins=True))

    def answer(self, state: State, words: str, now_s: float) -> Plan:
        """Who answers these words of the learner, and what follows on them."""
        scene, composer = state.scene, self._composer(state)
        if scene.ended is not None:
            return composer.nothing("the scene is over", ends=scene.ended)
        if not words_of(words):
            return composer.nothing("nothing was said")
        at = self._situation(state, words)
        decision, beats = self._replies(at, events.due_at_turn(at.scenario, scene, words, now_s))
        event = next((e for e in at.scenario.events if e.id in {b.event for b in beats}), None)
        effects = effects_of(event, scene)
        turns, owing = scene.phase_turns + 1, self._owing(beats, decision)
        limit = phases.limit_reached(self._scenario, scene.turns + 1, now_s)
        if limit is not None:
            beats = (*owing, composer.closing(at.phase, cue="closing_answer"))
            return composer.plan("answer", beats, decision, effects=effects, ends=limit)
        if phases.out_of_turns(at.phase, turns):
            because = "the phase has had its turns"
        elif phases.out_of_time(at.phase, scene, turns, now_s):
            because = "the phase's time is up"
        else:
            follow = composer.follow_up(at.phase, after=beats[0]) if len(beats) == 1 else None
            beats = (*beats, follow) if follow else beats
            return composer.plan("answer", beats, decision, effects=effects)
        return self._move_on(state, "answer", because, after=owing, effects=effects)

    def tick(self, state: State, now_s: float, *, quiet_s: float, busy: bool) -> Plan | None:
        """What time and silence bring: the end, an event, the next phase, a prompt."""
        scene = state.scene
        if scene.ended is not None or not scene.begun:
            return None
        limit = phases.limit_reached(self._scenario, scene.turns, now_s)
        overrun = now_s >= self._scenario.limits.duration_s + OVERRUN_S
        if limit is not None and (overrun or not busy):
            return self.end(state, limit, origin="tick")
        if busy or quiet_s < BREATH_S:
            return None
        event = events.due_at_tick(self._scenario, scene, now_s, quiet_s)
        if event is not None:
            return self._event(state, event, _silent_s(scene, now_s, quiet_s))
        if phases.out_of_time(self._phase(state), scene, scene.phase_turns, now_s):
            return self._move_on(state, "tick", "the phase's time is up")
        return self._silence(state, _silent_s(scene, now_s, quiet_s))

    def skip(self, state: State) -> Plan:
        """The next phase's opening, or the closing after the last phase."""
        if state.scene.ended is not None:
            return self._composer(state).nothing("the scene is over", ends=state.scene.ended)
        return self._move_on(state, "skip", "the phase is skipped")

    def end(self, state: State, reason: str, *, origin: Origin = "end") -> Plan:
        """The spoken closing, for that reason."""
        composer = self._composer(state)
        if state.scene.ended is not None:
            return composer.nothing("the scene is over", ends=state.scene.ended)
        beats = (composer.closing(self._phase(state)),)
        decision = scene_decision(f"the scene ends: {reason}", beats)
        return composer.plan(origin, beats, decision, ends=reason)

    def _composer(self, state: State) -> Composer:
        return Composer(self._scenario, state.scene)

    def _phase(self, state: State) -> Phase:
        return phases.phase_of(self._scenario, state.scene)

    def _situation(self, state: State, words: str) -> Situation:
        return Situation(
            scenario=self._scenario,
            scene=state.scene,
            phase=self._phase(state),
            words=words,
            address=self._roster.addressed(words),
            memory=state.memory,
        )

    def _replies(self, at: Situation, event: Event | None) -> tuple[Decision, tuple[Beat, ...]]:
        """Who replies to the learner: those addressed, then an event that is due, else one chosen.

        An event's beat stands for the answer of its character, and of anyone not addressed.
        """
        decision = select(at, self._ladder)
        beats = self._chosen(at, decision)
        if event is None:
            return decision, beats
        told = Composer(at.scenario, at.scene).event(event, at.phase)
        if decision.rung is not Rung.ADDRESSED:
            return scene_decision(f"event {event.id}", (told,), Rung.EVENT), (told,)
        return decision, (*(beat for beat in beats if beat.persona != told.persona), told)

    @staticmethod
    def _owing(beats: tuple[Beat, ...], decision: Decision) -> tuple[Beat, ...]:
        """What must be said though the scene moves on: to one who was addressed, or an event.

        Anything else is left to whoever opens the next phase or closes the scene, so that nobody
        is asked two things at once.
        """
        if decision.rung is Rung.ADDRESSED:
            return beats[:1] if beats[0].event else (beats[0], *(b for b in beats[1:] if b.event))
        return tuple(beat for beat in beats if beat.event)

    def _chosen(self, at: Situation, decision: Decision) -> tuple[Beat, ...]:
        composer = Composer(at.scenario, at.scene)
        cue, who, kind = "answer", "", BeatKind.ANSWER
        if decision.rung is Rung.ADDRESSED:
            cue = "addressed"
        elif at.address.ids:
            cue, who = "absent", at.scenario.character(at.address.ids[0]).name
        elif not at.scene.opened:
            cue, kind = "unopened", BeatKind.OPENING
        cues = (cue, *("also_asked" for _ in decision.chosen[1:]))
        return tuple(
            composer.beat(one, kind, at.phase, cue, who=who)
            for one, cue in zip(decision.chosen, cues, strict=True)
        )

    def _move_on(
        self,
        state: State,
        origin: Origin,
        because: str,
        *,
        after: tuple[Beat, ...] = (),
        effects: Effects = NO_EFFECTS,
    ) -> Plan:
        """Into the next phase, opened `after` those beats; to the closing after the last phase."""
        composer, phase = self._composer(state), self._phase(state)
        following = phases.phase_after(self._scenario, phase)
        replies = origin == "answer" and not after
        if following is None:
            cue = "closing_answer" if replies else "closing"
            beats = (*after, composer.closing(phase, cue=cue))
            ends: str | None = "completed"
        else:
            cue = "transition_answer" if replies else "transition"
            beats = (*after, *composer.opening(following, cue=cue))
            effects = replace(effects, from_phase=phase.id, to_phase=following.id)
            ends = None
        decision = scene_decision(because, beats, Rung.PHASE_RULE)
        return composer.plan(origin, beats, decision, effects=effects, ends=ends)

    def _event(self, state: State, event: Event, silent_s: float) -> Plan:
        composer = self._composer(state)
        beats = (composer.event(event, self._phase(state)),)
        effects = replace(effects_of(event, state.scene), silent_s=silent_s)
        decision = scene_decision(f"event {event.id}", beats, Rung.EVENT)
        return composer.plan("tick", beats, decision, effects=effects)

    def _silence(self, state: State, silent_s: float) -> Plan | None:
        """A prompt once the learner is silent for long, a polite end after that."""
        scene, limits, composer = state.scene, self._scenario.limits, self._composer(state)
        if silent_s >= limits.silence_end_s:
            return self._end_in_silence(state)
        if silent_s < limits.silence_prompt_s or scene.prompted:
            return None
        phase = self._phase(state)
        say = phrases_for(self._scenario.language).say("silence", scene.prompts)
        lead = self._scenario.lead_of(phase)
        beats = (composer.beat(lead, BeatKind.PROMPT, phase, "invite", say=say),)
        effects = Effects(prompts=True, silent_s=silent_s)
        decision = scene_decision("the learner is silent", beats)
        return composer.plan("tick", beats, decision, effects=effects)

    def _end_in_silence(self, state: State) -> Plan:
        """An authored closing: nobody may be there to hear it, so nothing is spent on it."""
        plan = self.end(state, "silence", origin="tick")
        closings = self._scenario.character(plan.beats[0].persona).understudy.closing
        said = replace(plan.beats[0], say=closings[state.scene.seed % len(closings)])
        return replace(plan, beats=(said,))

    def _recap(self, state: State) -> Plan:
        """One sentence after a restart, and the answer that the learner's last words wait for."""
        composer, phase = self._composer(state), self._phase(state)
        last = state.memory[-1] if state.memory else None
        waiting = last is not None and last.speaker == LEARNER
        kind = phrases_for(self._scenario.language)
        say = kind.say("recap_answer" if waiting else "recap", state.scene.serial)
        recap = composer.beat(self._scenario.lead_of(phase), BeatKind.RECAP, phase, "", say=say)
        decision = scene_decision("the scene goes on after a restart", (recap,))
        answers: tuple[Beat, ...] = ()
        if last is not None and waiting:
            at = self._situation(state, last.text)
            decision = select(at, self._ladder)
            answers = self._chosen(at, decision)[:1]
        effects = Effects(begins=True)
        return composer.plan("begin", (recap, *answers), decision, effects=effects)


def _silent_s(scene: Scene, now_s: float, quiet_s: float) -> float:
    """Seconds of the learner's present silence, prompts and events in it not counted as its end."""
    began = scene.silence_from_s
    return quiet_s if began is None else max(quiet_s, now_s - began)
