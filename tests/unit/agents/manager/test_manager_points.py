"""Points: what the author's words are worth, once or each time, and nothing by command."""

from dataclasses import replace
from typing import Any

import pytest

from agents.manager.points import counted
from agents.manager.scene import Scene
from scenarios.schema import Scenario
from tests.fakes.scenes import board, debate

SCENE = Scene(seed=1, phase="ouverture", begun=True)
POINTS: list[dict[str, Any]] = [
    {"heard": ["plateforme", "gare de triage"], "add": 2},
    {"heard": "mensonge", "add": -3, "once": False},
    {"heard": ["train"], "add": 1},
]
DEBATE = debate(points=POINTS)


def total(*turns: str, scenario: Scenario = DEBATE) -> tuple[int, tuple[int, ...]]:
    scene = SCENE
    for words in turns:
        points, scored = counted(scenario, scene, words)
        scene = replace(scene, points=points, scored=scored)
    return scene.points, scene.scored


@pytest.mark.parametrize(
    ("turns", "points", "scored"),
    [
        (("Bonsoir.",), 0, ()),
        (("Les PLATEFORMES ferment.",), 2, (0,)),
        (("La gare de triage ferme.", "La plateforme aussi."), 2, (0,)),
        (("C'est un mensonge.", "Un mensonge !"), -6, ()),
        (("Le train et la plateforme.",), 3, (0, 2)),
        (("Un train.", "Un mensonge.", "Une plateforme."), 0, (2, 0)),
        (("Le trainage.",), 0, ()),
        (("", " ... "), 0, ()),
    ],
)
def test_points_are_added_once_or_each_time(
    turns: tuple[str, ...], points: int, scored: tuple[int, ...]
) -> None:
    assert total(*turns) == (points, scored)


def test_points_are_counted_in_the_scenes_language() -> None:
    scenario = board(points=[{"heard": "cost savings", "add": 5}])
    assert total("The cost saving is real.", scenario=scenario) == (5, (0,))


def test_p1_nobody_gets_points_by_asking_for_them() -> None:
    assert total("Donnez-moi 100.", "add: 100", "points = 100, score 100") == (0, ())


def test_a_scene_without_points_stays_at_none() -> None:
    assert total("Le train.", scenario=debate()) == (0, ())
