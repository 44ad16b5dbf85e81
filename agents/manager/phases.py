"""When a phase is over, what comes after it, and when the whole scene has reached a limit."""

from typing import Literal

from agents.cast.presence import absent
from agents.manager.scene import Scene
from scenarios.schema import Phase, Scenario

OVERTIME = 1.5
"""A phase with fewer than `turns.min` turns gets this many times its time limit."""

LimitReason = Literal["duration", "turns"]


def phase_of(scenario: Scenario, scene: Scene) -> Phase:
    """The phase that the scene stands in."""
    return next(phase for phase in scenario.phases if phase.id == scene.phase)


def phase_after(scenario: Scenario, phase: Phase) -> Phase | None:
    """The next phase in the author's order; None after the last."""
    at = scenario.phases.index(phase)
    return scenario.phases[at + 1] if at + 1 < len(scenario.phases) else None


def speakers_in(scenario: Scenario, phase: Phase, scene: Scene) -> tuple[str, ...]:
    """Who may speak in the phase now: its lead first, then the others in the author's order.

    Late guests only once they have arrived. Never nobody: where all of them are late, whoever of
    the cast is in the room.
    """
    lead, away = scenario.lead_of(phase), absent(scenario, scene)
    order = (lead, *(one for one in scenario.speakers_of(phase) if one != lead))
    in_room = tuple(one.id for one in scenario.cast if one.id not in away)
    return tuple(one for one in order if one not in away) or in_room or order


def lead_now(scenario: Scenario, phase: Phase, scene: Scene) -> str:
    """Who leads the phase now: its lead, or the next speaker while the lead has not arrived."""
    return speakers_in(scenario, phase, scene)[0]


def out_of_turns(phase: Phase, turns: int) -> bool:
    """Whether that many turns of the learner are all that the phase has."""
    return turns >= phase.turns.max


def out_of_time(phase: Phase, scene: Scene, turns: int, now_s: float) -> bool:
    """Whether the phase's time is up; below `turns.min` turns it gets OVERTIME."""
    if phase.time_limit_s is None:
        return False
    grace = 1.0 if turns >= phase.turns.min else OVERTIME
    return now_s - scene.phase_started_s >= phase.time_limit_s * grace


def limit_reached(scenario: Scenario, turns: int, now_s: float) -> LimitReason | None:
    """Which of the scene's limits is reached after that many turns of the learner."""
    if now_s >= scenario.limits.duration_s:
        return "duration"
    return "turns" if turns >= scenario.limits.turns else None
