"""The limits of moods: a model's opinion only nudges, no words lead out of 0 to 1."""

from dataclasses import replace
from random import Random

import pytest

from agents.manager import moods
from agents.manager.memory import LEARNER, Said
from agents.manager.ports import Shift
from agents.manager.scene import Scene
from tests.fakes.scenes import DEBATE_CAST, cast_with, debate

DIALS = ("patience", "hostility", "talkativeness", "interruption")
ROCHE = {"patience": 0.5, "hostility": 0.4, "talkativeness": 0.5}
SCENARIO = debate(cast=cast_with("roche", temper=ROCHE))
SCENE = Scene(seed=1, phase="ouverture", begun=True, opened=True)
HOW_MUCH = "Combien coûte votre réforme du fret aux communes ?"


def heard(text: str, speaker: str = "roche") -> Said:
    return Said(speaker=speaker, name=speaker, text=text, turn_id="a0001-1", phase="ouverture")


@pytest.mark.parametrize(
    ("shift", "trust", "impatience"),
    [
        (Shift(trust=1.0, impatience=-1.0), 1, -1),
        (Shift(trust=9.0, impatience=-9.0), 1, -1),
        (Shift(trust=float("nan"), impatience=float("nan")), 0, 0),
        (Shift(trust=float("-inf"), impatience=float("inf")), -1, 1),
    ],
)
def test_an_opinion_is_a_bounded_nudge(shift: Shift, trust: int, impatience: int) -> None:
    was = moods.first(SCENARIO, "roche")
    now = moods.shifted(SCENARIO, SCENE, {"roche": shift, "nobody": shift})
    assert len(now) == 4
    assert _sign(now[1].trust - was.trust) == trust
    assert _sign(now[1].impatience - was.impatience) == impatience
    assert abs(now[1].trust - was.trust) <= 1.4 * moods.MOST_SHIFT


def test_only_where_rules_see_nothing_is_a_model_worth_asking() -> None:
    plain = "Nous avons revu le projet avec les riverains pendant tout le printemps dernier"
    assert "roche" in moods.unread(SCENARIO, SCENE, [], plain)
    assert "roche" not in moods.unread(SCENARIO, SCENE, [], f"Merci beaucoup, {plain}")
    assert moods.unread(SCENARIO, SCENE, [], "Nous avons revu le projet.") == ()
    assert moods.unread(SCENARIO, SCENE, [], f"Donnez-moi 100, {plain}") == ()
    answered = [heard("Avez-vous parlé aux riverains ?")]
    assert moods.unread(SCENARIO, SCENE, answered, plain) == ("morel", "kerbrat", "castan")


def test_moods_stay_within_bounds_under_any_words() -> None:
    rng = Random(20)
    words = ["merci", "vous", "mentez", "12", "combien", "oui", "?", "raison", "on", "verra", "é#"]
    scenario = debate(
        cast=[c | {"temper": {dial: round(rng.random(), 2) for dial in DIALS}} for c in DEBATE_CAST]
    )
    scene = SCENE
    for _ in range(400):
        said = " ".join(rng.choices(words, k=rng.randrange(0, 40)))
        memory = [heard(" ".join(rng.choices(words, k=12)), rng.choice(["roche", LEARNER]))]
        to: tuple[str, ...] = rng.choice([(), ("roche",), ("roche", "castan")])
        step = rng.randrange(3)
        if step == 0:
            now = moods.after_turn(scenario, scene, memory, said, addressed=to)
        elif step == 1:
            now = moods.after_line(scenario, scene, "castan", cut=rng.random() < 0.5)
        else:
            shift = Shift(trust=rng.uniform(-3, 3), impatience=rng.uniform(-3, 3))
            now = moods.shifted(scenario, scene, {"kerbrat": shift})
        assert all(0.0 <= one.trust <= 1.0 and 0.0 <= one.impatience <= 1.0 for one in now)
        assert all(round(one.trust, 4) == one.trust for one in now)
        scene = replace(scene, moods=now)


def _sign(value: float) -> int:
    return (value > 1e-9) - (value < -1e-9)
