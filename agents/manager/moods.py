"""How trust and impatience move with what happens: rules over words, and a model's shifts.

Pure, and the same for the same scene. A command to the cast moves nothing: only what a turn does
for the one who listens counts. Moods drift back to where the character's temper has them.
"""

import math
from collections.abc import Mapping, Sequence

from agents.cast.presence import in_room
from agents.manager.memory import LEARNER, Said
from agents.manager.mood import Mood
from agents.manager.ports import Shift
from agents.manager.scene import Scene
from agents.manager.signs import Query, Reply, Sign, Turn, query_of, reply_to, turn_of
from agents.manager.temperament import base_impatience, base_trust
from scenarios.schema import Scenario, Temper

DRIFT = 0.1
"""The share of the way back to its base that a mood goes with each turn."""

OTHERS = 0.3
"""How much of what was done to another one a listener takes personally."""

MOST_SHIFT = 0.15
"""How far a model's opinion of 1 moves a mood, before temper."""

UNREAD_WORDS = 12
"""A turn from this length on says something, even where the rules see nothing."""

RAMBLES_FROM = (50, 160)
"""Words of a turn that are too many for the least and for the most patient one."""

_REPLIES: Mapping[Reply, Shift] = {
    Reply.ANSWERED: Shift(trust=0.05, impatience=-0.05),
    Reply.FIGURES: Shift(trust=0.08, impatience=-0.08),
    Reply.HONEST: Shift(trust=0.03),
    Reply.DODGED: Shift(trust=-0.08, impatience=0.1),
}
_SIGNS: Mapping[Sign, Shift] = {
    Sign.CONCEDE: Shift(trust=0.06, impatience=-0.04),
    Sign.THANK: Shift(trust=0.02, impatience=-0.02),
    Sign.INSULT: Shift(trust=-0.18, impatience=0.1),
    Sign.SCORN: Shift(trust=-0.05, impatience=0.03),
}
_NAMED = Shift(trust=0.02, impatience=-0.02)
_IGNORED = Shift(trust=-0.03, impatience=0.06)
_PROMPTED = Shift(impatience=0.05)
_RAMBLED = Shift(impatience=0.15)
_CUT_OFF = Shift(trust=-0.05, impatience=0.1)
_EASED = -0.02


def first(scenario: Scenario, persona: str) -> Mood:
    """The mood that the character begins with. Raises: KeyError for nobody of the cast."""
    temper = scenario.character(persona).temper
    return Mood(persona=persona, trust=base_trust(temper), impatience=base_impatience(temper))


def mood_in(scenario: Scenario, scene: Scene, persona: str) -> Mood:
    """The character's mood as the scene has it, or the one it begins with."""
    return scene.mood_of(persona) or first(scenario, persona)


def after_turn(
    scenario: Scenario,
    scene: Scene,
    memory: Sequence[Said],
    said: str,
    *,
    addressed: Sequence[str] = (),
) -> tuple[Mood, ...]:
    """The whole cast's moods once the learner said this, in the author's order.

    `scene` and `memory` are as before the turn. Who is not in the room is not moved.
    """
    turn = turn_of(said, scenario.language)
    if not turn.size:
        return _all(scenario, scene)
    target = _target(memory, addressed)
    there = in_room(scenario, scene)
    moods = []
    for mood in _all(scenario, scene):
        if mood.persona in there:
            temper = scenario.character(mood.persona).temper
            asked = query_of(mood.persona, memory, scenario)
            shifts = _shifts(mood.persona, turn, asked, target, addressed)
            shifts += _strains(turn, temper, scene)
            if Sign.COMMAND in turn.signs:
                shifts = [_unfavourable(one) for one in shifts]
            mood = _moved(_drifted(mood, temper), temper, shifts)
        moods.append(mood)
    return tuple(moods)


def unread(
    scenario: Scenario,
    scene: Scene,
    memory: Sequence[Said],
    said: str,
) -> tuple[str, ...]:
    """Those in the room for whom the rules see nothing in a turn of UNREAD_WORDS words or more.

    Their shift is what a model may be asked for; `scene` and `memory` as for `after_turn`.
    """
    turn = turn_of(said, scenario.language)
    if turn.size < UNREAD_WORDS or Sign.COMMAND in turn.signs:
        return ()
    return tuple(
        one
        for one in in_room(scenario, scene)
        if not _rambles(turn, scenario.character(one).temper)
        and not _shifts(one, turn, query_of(one, memory, scenario))
    )


def after_line(scenario: Scenario, scene: Scene, persona: str, *, cut: bool) -> tuple[Mood, ...]:
    """The whole cast's moods once the character's line was heard, or cut off by the person.

    Being cut off angers the hostile and the impatient; being heard out eases a little.
    """
    temper = scenario.character(persona).temper
    mood = mood_in(scenario, scene, persona)
    if cut:
        edge = max(temper.hostility, 1.0 - temper.patience)
        mood = mood.moved(trust=_CUT_OFF.trust * edge, impatience=_CUT_OFF.impatience * edge)
    else:
        over = mood.impatience - base_impatience(temper)
        mood = mood.moved(impatience=max(_EASED, -over) if over > 0 else 0.0)
    return tuple(mood if one.persona == persona else one for one in _all(scenario, scene))


def shifted(scenario: Scenario, scene: Scene, shifts: Mapping[str, Shift]) -> tuple[Mood, ...]:
    """The whole cast's moods after a model's opinion, in which 1 weighs MOST_SHIFT.

    Who is not in the room is not moved, and nobody who is not of the cast.
    """
    there = in_room(scenario, scene)
    moods = []
    for mood in _all(scenario, scene):
        shift = shifts.get(mood.persona)
        if shift is not None and mood.persona in there:
            weighed = Shift(trust=_weighed(shift.trust), impatience=_weighed(shift.impatience))
            temper = scenario.character(mood.persona).temper
            mood = _moved(mood, temper, [weighed])
        moods.append(mood)
    return tuple(moods)


def _all(scenario: Scenario, scene: Scene) -> tuple[Mood, ...]:
    return tuple(mood_in(scenario, scene, one.id) for one in scenario.cast)


def _target(memory: Sequence[Said], addressed: Sequence[str]) -> tuple[str, ...]:
    """Whom the turn is for: those addressed, or whoever spoke last."""
    if addressed:
        return tuple(addressed)
    last = next((said.speaker for said in reversed(memory) if said.speaker != LEARNER), None)
    return (last,) if last is not None else ()


def _shifts(
    persona: str,
    turn: Turn,
    asked: Query | None,
    target: Sequence[str] = (),
    addressed: Sequence[str] = (),
) -> list[Shift]:
    """What the turn does to that character, before temper."""
    shifts = []
    if asked is not None:
        reply = reply_to(asked, turn)
        passed_over = bool(addressed) and persona not in addressed
        if reply is not None and not (passed_over and reply is Reply.DODGED):
            shifts.append(_REPLIES[reply])
        elif passed_over:
            shifts.append(_IGNORED)
    mine = not target or persona in target
    shifts += [_times(_SIGNS[one], 1.0 if mine else OTHERS) for one in _SIGNS if one in turn.signs]
    if persona in addressed:
        shifts.append(_NAMED)
    return shifts


def _strains(turn: Turn, temper: Temper, scene: Scene) -> list[Shift]:
    """What tries anyone's patience: a turn that has no end, and one that was long in coming."""
    shifts = [_times(_RAMBLED, _rambles(turn, temper))]
    if scene.prompted:
        shifts.append(_times(_PROMPTED, min(scene.prompts, 3)))
    return shifts


def _rambles(turn: Turn, temper: Temper) -> float:
    """How much longer the turn is than the character bears: 0 to 1, 1 for twice as long."""
    least, most = RAMBLES_FROM
    limit = least + (most - least) * temper.patience
    return min(1.0, max(0.0, turn.size / limit - 1.0))


def _drifted(mood: Mood, temper: Temper) -> Mood:
    return mood.moved(
        trust=(base_trust(temper) - mood.trust) * DRIFT,
        impatience=(base_impatience(temper) - mood.impatience) * DRIFT,
    )


def _moved(mood: Mood, temper: Temper, shifts: Sequence[Shift]) -> Mood:
    """Hostility lets trust fall faster and rise slower; patience damps and cools impatience."""
    trust = sum(one.trust for one in shifts)
    impatience = sum(one.impatience for one in shifts)
    trust *= 0.7 + 0.7 * temper.hostility if trust < 0 else 1.2 - 0.8 * temper.hostility
    impatience *= 1.4 - temper.patience if impatience > 0 else 0.6 + 0.8 * temper.patience
    return mood.moved(trust=trust, impatience=impatience)


def _times(shift: Shift, factor: float) -> Shift:
    return Shift(trust=shift.trust * factor, impatience=shift.impatience * factor)


def _unfavourable(shift: Shift) -> Shift:
    """What of a shift is against the learner."""
    return Shift(trust=min(0.0, shift.trust), impatience=max(0.0, shift.impatience))


def _weighed(opinion: float) -> float:
    """A part of an opinion, kept within -1 and 1; what is no number moves nothing."""
    return 0.0 if math.isnan(opinion) else MOST_SHIFT * min(1.0, max(-1.0, opinion))
