"""The snapshot: through JSON and back at every step of a simulated play."""

import json
from random import Random

import pytest

from agents.manager.manager import MultiAgentManager
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
