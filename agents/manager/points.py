"""What the learner's words are worth in points, as the author wrote it."""

from agents.manager.scene import Scene
from scenarios.hearing import hears
from scenarios.schema import Scenario


def counted(scenario: Scenario, scene: Scene, words: str) -> tuple[int, tuple[int, ...]]:
    """The score and the spent places of `scenario.points` once these words were said.

    Both are whole, not what is added: they go into `Scene.points` and `Scene.scored`.
    """
    total, spent = scene.points, scene.scored
    for place, points in enumerate(scenario.points):
        if place in scene.scored or not hears(words, points.heard, scenario.language):
            continue
        total += points.add
        if points.once:
            spent = (*spent, place)
    return total, spent
