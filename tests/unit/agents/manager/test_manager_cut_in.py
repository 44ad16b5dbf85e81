"""Cutting in on a person who goes on and on."""

from typing import Any

import pytest

from agents.manager.beats import Beat, BeatKind, Rung
from agents.manager.cutting import MONOLOGUE_S, RESTS_TURNS
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER
from agents.manager.mood import Mood
from agents.manager.phrases import phrases_for
from agents.manager.ports import Shift
from agents.manager.temperament import cuts_in_after_s
from scenarios.schema import Temper
from tests.fakes.managers import LONG_PHASE, manager_at, speakers
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


def test_who_only_answered_after_the_clock_has_not_cut_in() -> None:
    one = manager_at(debate(cast=patient_but("roche"), moderation={"turn_s": 15}))
    plan = one.cut_in(f"Monsieur Roche, {RAMBLE}", 40.0, speaking_s=16.0)
    assert plan is not None
    assert speakers(plan) == ["morel", "roche"]
    one.commit(plan, words=RAMBLE, now_s=40.0)
    for beat in plan.beats:
        perform(one, beat)
    for _ in range(5):
        one.judged({"roche": Shift(impatience=1.0)}, 41.0)
    after = one.cut_in(RAMBLE, 60.0, speaking_s=14.0)
    assert after is not None
    assert speakers(after) == ["roche"]


def test_who_cut_in_may_again_once_the_person_had_some_turns_in_peace() -> None:
    one = manager_at(debate(cast=patient_but("castan"), phases=LONG_PHASE))
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=60.0)
    assert plan is not None
    one.commit(plan, words=RAMBLE, now_s=40.0)
    perform(one, plan.beats[0])
    for turn in range(RESTS_TURNS):
        assert one.cut_in(RAMBLE, 80.0, speaking_s=30.0) is None
        answer = one.answer("Monsieur Roche ?", 50.0 + turn)
        one.commit(answer, words="Monsieur Roche ?", now_s=50.0 + turn)
        perform(one, answer.beats[0])
    again = one.cut_in(RAMBLE, 140.0, speaking_s=30.0)
    assert again is not None
    assert speakers(again) == ["castan"]


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
