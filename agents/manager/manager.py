"""The manager of a cast: after each thing that happens it says who speaks next, and why.

Owns the state of one scene, a Scene and a memory. Looking ahead (`begin`, `answer`, `cut_in`,
`tick`, `skip`, `end`, `returned`) is pure, so a plan may be thrown away; only `commit`,
`performed` and `judged` change anything. Knows no room, no clock and no model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random

from agents.manager import moods
from agents.manager.beats import Beat, Plan
from agents.manager.memory import LEARNER, Said, last_serial
from agents.manager.phases import phase_of
from agents.manager.planner import Planner
from agents.manager.ports import Question, Shift
from agents.manager.scene import Scene
from agents.manager.selection import LADDER, Step
from agents.manager.state import State, learner_spoke, line_heard, moved_on, played
from scenarios.hearing import words_of
from scenarios.schema import Phase, Scenario


class MultiAgentManager:
    """Who speaks, and when, in one scene. `now_s` everywhere is scene seconds."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        rng: Random,
        scene: Scene | None = None,
        ladder: tuple[Step, ...] = LADDER,
    ) -> None:
        first = Scene(seed=rng.getrandbits(48), phase=scenario.phases[0].id)
        self.scenario = scenario
        self._state = State(scene=scene or first)
        self._planner = Planner(scenario, ladder=ladder)

    @classmethod
    def restore(
        cls, scenario: Scenario, scene: Scene, said: Iterable[Said], rng: Random
    ) -> "MultiAgentManager":
        """A manager that goes on where a stored scene stopped; `said` in the order heard.

        What was heard after the snapshot keeps its turn ids: new ones come after them.
        """
        memory = tuple(said)
        serial = max(scene.serial, last_serial(memory) + 1)
        manager = cls(scenario, rng=rng, scene=replace(scene, serial=serial))
        manager._state = replace(manager._state, memory=memory)
        return manager

    @property
    def scene(self) -> Scene:
        """The present snapshot."""
        return self._state.scene

    @property
    def memory(self) -> tuple[Said, ...]:
        """Everything that was heard, in order."""
        return self._state.memory

    @property
    def phase(self) -> Phase:
        """The phase that the scene stands in."""
        return phase_of(self.scenario, self.scene)

    @property
    def turns(self) -> int:
        """Turns of the learner so far, in all phases."""
        return self.scene.turns

    def begin(self, now_s: float) -> Plan:  # noqa: ARG002 - one shape for all that looks ahead
        """The opening of the first phase; after a restart what is left of it, or a recap.

        A recap is one sentence; the learner's last words are answered after it if nobody had.
        """
        return self._planner.begin(self._state)

    def answer(self, words: str, now_s: float, *, choice: str | None = None) -> Plan:
        """Who answers these words of the learner, and what follows on them.

        `choice` is a model's, asked because of `question`; it counts between those who are tied,
        and is ignored otherwise. No beats when there are no words, or after the scene's end.
        """
        return self._planner.answer(self._state, words, now_s, choice=choice)

    def question(self, words: str) -> Question | None:
        """Between whom a model may choose for these words; None unless scores are tied."""
        return self._planner.question(self._state, words)

    def gives_floor(self, said: Said) -> bool:
        """Whether a line, once heard, leaves the next word to the person."""
        return self._planner.gives_floor(self._state, said)

    def cut_in(self, words: str, now_s: float, *, speaking_s: float) -> Plan | None:
        """One line by whoever has heard enough of these words, or None: the person goes on.

        `speaking_s` is how long the person has held the floor. Somebody cuts in after MONOLOGUE_S,
        or the author's time-box, at the latest. The words are the learner's turn once committed.
        """
        return self._planner.cut_in(self._state, words, now_s, speaking_s=speaking_s)

    def waits_s(self) -> float:
        """How much longer than usual the likely answerer waits in a pause: 0 to 1.2 s.

        That is whoever asked the question that is open, else the lead of the phase.
        """
        return self._planner.waits_s(self._state)

    def returned(self, now_s: float, *, away_s: float) -> Plan:  # noqa: ARG002 - as `begin`
        """One sentence to a person who is back in the room; it names whose question is open.

        Words of theirs that nobody had answered are answered after it.
        """
        return self._planner.returned(self._state, away_s)

    def tick(self, now_s: float, *, quiet_s: float, busy: bool) -> Plan | None:
        """What time and silence bring: the end, an event, the next phase, a prompt; often None.

        `quiet_s` is how long nobody has been heard, `busy` whether somebody speaks or is about to.
        While busy nothing comes but the end, 30 s after the scene's duration.
        """
        return self._planner.tick(self._state, now_s, quiet_s=quiet_s, busy=busy)

    def skip(self, now_s: float) -> Plan:  # noqa: ARG002 - as `begin`
        """The next phase's opening, or the closing after the last phase."""
        return self._planner.skip(self._state)

    def end(self, reason: str, now_s: float) -> Plan:  # noqa: ARG002 - as `begin`
        """The spoken closing, for that reason."""
        return self._planner.end(self._state, reason)

    def is_current(self, plan: Plan) -> bool:
        """Whether nothing was committed since the plan was made."""
        return plan.serial == self.scene.serial

    def after(
        self,
        plan: Plan,
        *,
        words: str | None,
        now_s: float,
        who: str = "",
        turn_id: str | None = None,
    ) -> State:
        """What committing the plan would make of scene and memory; a plan's prompts rest on it.

        Changes nothing. The learner's words are in that memory, the plan's beats not yet. `who` is
        the name of the person who spoke, `turn_id` the record's id for the words.
        """
        state = self._state
        if words is not None and words_of(words):
            said = Said(
                speaker=LEARNER,
                name=who,
                text=" ".join(words.split()),
                turn_id=turn_id or f"u{plan.serial:04d}",
                phase=state.scene.phase,
            )
            addressed = self._planner.addressed(state, said.text)
            state = learner_spoke(self.scenario, state, said, addressed=addressed)
        return moved_on(played(state, plan, now_s), plan, now_s)

    def commit(
        self,
        plan: Plan,
        *,
        words: str | None,
        now_s: float,
        who: str = "",
        turn_id: str | None = None,
    ) -> Said | None:
        """The plan is really being played: counts the turn, fires events, changes the phase.

        Returns what memory now holds of the learner's words, None when there were none.
        """
        before = len(self.memory)
        self._state = self.after(plan, words=words, now_s=now_s, who=who, turn_id=turn_id)
        return self.memory[-1] if len(self.memory) > before else None

    def performed(self, beat: Beat, heard_text: str, cut: bool, now_s: float) -> Said | None:
        """The beat was played, or cut: memory keeps what was heard, nothing if nothing was."""
        text = " ".join(heard_text.split())
        if not words_of(text):
            return None
        self._state = line_heard(self.scenario, self._state, beat, text, cut=cut, now_s=now_s)
        return self.memory[-1]

    def judged(self, shifts: Mapping[str, Shift], now_s: float) -> None:
        """A model's opinion of how the cast takes what was said moves the moods.

        Shifts of anyone outside the cast are ignored. Plans made before stay current.
        """
        moved = moods.shifted(self.scenario, self.scene, shifts)
        self._state = replace(self._state, scene=replace(self.scene, moods=moved, at_s=now_s))
