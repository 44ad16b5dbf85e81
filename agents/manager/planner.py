"""Looking ahead: what the cast would do from a given state. Pure; the manager keeps the state."""

from agents.cast.presence import heard_by_all
from agents.manager import cutting, events, moves, phases, replies, returning, temperament
from agents.manager.beats import Beat, Decision, Effects, Plan
from agents.manager.insight import insight_of
from agents.manager.memory import LEARNER, Said, window
from agents.manager.names import Address
from agents.manager.plans import Composer, effects_of
from agents.manager.ports import Question
from agents.manager.questions import gives_floor, handed_over, open_question
from agents.manager.selection import LADDER, Situation, Step, select
from agents.manager.state import State, felt
from scenarios.hearing import words_of
from scenarios.schema import Phase, Scenario

BREATH_S = 1.5
"""How long it must be quiet before the cast speaks on unasked."""

ANSWER_S = 5.0
"""How long it must be once the person was asked something, or spoken to unasked."""

OVERRUN_S = 30.0
"""So long past its duration the scene ends even while somebody speaks."""


class Planner:
    """Makes plans for one scenario. Holds nothing that changes."""

    def __init__(self, scenario: Scenario, *, ladder: tuple[Step, ...] = LADDER) -> None:
        self._scenario = scenario
        self._ladder = ladder
        self._roster = insight_of(scenario).roster

    def begin(self, state: State) -> Plan:
        """The opening of the phase; after a restart what is left of it, or a recap."""
        scene, composer = state.scene, self._composer(state)
        if scene.ended is not None:
            return composer.nothing("the scene is over", ends=scene.ended)
        phase = self._phase(state)
        heard = {said.speaker for said in state.memory}
        left = tuple(beat for beat in composer.opening(phase) if beat.persona not in heard)
        if scene.turns or LEARNER in heard or not left:
            return returning.restarted(composer, phase, lambda words: self._reply(state, words))
        decision = composer.decision(f"the phase opens: {phase.opening}", left)
        return composer.plan("begin", left, decision, effects=Effects(begins=True))

    def returned(self, state: State, away_s: float) -> Plan:
        """One sentence to a person who is back, and the answer that their words wait for."""
        scene, composer, phase = state.scene, self._composer(state), self._phase(state)
        if scene.ended is not None:
            return composer.nothing("the scene is over", ends=scene.ended, origin="returned")
        if not scene.begun:
            return composer.nothing("nothing was said yet", origin="returned")
        return returning.returned(composer, phase, away_s, lambda words: self._reply(state, words))

    def answer(self, state: State, words: str, now_s: float, *, choice: str | None = None) -> Plan:
        """Who answers these words of the learner, and what follows on them.

        After the scene's end nothing, or the closing again if none of it was heard.
        """
        scene = state.scene
        if scene.ended is not None and (scene.closed or not words_of(words)):
            return self._composer(state).nothing("the scene is over", ends=scene.ended)
        if not words_of(words):
            return self._composer(state).nothing("nothing was said")
        at = self._situation(state, words)
        composer = Composer(at.scenario, at.scene, at.memory)
        due = events.due_at_turn(at.scenario, at.scene, words, now_s)
        limit = scene.ended or phases.limit_reached(self._scenario, scene.turns + 1, now_s)
        if limit is not None and due is not None and due.when.heard is None:
            due = None  # nobody could take it up any more
        decision = select(at, self._ladder, choice=choice)
        decision, beats = replies.replies(composer, at, decision, due)
        effects, owing = effects_of(due, scene), replies.owing(beats, decision)
        if limit is not None:
            beats = (*owing, composer.closing(at.phase, cue="closing_answer"))
            decision = composer.decision(f"the scene ends: {limit}", beats)
            return composer.plan("answer", beats, decision, effects=effects, ends=limit)
        because = self._over(at, now_s)
        if because is not None and due is None:
            return moves.on(composer, at.phase, "answer", because, after=owing)
        beats = replies.followed(composer, at.phase, beats)
        return composer.plan("answer", beats, decision, effects=effects)

    def gives_floor(self, state: State, said: Said) -> bool:
        """Whether a line, once heard, leaves the next word to the person."""
        return gives_floor(said, self._roster, state.memory)

    def question(self, state: State, words: str) -> Question | None:
        """Between whom a model may choose for these words; None where it has nothing to choose."""
        scene = state.scene
        if scene.ended is not None or not words_of(words):
            return None
        at = self._situation(state, words)
        composer = Composer(at.scenario, at.scene, at.memory)
        tied = replies.taken_back(composer, at, select(at, self._ladder)).tied
        limit = phases.limit_reached(self._scenario, scene.turns + 1, scene.at_s)
        if not tied or limit is not None or self._over(at, scene.at_s) is not None:
            return None
        if events.due_at_turn(at.scenario, at.scene, words, scene.at_s) is not None:
            return None
        heard = heard_by_all(tied, state.memory, self._scenario, scene)
        said = Said(
            speaker=LEARNER,
            name="",
            text=" ".join(words.split()),
            turn_id=f"u{scene.serial:04d}",
            phase=scene.phase,
        )
        return Question(
            candidates=tied,
            goal=at.phase.goal,
            spoke_last=scene.speakers[-1] if scene.speakers else None,
            heard=(*window(heard), said),
        )

    def cut_in(self, state: State, words: str, now_s: float, *, speaking_s: float) -> Plan | None:
        """The line that takes the floor from a person who goes on and on."""
        scene, phase = state.scene, self._phase(state)
        if scene.closed or not scene.begun or not words_of(words):
            return None
        limits = cutting.limits(self._composer(state), phase)
        if speaking_s < limits[0].after_s:
            return None
        weighed = cutting.weighed(limits, speaking_s)
        at = self._situation(state, words)
        composer = Composer(at.scenario, at.scene, at.memory)
        asked = next((one for one in at.address.ids if one in at.speakers), None)
        limit = phases.limit_reached(self._scenario, scene.turns + 1, now_s)
        if (ends := scene.ended or limit) is not None:
            return cutting.close(composer, phase, ends, weighed, asked=asked)
        due = events.due_at_turn(at.scenario, at.scene, words, now_s)
        return cutting.cut_in(composer, phase, limits[0], weighed, event=due, asked=asked)

    def tick(self, state: State, now_s: float, *, quiet_s: float, busy: bool) -> Plan | None:
        """What time and silence bring: the end, an event, the next phase, a prompt."""
        scene, composer, phase = state.scene, self._composer(state), self._phase(state)
        if scene.closed or not scene.begun:
            return None
        limit = scene.ended or phases.limit_reached(self._scenario, scene.turns, now_s)
        overrun = now_s >= self._scenario.limits.duration_s + OVERRUN_S
        if limit is not None and overrun and scene.ended is None:
            return moves.end(composer, phase, limit, origin="tick")
        if busy or quiet_s < BREATH_S:
            return None
        if scene.ended is not None:
            return moves.end(composer, phase, scene.ended, origin="tick")
        asked = self._asked(state)
        if asked is not None:
            return asked
        if quiet_s < ANSWER_S and self._is_the_persons(state):
            return None
        if limit is not None:
            return moves.end(composer, phase, limit, origin="tick")
        event = events.due_at_tick(self._scenario, scene, now_s, quiet_s)
        silent_s = moves.silent_s(scene, now_s, quiet_s)
        if event is not None:
            return moves.event(composer, phase, event, silent_s)
        if phases.out_of_time(phase, scene, scene.phase_turns, now_s):
            return moves.on(composer, phase, "tick", "the phase's time is up")
        return moves.silence(composer, phase, silent_s, quiet_s)

    def skip(self, state: State) -> Plan:
        """The next phase's opening, or the closing after the last phase."""
        composer = self._composer(state)
        if state.scene.ended is not None:
            return composer.nothing("the scene is over", ends=state.scene.ended)
        return moves.on(composer, self._phase(state), "skip", "the phase is skipped")

    def end(self, state: State, reason: str) -> Plan:
        """The spoken closing, for that reason."""
        composer = self._composer(state)
        if state.scene.ended is not None:
            return composer.nothing("the scene is over", ends=state.scene.ended)
        return moves.end(composer, self._phase(state), reason)

    def waits_s(self, state: State) -> float:
        """Extra seconds that the likely answerer leaves a slow speaker in a pause."""
        composer, phase = self._composer(state), self._phase(state)
        asked = open_question(state.memory)
        there = asked is not None and asked.persona in composer.speakers(phase)
        one = asked.persona if asked is not None and there else composer.lead(phase)
        return temperament.waits_s(composer.temper(one), composer.mood(one))

    def addressed(self, state: State, words: str) -> tuple[str, ...]:
        """Ids of those whom these words of the learner speak to."""
        return self._spoken_to(state, self._roster.addressed(words))

    def _spoken_to(self, state: State, address: Address) -> tuple[str, ...]:
        composer = self._composer(state)
        return composer.speakers(self._phase(state)) if address.everyone else address.ids

    def _composer(self, state: State) -> Composer:
        return Composer(self._scenario, state.scene, state.memory)

    def _phase(self, state: State) -> Phase:
        return phases.phase_of(self._scenario, state.scene)

    def _situation(self, state: State, words: str) -> Situation:
        """The scene with the points and moods that these words make, its turns not yet counted."""
        address = self._roster.addressed(words)
        spoken_to = self._spoken_to(state, address)
        return Situation(
            scenario=self._scenario,
            scene=felt(self._scenario, state, words, addressed=spoken_to),
            phase=self._phase(state),
            words=words,
            address=address,
            memory=state.memory,
        )

    def _over(self, at: Situation, now_s: float) -> str | None:
        """Why the phase is over with this turn; None while it goes on."""
        turns = at.scene.phase_turns + 1
        if phases.out_of_turns(at.phase, turns):
            return "the phase has had its turns"
        if phases.out_of_time(at.phase, at.scene, turns, now_s):
            return "the phase's time is up"
        return None

    def _is_the_persons(self, state: State) -> bool:
        """Whether the learner is to speak: a question is open, or somebody just spoke unasked."""
        last = state.memory[-1] if state.memory else None
        unasked = last is not None and last.turn_id.startswith("k")
        return unasked or open_question(state.memory) is not None

    def _asked(self, state: State) -> Plan | None:
        """The answer of a character whom another one asked, while the cast may speak on."""
        scene, composer, phase = state.scene, self._composer(state), self._phase(state)
        if scene.cast_turns >= self._scenario.limits.cast_turns:
            return None
        handed = handed_over(state.memory, self._roster, composer.speakers(phase))
        return None if handed is None else replies.handed(composer, phase, handed)

    def _reply(self, state: State, words: str) -> tuple[Decision, tuple[Beat, ...]]:
        """Who answers words that were counted already."""
        address = self._roster.addressed(words)
        at = Situation(
            scenario=self._scenario,
            scene=state.scene,
            phase=self._phase(state),
            words=words,
            address=address,
            memory=state.memory,
        )
        return replies.chosen(self._composer(state), at, select(at, self._ladder))
