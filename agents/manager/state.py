"""What playing a plan makes of a scene and its memory: pure steps from one state to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.manager import moods, points
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.memory import Said
from agents.manager.scene import Scene, add, count
from scenarios.hearing import words_of
from scenarios.schema import Scenario

_INTERRUPTIBLE = frozenset({BeatKind.OPENING, BeatKind.ANSWER, BeatKind.FOLLOW_UP, BeatKind.EVENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A scene and what was heard in it."""

    scene: Scene
    memory: tuple[Said, ...] = ()


def felt(scenario: Scenario, state: State, words: str, *, addressed: Sequence[str]) -> Scene:
    """The scene with the points and the moods that these words of the learner make in it."""
    score, scored = points.counted(scenario, state.scene, words)
    moved = moods.after_turn(scenario, state.scene, state.memory, words, addressed=addressed)
    return replace(state.scene, points=score, scored=scored, moods=moved)


def learner_spoke(
    scenario: Scenario, state: State, said: Said, *, addressed: Sequence[str]
) -> State:
    """The state once the learner's turn is counted; it ends their silence and the cast's talk."""
    scene = felt(scenario, state, said.text, addressed=addressed)
    counted = replace(
        scene,
        turns=scene.turns + 1,
        phase_turns=scene.phase_turns + 1,
        turns_by_phase=add(scene.turns_by_phase, scene.phase, 1),
        silence_from_s=None,
        prompted=False,
        cast_turns=0,
    )
    return State(scene=counted, memory=(*state.memory, said))


def played(state: State, plan: Plan, now_s: float) -> State:
    """The state once the plan's events fired and its silence was broken."""
    scene, effects = state.scene, plan.effects
    told = {beat.event for beat in plan.beats}
    fires = tuple(one for one in effects.fires if one not in scene.fired)
    silence = scene.silence_from_s if effects.silent_s is None else now_s - effects.silent_s
    arrived = scene.arrived
    for one in effects.arrives:
        arrived = arrived if count(arrived, one) else add(arrived, one, plan.serial)
    scene = replace(
        scene,
        at_s=now_s,
        serial=max(scene.serial, plan.serial) + 1,
        begun=scene.begun or effects.begins,
        fired=(*scene.fired, *fires),
        unheard=(*(one for one in scene.unheard if one not in told), *fires),
        released=tuple(dict.fromkeys((*scene.released, *effects.releases))),
        arrived=arrived,
        silence_from_s=None if effects.returns else silence,
        prompted=not effects.returns and (scene.prompted or effects.prompts),
        prompts=scene.prompts + effects.prompts,
        interrupted=None if plan.ends else scene.interrupted,
        cast_turns=scene.cast_turns + sum(among_themselves(beat) for beat in plan.beats),
        ended=plan.end_reason if plan.ends else scene.ended,
    )
    return replace(state, scene=scene)


def moved_on(state: State, plan: Plan, now_s: float) -> State:
    """The state in the plan's next phase, if it has one and is still in the phase before it."""
    effects, scene = plan.effects, state.scene
    if effects.to_phase is None or effects.from_phase != scene.phase:
        return state
    entered = replace(scene.enter(effects.to_phase, now_s), silence_from_s=None, prompted=False)
    return replace(state, scene=entered)


def line_heard(
    scenario: Scenario, state: State, beat: Beat, text: str, *, cut: bool, now_s: float
) -> State:
    """The state once a character was heard to say that, to its end or `cut` off."""
    scene = state.scene
    moved = moods.after_line(scenario, scene, beat.persona, cut=cut)
    heard = replace(
        scene.heard_from(beat.persona, len(words_of(text))),
        at_s=now_s,
        moods=moved,
        unheard=tuple(one for one in scene.unheard if one != beat.event),
        opened=scene.opened or (beat.phase == scene.phase and beat.kind is BeatKind.OPENING),
        told_turn=scene.turns if _tells(beat) else scene.told_turn,
        closed=scene.closed or beat.kind is BeatKind.CLOSING,
        interrupted=beat.persona if cut and may_reclaim(beat, text) else None,
    )
    said = Said(
        speaker=beat.persona,
        name=scenario.character(beat.persona).name,
        text=text,
        turn_id=beat.id,
        phase=beat.phase,
        cut=cut,
    )
    return State(scene=heard, memory=(*state.memory, said))


def _tells(beat: Beat) -> bool:
    """Whether something happens in it; to be asked for an answer is nothing new."""
    return beat.event is not None and beat.kind is not BeatKind.PROMPT


def among_themselves(beat: Beat) -> bool:
    """Whether the cast talks to itself there: it takes up a line, or answers one of its own.

    An answer that only time brought (`k0007-1`) is to another character.
    """
    asked = beat.kind is BeatKind.ANSWER and beat.id.startswith("k")
    return asked or beat.kind is BeatKind.FOLLOW_UP


def may_reclaim(beat: Beat, heard: str) -> bool:
    """Whether a character cut off there had something left to say.

    Not after its question was heard: that asked for the person's words. Not when it had already
    taken the floor back or cut in: it gives up then.
    """
    return beat.kind in _INTERRUPTIBLE and not beat.lead_in and not heard.rstrip().endswith("?")
