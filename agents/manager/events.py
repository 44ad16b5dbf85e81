"""Which of a scene's events is due. Each fires once, one a plan, in the author's order."""

from agents.manager.scene import Scene
from scenarios.hearing import hears
from scenarios.schema import Event, Scenario, When


def due_at_turn(scenario: Scenario, scene: Scene, words: str, now_s: float) -> Event | None:
    """The event that belongs to the learner's present turn, or that was cut off before."""
    owed = next((e for e in scenario.events if e.id in scene.unheard), None)
    fresh = (e for e in scenario.events if e.id not in scene.fired)
    due = (e for e in fresh if e.when.silence_s is None and _holds(e.when, scene, now_s))
    turns = scene.phase_turns + 1
    return next(
        (e for e in due if _turns_hold(e.when, turns) and _heard(e.when, words, scenario)), owed
    )


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


def _heard(when: When, words: str, scenario: Scenario) -> bool:
    return when.heard is None or hears(words, when.heard, scenario.language)
