"""The snapshot: through JSON and back at every step of a simulated play."""

import json
from random import Random

import pytest

from agents.manager.manager import MultiAgentManager
from agents.manager.mood import Mood
from agents.manager.scene import Scene
from tests.fakes.scenes import DEBATE, cast_with, debate

SAYINGS = (
    "Bonsoir.",
    "Monsieur Roche, votre avis ?",
    "Le rail, encore le rail.",
    "Claire et Sonia, je vous écoute.",
    "",
)
SCENARIO = debate(
    cast=cast_with("castan", temper={"talkativeness": 1.0}),
    phases=[phase | {"turns": {"min": 1, "max": 30}} for phase in DEBATE["phases"]],
    events=[
        {"id": "rail", "when": {"heard": "rail"}, "by": "roche", "do": "say", "say": "Le rail !"},
        {"id": "pause", "when": {"silence_s": 5}, "by": "castan", "do": "prompt"},
    ],
)


@pytest.mark.parametrize("seed", range(10))
def test_a_scene_survives_json_and_a_restored_manager_decides_the_same(seed: int) -> None:
    chance = Random(seed)
    one = MultiAgentManager(SCENARIO, rng=Random(seed))
    plan, words, now_s = one.begin(0.0), None, 0.0
    for _ in range(40):
        one.commit(plan, words=words, now_s=now_s)
        for beat in plan.beats:
            heard = chance.choice(["Un mot de plus.", "Un mot", ""])
            one.performed(beat, heard, heard != "Un mot de plus.", now_s)
        stored = json.loads(json.dumps(one.scene.to_json()))
        assert Scene.from_json(stored) == one.scene
        again = MultiAgentManager.restore(SCENARIO, Scene.from_json(stored), one.memory, Random(99))
        now_s += chance.uniform(0.5, 12.0)
        words = chance.choice([*SAYINGS, None])
        if words is not None:
            plan = one.answer(words, now_s)
            assert again.answer(words, now_s) == plan
            continue
        quiet_s = chance.uniform(0.0, 20.0)
        due = one.tick(now_s, quiet_s=quiet_s, busy=False)
        assert again.tick(now_s, quiet_s=quiet_s, busy=False) == due
        plan = due or one.answer("", now_s)


def test_what_stands_beside_a_stored_scene_is_left_alone() -> None:
    scene = Scene(seed=1, phase="ouverture")
    assert Scene.from_json(scene.to_json() | {"elapsed_s": 12.5}) == scene


@pytest.mark.parametrize("data", [{}, {"version": 1}, {"version": 2, "seed": 1, "phase": "a"}])
def test_no_scene_is_a_value_error(data: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="scene"):
        Scene.from_json(data)


FIRST_SHAPE = {
    "version": 1,
    "seed": 41,
    "phase": "ouverture",
    "serial": 9,
    "at_s": 61.5,
    "phase_started_s": 0.0,
    "turns": 3,
    "phase_turns": 3,
    "turns_by_phase": {"ouverture": 3},
    "begun": True,
    "opened": True,
    "fired": ["rail"],
    "unheard": [],
    "released": [],
    "words": {"morel": 40, "roche": 12},
    "speakers": ["morel", "roche"],
    "silence_from_s": None,
    "prompted": False,
    "prompts": 0,
    "ended": None,
}
"""A snapshot as it was stored before scenes had moods, guests and points."""


def test_o3_a_snapshot_of_the_first_shape_loads_and_plays_on() -> None:
    scene = Scene.from_json(FIRST_SHAPE)
    assert (scene.moods, scene.arrived, scene.points, scene.scored) == ((), (), 0, ())
    assert (scene.interrupted, scene.cast_turns) == (None, 0)
    one = MultiAgentManager.restore(SCENARIO, scene, (), Random(0))
    plan = one.answer("Monsieur Roche, votre avis ?", 70.0)
    one.commit(plan, words="Monsieur Roche, votre avis ?", now_s=70.0)
    assert plan.beats[0].persona == "roche"
    assert len(one.scene.moods) == 4


def test_o3_a_snapshot_with_a_field_from_later_loads_without_it() -> None:
    scene = Scene.from_json(FIRST_SHAPE)
    assert Scene.from_json(scene.to_json() | {"weather": ["rain"]}) == scene


def test_all_of_a_snapshot_survives_json() -> None:
    scene = Scene(
        seed=1,
        phase="ouverture",
        moods=(Mood(persona="roche", trust=0.1234, impatience=0.9),),
        arrived=(("roche", 4),),
        points=-3,
        scored=(0, 2),
        interrupted="roche",
        cast_turns=2,
    )
    assert Scene.from_json(json.loads(json.dumps(scene.to_json()))) == scene
