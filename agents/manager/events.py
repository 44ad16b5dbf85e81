"""Which of a scene's events is due. Each fires once, one a plan, in the author's order.

Who is not in the room, not yet or not in this phase, brings no event but its own arrival.
"""

from agents.cast.presence import absent, in_room
from agents.manager.moods import mood_in
from agents.manager.scene import Scene
from scenarios.happenings import Event, MoodWhen, When
from scenarios.hearing import hears
from scenarios.schema import Scenario

DIGEST_S = 8.0
"""How long the person is left with an event, if silent, before the next one comes."""

OVERDUE_S = 5.0
"""How long a time event waits for a pause before it takes the place of an answer."""


def due_at_turn(scenario: Scenario, scene: Scene, words: str, now_s: float) -> Event | None:
    """The event that the learner's present turn brings, or one that was cut off unheard.

    The scene's points and moods are those with this turn, its turns those before it. What only
    waits for a time waits for a pause as well, OVERDUE_S at most, and leaves a turn to the person
    after an event that was heard, unless somebody arrives with it.
    """
    turns = scene.phase_turns + 1
    just_told = scene.told_turn == scene.turns
    for event in scenario.events:
        when = event.when
        if event.id in scene.fired or when.silence_s is not None:
            continue
        timed = _waits_for_time_only(when)
        if timed and just_told and event.do != "arrive":
            continue
        late_s = OVERDUE_S if timed else 0.0
        heard = when.heard is None or hears(words, when.heard, scenario.language)
        if heard and _turns_hold(when, turns) and _holds(event, scenario, scene, now_s - late_s):
            return event
    if just_told:
        return None
    again = (event for event in scenario.events if event.id in scene.unheard)
    return next((event for event in again if event.by in in_room(scenario, scene)), None)


def due_at_tick(scenario: Scenario, scene: Scene, now_s: float, quiet_s: float) -> Event | None:
    """The event that time, silence, points or a mood bring while nobody speaks.

    A guest may arrive at any time; anything else leaves the person DIGEST_S with the last event.
    """
    just_told = scene.told_turn == scene.turns and quiet_s < DIGEST_S
    for event in scenario.events:
        when = event.when
        if event.id in scene.fired or when.heard is not None:
            continue
        if just_told and event.do != "arrive":
            continue
        silent = when.silence_s is None or quiet_s >= when.silence_s
        turns = _turns_hold(when, scene.phase_turns)
        if silent and turns and _holds(event, scenario, scene, now_s):
            return event
    return None


def _waits_for_time_only(when: When) -> bool:
    others = (when.heard, when.turns, when.score_from, when.score_to, when.mood)
    return all(one is None for one in others)


def _holds(event: Event, scenario: Scenario, scene: Scene, now_s: float) -> bool:
    """What no turn and no word is needed for."""
    when = event.when
    in_phase = when.phase is None or when.phase == scene.phase
    if not in_phase or not _is_there(event, scenario, scene):
        return False
    if when.after_s is not None and now_s - scene.phase_started_s < when.after_s:
        return False
    mood = when.mood
    return _score_holds(when, scene) and (mood is None or _mood_holds(mood, scenario, scene))


def _is_there(event: Event, scenario: Scenario, scene: Scene) -> bool:
    """Whether its character can bring it: only who is out arrives, nobody else acts from there."""
    if event.do == "arrive":
        return event.by in absent(scenario, scene)
    return event.by in in_room(scenario, scene)


def _turns_hold(when: When, turns: int) -> bool:
    return when.turns is None or turns >= when.turns


def _score_holds(when: When, scene: Scene) -> bool:
    enough = when.score_from is None or scene.points >= when.score_from
    return enough and (when.score_to is None or scene.points <= when.score_to)


def _mood_holds(when: MoodWhen, scenario: Scenario, scene: Scene) -> bool:
    mood = mood_in(scenario, scene, when.of)
    return (
        (when.trust_below is None or mood.trust < when.trust_below)
        and (when.trust_above is None or mood.trust > when.trust_above)
        and (when.impatience_above is None or mood.impatience > when.impatience_above)
    )
