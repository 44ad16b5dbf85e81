"""The manager of a cast: after each thing that happens it says who speaks next, and why.

Owns the state of one scene, a Scene and a memory. Looking ahead (`begin`, `answer`, `tick`, `skip`,
`end`) is pure, so a plan may be thrown away; only `commit` and `performed` change anything. Knows
no room, no clock and no model.
"""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.memory import LEARNER, Said, last_serial
from agents.manager.phases import phase_of
from agents.manager.planner import Planner, State
from agents.manager.scene import Scene, add
from agents.manager.selection import LADDER, Step
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

    def answer(self, words: str, now_s: float) -> Plan:
        """Who answers these words of the learner, and what follows on them.

        No beats when there are no words, or after the scene's end.
        """
        return self._planner.answer(self._state, words, now_s)

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
        state = _played(self._state, plan, now_s)
        if words is not None and words_of(words):
            said = Said(
                speaker=LEARNER,
                name=who,
                text=" ".join(words.split()),
                turn_id=turn_id or f"u{plan.serial:04d}",
                phase=state.scene.phase,
            )
            state = _learner_spoke(state, said)
        return _moved_on(state, plan, now_s)

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
        spoken = len(words_of(text))
        if not spoken:
            return None
        scene = replace(self.scene.heard_from(beat.persona, spoken), at_s=now_s)
        if beat.event is not None:
            scene = replace(scene, unheard=tuple(e for e in scene.unheard if e != beat.event))
        if beat.phase == scene.phase and beat.kind is BeatKind.OPENING:
            scene = replace(scene, opened=True)
        said = Said(
            speaker=beat.persona,
            name=self.scenario.character(beat.persona).name,
            text=text,
            turn_id=beat.id,
            phase=beat.phase,
            cut=cut,
        )
        self._state = State(scene=scene, memory=(*self.memory, said))
        return said


def _played(state: State, plan: Plan, now_s: float) -> State:
    """The state once the plan's events fired and its silence was broken."""
    scene, effects = state.scene, plan.effects
    told = {beat.event for beat in plan.beats}
    fires = tuple(one for one in effects.fires if one not in scene.fired)
    silence = scene.silence_from_s if effects.silent_s is None else now_s - effects.silent_s
    scene = replace(
        scene,
        at_s=now_s,
        serial=max(scene.serial, plan.serial) + 1,
        begun=scene.begun or effects.begins,
        fired=(*scene.fired, *fires),
        unheard=(*(one for one in scene.unheard if one not in told), *fires),
        released=tuple(dict.fromkeys((*scene.released, *effects.releases))),
        silence_from_s=silence,
        prompted=scene.prompted or effects.prompts,
        prompts=scene.prompts + effects.prompts,
        ended=plan.end_reason if plan.ends else scene.ended,
    )
    return replace(state, scene=scene)


def _learner_spoke(state: State, said: Said) -> State:
    """The state once the learner's turn is counted; it ends their silence."""
    scene = state.scene
    counted = replace(
        scene,
        turns=scene.turns + 1,
        phase_turns=scene.phase_turns + 1,
        turns_by_phase=add(scene.turns_by_phase, scene.phase, 1),
        silence_from_s=None,
        prompted=False,
    )
    return State(scene=counted, memory=(*state.memory, said))


def _moved_on(state: State, plan: Plan, now_s: float) -> State:
    """The state in the plan's next phase, if it has one and is still in the phase before it."""
    effects, scene = plan.effects, state.scene
    if effects.to_phase is None or effects.from_phase != scene.phase:
        return state
    entered = replace(scene.enter(effects.to_phase, now_s), silence_from_s=None, prompted=False)
    return replace(state, scene=entered)
