"""Who is in the room, and what each one heard there.

Owns presence, and stores none of it: a turn's phase and the plan's number in its turn id tell who
heard it. A late guest hears what comes after its own first line, and nothing from before.
"""

from collections.abc import Sequence
from typing import NamedTuple

from agents.cast.moment import Said, SceneView
from scenarios.schema import Scenario


class Place(NamedTuple):
    """Where a turn stands: the number of its plan, then its place in it; the learner's is 0."""

    serial: int
    line: int


def place_of(turn_id: str) -> Place:
    """`u0007` is `(7, 0)`, `a0007-2` is `(7, 2)`; what is no turn id of ours is `(0, 0)`."""
    serial, _, line = turn_id[1:].partition("-")
    return Place(_number(serial), _number(line))


def absent(scenario: Scenario, scene: SceneView) -> frozenset[str]:
    """Late guests who have not arrived yet."""
    came = dict(scene.arrived)
    return frozenset(one for one in scenario.late_guests if one not in came)


def in_room(scenario: Scenario, scene: SceneView, *, phase: str | None = None) -> tuple[str, ...]:
    """Ids of those in the room in that phase, by default the present one, in the author's order.

    Late guests only once they have arrived.
    """
    gone = absent(scenario, scene)
    for one in scenario.phases:
        if one.id == (phase or scene.phase):
            gone |= {id for id in _ids(scenario) if id not in scenario.present_in(one)}
    return tuple(id for id in _ids(scenario) if id not in gone)


def heard_by(
    persona: str, memory: Sequence[Said], scenario: Scenario, scene: SceneView
) -> tuple[Said, ...]:
    """What that character heard of it, in order; its own words always."""
    came = _arrival(persona, memory, scenario, scene)
    deaf = {one.id for one in scenario.phases if persona not in scenario.present_in(one)}
    return tuple(
        said
        for said in memory
        if said.speaker == persona
        or (came is not None and said.phase not in deaf and place_of(said.turn_id) >= came)
    )


def heard_by_all(
    personas: Sequence[str], memory: Sequence[Said], scenario: Scenario, scene: SceneView
) -> tuple[Said, ...]:
    """What every one of them heard of it, in order."""
    each = (frozenset(heard_by(one, memory, scenario, scene)) for one in personas)
    common = frozenset(memory).intersection(*each)
    return tuple(said for said in memory if said in common)


def _arrival(
    persona: str, memory: Sequence[Said], scenario: Scenario, scene: SceneView
) -> Place | None:
    """From where on the character is there; None for a guest who has not arrived.

    The plan that lets a guest in may begin with words of others: the guest hears what follows its
    own line, or the next plan if that line was never heard.
    """
    if persona not in scenario.late_guests:
        return Place(0, 0)
    serial = dict(scene.arrived).get(persona)
    if serial is None:
        return None
    own = (
        place_of(said.turn_id)
        for said in memory
        if said.speaker == persona and place_of(said.turn_id).serial == serial
    )
    return min(own, default=Place(serial + 1, 0))


def _ids(scenario: Scenario) -> tuple[str, ...]:
    return tuple(one.id for one in scenario.cast)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
