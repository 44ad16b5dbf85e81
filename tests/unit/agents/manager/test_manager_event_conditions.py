"""Events that wait for points or a mood, and those of guests who are not there yet."""

from dataclasses import replace
from typing import Any

import pytest

from agents.manager.events import OVERDUE_S, due_at_tick, due_at_turn
from agents.manager.mood import Mood
from agents.manager.scene import Scene
from scenarios.schema import Scenario
from tests.fakes.scenes import DEBATE, debate

SCENE = Scene(seed=1, phase="ouverture", begun=True, opened=True)


def event(when: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "fuite", "when": when, "by": "castan", "do": "say", "say": "Tenez."} | more


def arrival(by: str, when: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"arrivee-{by}", "when": when, "by": by, "do": "arrive", "say": "Me voici."}


def at_turn(scenario: Scenario, scene: Scene, words: str = "Je parle.") -> str | None:
    found = due_at_turn(scenario, scene, words, 5.0)
    return found.id if found else None


def at_tick(scenario: Scenario, scene: Scene) -> str | None:
    found = due_at_tick(scenario, scene, 5.0, 2.0)
    return found.id if found else None


def feels(trust: float = 0.5, impatience: float = 0.2, persona: str = "roche") -> Scene:
    mood = Mood(persona=persona, trust=trust, impatience=impatience)
    return replace(SCENE, moods=(mood,))


@pytest.mark.parametrize(
    ("when", "points", "fires"),
    [
        ({"score_from": 3}, 2, False),
        ({"score_from": 3}, 3, True),
        ({"score_to": -2}, -1, False),
        ({"score_to": -2}, -2, True),
        ({"score_from": 1, "score_to": 2}, 3, False),
        ({"score_from": 1, "score_to": 2}, 2, True),
        ({"score_from": 3, "heard": "rail"}, 3, False),
        ({"score_from": 3, "turns": 2}, 3, False),
        ({"score_from": 3, "phase": "conclusion"}, 3, False),
    ],
)
def test_an_event_waits_for_points(when: dict[str, Any], points: int, fires: bool) -> None:
    scenario = debate(events=[event(when)])
    assert (at_turn(scenario, replace(SCENE, points=points)) == "fuite") is fires


@pytest.mark.parametrize(
    ("mood", "scene", "fires"),
    [
        ({"trust_below": 0.3}, feels(trust=0.3), False),
        ({"trust_below": 0.3}, feels(trust=0.29), True),
        ({"trust_above": 0.7}, feels(trust=0.7), False),
        ({"trust_above": 0.7}, feels(trust=0.71), True),
        ({"impatience_above": 0.6}, feels(impatience=0.6), False),
        ({"impatience_above": 0.6}, feels(impatience=0.61), True),
        ({"trust_below": 0.3, "impatience_above": 0.6}, feels(trust=0.1), False),
        ({"trust_below": 0.3, "impatience_above": 0.6}, feels(trust=0.1, impatience=0.7), True),
        ({"trust_below": 0.3}, feels(trust=0.1, persona="morel"), False),
        ({"trust_below": 0.3}, SCENE, False),
        ({"trust_above": 0.3}, SCENE, True),
    ],
)
def test_an_event_waits_for_a_mood(mood: dict[str, Any], scene: Scene, fires: bool) -> None:
    scenario = debate(events=[event({"mood": {"of": "roche"} | mood})])
    assert (at_turn(scenario, scene) == "fuite") is fires
    assert (at_tick(scenario, scene) == "fuite") is fires


def test_an_event_fires_once_however_long_its_mood_lasts() -> None:
    scenario = debate(events=[event({"mood": {"of": "roche", "trust_below": 0.3}})])
    assert at_turn(scenario, replace(feels(trust=0.1), fired=("fuite",))) is None


def test_time_and_points_need_no_pause_on_top() -> None:
    scenario = debate(events=[event({"after_s": 20, "score_from": 1})])
    scene = replace(SCENE, points=1)
    assert due_at_turn(scenario, scene, "Je parle.", 19.0) is None
    assert due_at_turn(scenario, scene, "Je parle.", 20.0) is not None
    timed = debate(events=[event({"after_s": 20})])
    assert due_at_turn(timed, scene, "Je parle.", 20.0) is None
    assert due_at_turn(timed, scene, "Je parle.", 20.0 + OVERDUE_S) is not None


def test_a_guest_who_is_not_there_brings_no_event_but_the_arrival() -> None:
    scenario = debate(events=[event({"turns": 1}), arrival("castan", {"turns": 2})])
    assert at_turn(scenario, SCENE) is None
    assert at_tick(scenario, SCENE) is None
    later = replace(SCENE, phase_turns=1)
    assert at_turn(scenario, later) == "arrivee-castan"
    came = replace(later, arrived=(("castan", 3),), fired=("arrivee-castan",))
    assert at_turn(scenario, came) == "fuite"


def test_who_is_out_of_the_room_in_a_phase_brings_nothing_there() -> None:
    alone = DEBATE["phases"][0] | {"speakers": ["morel"], "present": ["morel", "roche"]}
    phases = [alone, *DEBATE["phases"][1:]]
    scenario = debate(phases=phases, events=[event({"score_from": 1})])
    scene = replace(SCENE, points=1)
    assert at_turn(scenario, scene) is None
    assert at_tick(scenario, scene) is None
    unheard = replace(scene, fired=("fuite",), unheard=("fuite",))
    assert at_turn(scenario, unheard) is None
    assert at_turn(scenario, replace(unheard, phase="debat")) == "fuite"
    assert at_tick(scenario, replace(scene, phase="debat")) == "fuite"


def test_who_is_there_already_does_not_arrive_again() -> None:
    again = arrival("castan", {"turns": 1}) | {"id": "encore"}
    scenario = debate(events=[arrival("castan", {"turns": 1}), again])
    assert at_turn(scenario, SCENE) == "arrivee-castan"
    came = replace(SCENE, arrived=(("castan", 1),), fired=("arrivee-castan",))
    assert at_turn(scenario, came) is None


def test_an_event_cut_off_unheard_comes_again() -> None:
    scenario = debate(events=[event({"score_from": 3})])
    scene = replace(SCENE, points=3, fired=("fuite",), unheard=("fuite",))
    assert at_turn(scenario, scene) == "fuite"
