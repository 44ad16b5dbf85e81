"""Which of a scene's events is due. Each fires once, one a plan, in the author's order."""

from agents.manager.scene import Scene
from scenarios.happenings import Event, When
from scenarios.hearing import hears
from scenarios.schema import Scenario

OVERDUE_S = 10.0
"""How long a time event waits for a pause before it takes the place of an answer."""


def due_at_turn(scenario: Scenario, scene: Scene, words: str, now_s: float) -> Event | None:
    """The event that the learner's present turn brings, or one that was cut off unheard.

    What only waits for a time waits for a pause as well, OVERDUE_S at most.
    """
    turns = scene.phase_turns + 1
    for event in scenario.events:
        when = event.when
        if event.id in scene.fired or when.silence_s is not None:
            continue
        late_s = OVERDUE_S if when.heard is None and when.turns is None else 0.0
        heard = when.heard is None or hears(words, when.heard, scenario.language)
        if heard and _holds(when, scene, now_s - late_s) and _turns_hold(when, turns):
            return event
    return next((event for event in scenario.events if event.id in scene.unheard), None)


def due_at_tick(scenario: Scenario, scene: Scene, now_s: float, quiet_s: float) -> Event | None:
    """The event that time or silence brings while nobody speaks."""
    for event in scenario.events:
        when = event.when
        if event.id in scene.fired or when.heard is not None:
            continue
        silent = when.silence_s is None or quiet_s >= when.silence_s
        if silent and _holds(when, scene, now_s) and _turns_hold(when, scene.phase_turns):
            return event
    return None


def _holds(when: When, scene: Scene, now_s: float) -> bool:
    in_phase = when.phase is None or when.phase == scene.phase
    return in_phase and (when.after_s is None or now_s - scene.phase_started_s >= when.after_s)


def _turns_hold(when: When, turns: int) -> bool:
    return when.turns is None or turns >= when.turns
