"""Cutting in on a person who goes on and on, and taking back a floor that was taken."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import Beat, BeatKind, Rung
from agents.manager.cutting import MONOLOGUE_S
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER
from agents.manager.mood import Mood
from agents.manager.phrases import phrases_for
from agents.manager.scene import Scene
from agents.manager.temperament import cuts_in_after_s
from scenarios.schema import Temper
from tests.fakes.managers import manager_at, speakers
from tests.fakes.scenes import DEBATE, board, cast_with, debate

RAMBLE = "Nous avons un budget et puis un calendrier et puis encore un budget"
PATIENT = {"patience": 1.0, "interruption": 0.0, "talkativeness": 0.0}
EAGER = {"patience": 0.0, "interruption": 1.0, "talkativeness": 0.0}


def patient_but(*eager: str) -> list[dict[str, Any]]:
    cast = cast_with("nobody")
    return [one | {"temper": EAGER if one["id"] in eager else PATIENT} for one in cast]


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


def test_the_one_whose_patience_ends_first_cuts_in() -> None:
    one = manager_at(debate(cast=patient_but("castan")))
    limit_s = cuts_in_after_s(Temper.model_validate(EAGER))
    assert one.cut_in(RAMBLE, 40.0, speaking_s=limit_s - 0.1) is None
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=limit_s)
    assert plan is not None
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("castan", BeatKind.CUT_IN)]
    assert plan.beats[0].lead_in in phrases_for("fr").spoken["cut_in"]
    assert plan.beats[0].id == "c0001-1"
    assert plan.decision.rung is Rung.SCENE


def test_a_mood_shortens_patience() -> None:
    scenario = debate(cast=patient_but())
    spent = (Mood(persona="roche", trust=0.5, impatience=1.0),)
    limit_s = cuts_in_after_s(Temper.model_validate(PATIENT))
    assert manager_at(scenario).cut_in(RAMBLE, 40.0, speaking_s=limit_s - 1) is None
    plan = manager_at(scenario, moods=spent).cut_in(RAMBLE, 40.0, speaking_s=limit_s - 1)
    assert plan is not None
    assert speakers(plan) == ["roche"]


def test_m2_a_monologue_is_cut_whatever_the_tempers_and_moods() -> None:
    for cast in (patient_but(), patient_but("roche"), [DEBATE["cast"][0] | {"temper": PATIENT}]):
        phases = [DEBATE["phases"][0]]
        plan = manager_at(debate(cast=cast, phases=phases)).cut_in(
            RAMBLE * 500, 600.0, speaking_s=MONOLOGUE_S
        )
        assert plan is not None
        assert len(plan.beats) == 1


def test_the_author_s_time_box_is_kept_by_the_moderator() -> None:
    scenario = debate(cast=patient_but(), moderation={"by": "kerbrat", "turn_s": 20})
    one = manager_at(scenario)
    assert one.cut_in(RAMBLE, 40.0, speaking_s=19.9) is None
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=20.0)
    assert plan is not None
    assert speakers(plan) == ["kerbrat"]
    assert plan.beats[0].lead_in in phrases_for("fr").spoken["time_box"]


def test_without_a_moderator_the_lead_keeps_the_time_box() -> None:
    plan = manager_at(debate(cast=patient_but(), moderation={"turn_s": 20})).cut_in(
        RAMBLE, 40.0, speaking_s=20.0
    )
    assert plan is not None
    assert speakers(plan) == ["morel"]


def test_the_words_cut_in_on_are_the_learner_s_turn() -> None:
    one = manager_at(debate(cast=patient_but("castan")))
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=60.0)
    assert plan is not None
    assert one.turns == 1
    one.commit(plan, words=RAMBLE, now_s=40.0)
    perform(one, plan.beats[0], f"{plan.beats[0].lead_in} Un chiffre ?")
    assert one.turns == 2
    assert [said.speaker for said in one.memory] == [LEARNER, "castan"]


def test_nobody_cuts_in_twice_on_end() -> None:
    one = manager_at(debate(cast=patient_but("castan")))
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=60.0)
    assert plan is not None
    one.commit(plan, words=RAMBLE, now_s=40.0)
    perform(one, plan.beats[0])
    hear = one.answer("Monsieur Roche ?", 50.0)
    one.commit(hear, words="Monsieur Roche ?", now_s=50.0)
    perform(one, hear.beats[0])
    assert one.cut_in(RAMBLE, 80.0, speaking_s=30.0) is None
    later = one.cut_in(RAMBLE, 140.0, speaking_s=MONOLOGUE_S)
    assert later is not None
    assert speakers(later) != ["castan"]


def test_who_has_too_much_airtime_leaves_cutting_in_to_the_others() -> None:
    words = (("castan", 400), ("roche", 100), ("kerbrat", 100), ("morel", 100))
    bounds = {"airtime": {"max": 0.4}}
    one = manager_at(debate(cast=patient_but("castan"), moderation=bounds), words=words)
    plan = one.cut_in(RAMBLE, 140.0, speaking_s=MONOLOGUE_S)
    assert plan is not None
    assert speakers(plan) != ["castan"]


def test_cutting_in_varies_its_first_words() -> None:
    one, said = manager_at(debate(cast=patient_but("castan", "roche"))), []
    for turn in range(4):
        plan = one.cut_in(RAMBLE, 40.0 * turn, speaking_s=100.0)
        assert plan is not None
        one.commit(plan, words=RAMBLE, now_s=40.0 * turn)
        perform(one, plan.beats[0], f"{plan.beats[0].lead_in} Un mot.")
        said.append(plan.beats[0].lead_in)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("words", ["", "…", "?!"])
def test_m1_noise_without_words_is_not_cut_in_on(words: str) -> None:
    assert manager_at(debate()).cut_in(words, 600.0, speaking_s=600.0) is None


def test_nobody_cuts_in_before_the_scene_began_or_after_its_end() -> None:
    assert manager_at(debate(), begun=False).cut_in(RAMBLE, 600.0, speaking_s=600.0) is None
    assert (
        manager_at(debate(), ended="turns", closed=True).cut_in(RAMBLE, 600.0, speaking_s=600.0)
        is None
    )


def test_an_event_of_the_rambled_words_is_told_by_its_own_character() -> None:
    event = {
        "id": "rail",
        "when": {"heard": "budget"},
        "by": "roche",
        "do": "say",
        "say": "Halte !",
    }
    one = manager_at(debate(cast=patient_but("castan"), events=[event]))
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=60.0)
    assert plan is not None
    assert [(beat.persona, beat.kind, beat.event) for beat in plan.beats] == [
        ("roche", BeatKind.CUT_IN, "rail")
    ]
    assert str(plan.beats[0].say).endswith("Halte !")
    assert plan.effects.fires == ("rail",)


def test_one_that_the_person_speaks_to_is_the_one_to_cut_in() -> None:
    one = manager_at(debate(cast=patient_but("castan")))
    plan = one.cut_in(f"Monsieur Roche, {RAMBLE}", 40.0, speaking_s=60.0)
    assert plan is not None
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("roche", BeatKind.CUT_IN)]


def test_the_clock_passes_the_floor_to_the_one_who_was_asked() -> None:
    one = manager_at(debate(cast=patient_but(), moderation={"turn_s": 20}))
    plan = one.cut_in(f"Monsieur Roche, {RAMBLE}", 40.0, speaking_s=21.0)
    assert plan is not None
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [
        ("morel", BeatKind.CUT_IN),
        ("roche", BeatKind.ANSWER),
    ]
    assert "Antoine Roche" in plan.beats[0].cue


def test_as_time_runs_out_the_one_who_was_asked_answers_before_the_closing() -> None:
    one = manager_at(debate(cast=patient_but(), limits={"duration_s": 60}))
    plan = one.cut_in(f"Monsieur Roche, {RAMBLE}", 130.0, speaking_s=125.0)
    assert plan is not None
    assert speakers(plan) == ["roche", "morel"]
    assert plan.ends


def test_s8_a_monologue_past_the_scene_s_duration_is_cut_by_the_closing() -> None:
    one = manager_at(debate(cast=patient_but("castan"), limits={"duration_s": 60}))
    plan = one.cut_in(RAMBLE, 61.0, speaking_s=58.0)
    assert plan is not None
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("morel", BeatKind.CLOSING)]
    assert (plan.ends, plan.end_reason) == (True, "duration")


def test_cutting_in_speaks_the_scene_s_language() -> None:
    plan = manager_at(board()).cut_in("and so on and on", 600.0, speaking_s=600.0)
    assert plan is not None
    assert plan.beats[0].lead_in in (
        *phrases_for("en").spoken["cut_in"],
        *phrases_for("en").spoken["time_box"],
    )


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
