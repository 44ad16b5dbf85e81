"""Taking back a floor that the person took."""

from random import Random

import pytest

from agents.manager.beats import Beat
from agents.manager.manager import MultiAgentManager
from agents.manager.phrases import phrases_for
from agents.manager.scene import Scene
from tests.fakes.managers import manager_at, speakers
from tests.fakes.scenes import cast_with, debate

PATIENT = {"patience": 1.0, "interruption": 0.0, "talkativeness": 0.0}
EAGER = {"patience": 0.0, "interruption": 1.0, "talkativeness": 0.0}


def perform(
    one: MultiAgentManager, beat: Beat, text: str = "Un mot.", *, cut: bool = False
) -> None:
    one.performed(beat, text, cut, 30.0)


def cut_off(
    one: MultiAgentManager, words: str = "Roche, un mot ?", heard: str = "Je voulais"
) -> Beat:
    """A line of whoever answers the words, cut off after `heard`."""
    plan = one.answer(words, 10.0)
    one.commit(plan, words=words, now_s=10.0)
    perform(one, plan.beats[0], heard, cut=True)
    return plan.beats[0]


def test_an_interrupted_one_that_is_chosen_takes_its_line_up_again() -> None:
    others = tuple((one, 90) for one in ("morel", "kerbrat", "castan"))
    one = manager_at(debate(), words=others)
    cut_off(one)
    assert one.scene.interrupted == "roche"
    plan = one.answer("Attendez, je réponds.", 20.0)
    assert speakers(plan) == ["roche"]
    assert plan.beats[0].lead_in in phrases_for("fr").spoken["reclaim"]
    assert "coupé la parole" in plan.beats[0].cue


def test_a_pushy_one_takes_the_floor_back_more_often_than_a_meek_one() -> None:
    def taken(temper: dict[str, float]) -> int:
        count = 0
        for seed in range(60):
            cast = cast_with("roche", temper=temper)
            start = Scene(
                seed=seed,
                phase="ouverture",
                begun=True,
                opened=True,
                phase_turns=1,
                words=(("roche", 500),),
                interrupted="roche",
            )
            one = MultiAgentManager(debate(cast=cast), rng=Random(0), scene=start)
            count += one.answer("Je continue.", 10.0).beats[0].persona == "roche"
        return count

    assert taken(PATIENT) < 15 < 30 < taken(EAGER | {"talkativeness": 1.0, "hostility": 1.0})


def test_nobody_takes_the_floor_back_from_another_who_was_addressed() -> None:
    one = manager_at(debate(cast=cast_with("roche", temper=EAGER)))
    cut_off(one)
    plan = one.answer("Madame Kerbrat, et vous ?", 20.0)
    assert speakers(plan)[0] == "kerbrat"
    assert not plan.beats[0].lead_in


def test_who_was_heard_to_the_end_was_not_interrupted_and_clears_it() -> None:
    one = manager_at(debate())
    cut_off(one)
    plan = one.answer("Madame Kerbrat, et vous ?", 20.0)
    one.commit(plan, words="Madame Kerbrat, et vous ?", now_s=20.0)
    perform(one, plan.beats[0])
    assert one.scene.interrupted is None


@pytest.mark.parametrize("heard", ["", "Qui va payer ?"])
def test_one_that_was_not_heard_or_had_asked_has_nothing_to_take_up(heard: str) -> None:
    one = manager_at(debate())
    cut_off(one, heard=heard)
    assert one.scene.interrupted is None


def test_a_cut_by_a_change_of_phase_or_the_end_is_no_interruption() -> None:
    one = manager_at(debate())
    cut_off(one)
    one.commit(one.skip(30.0), words=None, now_s=30.0)
    assert one.scene.interrupted is None
    two = manager_at(debate())
    cut_off(two)
    two.commit(two.end("ended", 30.0), words=None, now_s=30.0)
    assert two.scene.interrupted is None


def test_m3_one_that_is_cut_off_again_while_taking_up_its_line_gives_up() -> None:
    one = manager_at(debate(), words=tuple((who, 90) for who in ("morel", "kerbrat", "castan")))
    cut_off(one)
    again = cut_off(one, words="Attendez, je réponds.", heard="Je finissais. Le rail")
    assert again.lead_in
    assert one.scene.interrupted is None
    assert not one.answer("Encore un mot.", 30.0).beats[0].lead_in
