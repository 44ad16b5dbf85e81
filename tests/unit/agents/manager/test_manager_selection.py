"""The ladder: addressed, then the rule of the phase, then the score, a model between equals."""

from dataclasses import replace
from random import Random

import pytest

from agents.manager.beats import BeatKind, Decision, Rung
from agents.manager.manager import MultiAgentManager
from agents.manager.names import Address
from agents.manager.scene import Scene
from agents.manager.selection import LADDER, Situation, select
from tests.fakes.managers import manager_at, speakers
from tests.fakes.scenes import DEBATE, cast_with, debate
from tests.fakes.situations import situation


def test_the_one_addressed_answers_whoever_has_said_least() -> None:
    plan = manager_at(debate(), words=(("roche", 900),)).answer("Roche, votre avis ?", 10.0)
    assert speakers(plan) == ["roche"]
    assert plan.decision.rung is Rung.ADDRESSED
    assert plan.decision.candidates == ("morel", "roche", "kerbrat", "castan")


def test_m4_two_addressed_answer_one_after_the_other_in_that_order() -> None:
    plan = manager_at(debate()).answer("Sonia et Claire, qu'en pensez-vous ?", 10.0)
    assert speakers(plan) == ["kerbrat", "morel"]
    assert [beat.id for beat in plan.beats] == ["a0001-1", "a0001-2"]


def test_of_four_addressed_three_answer() -> None:
    words = "Claire, Antoine, Sonia et Émile, qu'en pensez-vous ?"
    assert speakers(manager_at(debate()).answer(words, 10.0)) == ["morel", "roche", "kerbrat"]


def test_the_lead_takes_the_first_turn_of_a_phase() -> None:
    plan = manager_at(debate(), phase_turns=0).answer("Je commence.", 10.0)
    assert speakers(plan) == ["morel"]
    assert plan.decision.rung is Rung.PHASE_RULE


def test_the_lead_answers_for_one_who_takes_no_part_in_the_phase() -> None:
    last = debate(phases=DEBATE["phases"][1:])
    plan = manager_at(last).answer("Madame Kerbrat, votre avis ?", 10.0)
    assert speakers(plan) == ["roche"]
    assert "takes no part" in plan.decision.reason
    assert "Sonia Kerbrat" in plan.beats[0].cue


def test_a_phase_whose_opening_was_cut_off_is_opened_by_its_lead() -> None:
    plan = manager_at(debate(), opened=False, phase_turns=2).answer("Je disais donc.", 10.0)
    assert speakers(plan) == ["morel"]
    assert plan.beats[0].kind is BeatKind.OPENING
    assert "lance ce moment" in plan.beats[0].cue


def test_who_has_said_least_answers_otherwise() -> None:
    words = (("morel", 40), ("roche", 12), ("kerbrat", 1), ("castan", 30))
    plan = manager_at(debate(), words=words).answer("Je continue.", 10.0)
    assert speakers(plan) == ["kerbrat"]
    assert plan.decision.rung is Rung.SCORE
    assert plan.decision.reason == "has said the fewest words"


def test_among_equals_the_one_silent_for_longest_answers() -> None:
    words = tuple((one, 10) for one in ("morel", "roche", "kerbrat", "castan"))
    scene = {"words": words, "speakers": ("castan", "roche", "kerbrat", "morel")}
    assert speakers(manager_at(debate(), **scene).answer("Je continue.", 10.0)) == ["castan"]


def test_a_decision_by_score_tells_all_candidates_and_terms() -> None:
    decision = select(situation())
    assert {one.persona for one in decision.scores} == set(decision.candidates)
    assert decision.scores[0].persona == decision.chosen[0]
    assert list(decision.scores) == sorted(decision.scores, key=lambda one: -one.total)


def test_equals_are_named_and_the_first_of_them_stands_until_a_model_chose() -> None:
    decision = select(situation())
    assert decision.rung is Rung.SCORE
    assert decision.tied == ("morel", "roche", "kerbrat", "castan")
    assert decision.chosen == ("morel",)
    assert decision.reason.startswith("is level with others")


def test_nobody_is_tied_where_one_is_clearly_ahead() -> None:
    assert select(situation("Le transport routier.")).tied == ()


def test_a_choice_between_equals_decides() -> None:
    decision = select(situation(), choice="castan")
    assert (decision.rung, decision.chosen) == (Rung.MODEL, ("castan",))
    assert (decision.tied, decision.ignored) == ((), False)
    assert decision.scores == select(situation()).scores


@pytest.mark.parametrize("choice", ["", "learner", "Émile Castan", "castan ", "roche, castan"])
def test_p5_a_choice_outside_the_roster_is_ignored(choice: str) -> None:
    decision = select(situation(), choice=choice)
    assert (decision.rung, decision.chosen) == (Rung.SCORE, ("morel",))
    assert decision.ignored


def test_p3_a_choice_of_one_who_is_not_level_with_the_best_is_ignored() -> None:
    clear = situation("Le transport routier.")
    decision = select(clear, choice="roche")
    assert (decision.chosen, decision.ignored) == (("kerbrat",), True)


def test_p3_a_choice_never_takes_the_floor_from_one_who_was_addressed() -> None:
    asked = replace(situation("Castan, et vous ?"), address=Address(ids=("castan",)))
    decision = select(asked, choice="roche")
    assert (decision.rung, decision.chosen) == (Rung.ADDRESSED, ("castan",))


def test_m4_equals_never_answer_at_once() -> None:
    plan = manager_at(debate()).answer("Je continue.", 10.0, choice="roche")
    assert [beat.persona for beat in plan.beats if beat.kind is BeatKind.ANSWER] == ["roche"]


def test_a_late_guest_is_no_candidate_before_arriving() -> None:
    late = debate(
        events=[{"id": "arrivee", "when": {"after_s": 60}, "by": "castan", "do": "arrive"}]
    )
    away = replace(situation(scenario=late), address=Address(ids=("castan",)))
    assert "castan" not in select(away).candidates
    assert select(away).chosen == ("morel",)
    there = replace(away, scene=replace(away.scene, arrived=(("castan", 1),)))
    assert select(there).chosen == ("castan",)


def test_all_who_are_asked_answer_up_to_three() -> None:
    words = (("morel", 40), ("roche", 12), ("kerbrat", 9), ("castan", 30))
    plan = manager_at(debate(), words=words).answer("Vous tous, qu'en pensez-vous ?", 10.0)
    assert speakers(plan) == ["kerbrat", "roche", "castan"]


@pytest.mark.parametrize("words", ["Roche, mon secret est xylophone.", "Le xylophone routier."])
def test_a_decision_holds_nothing_that_was_said(words: str) -> None:
    plan = manager_at(debate()).answer(words, 10.0)
    assert "xylophone" not in repr(plan)


def test_a_rung_can_be_put_into_the_ladder() -> None:
    def castan_always(at: Situation) -> Decision | None:
        return Decision(rung=Rung.MODEL, chosen=("castan",), reason="was asked for")

    start = Scene(seed=1, phase="ouverture", begun=True, opened=True, phase_turns=1)
    ladder = (LADDER[0], castan_always, *LADDER[1:])
    manager = MultiAgentManager(debate(), rng=Random(0), scene=start, ladder=ladder)
    assert speakers(manager.answer("Je continue.", 10.0)) == ["castan"]
    assert speakers(manager.answer("Roche, votre avis ?", 10.0)) == ["roche"]


def test_the_talkative_follow_up_now_and_then() -> None:
    talkative = debate(cast=cast_with("castan", temper={"talkativeness": 1.0}))
    plans = [
        manager_at(talkative, turns=turns, words=(("morel", 0), ("castan", 99))).answer("Oui.", 1.0)
        for turns in range(1, 60)
    ]
    followed = [plan for plan in plans if len(plan.beats) == 2]
    assert 10 < len(followed) < 40
    assert {beat.kind for plan in followed for beat in plan.beats[1:]} == {BeatKind.FOLLOW_UP}
    assert all(len(plan.beats) <= 2 for plan in plans)


@pytest.mark.parametrize("words", ["Je continue.", "Roche, votre avis ?", "Claire et Sonia ?"])
def test_a_speculative_answer_and_the_real_one_agree(words: str) -> None:
    manager = manager_at(debate(cast=cast_with("castan", temper={"talkativeness": 1.0})))
    before = manager.scene
    speculative = [manager.answer(words, 10.0 + late) for late in (0.0, 0.2, 0.4)]
    assert manager.scene == before
    assert manager.memory == ()
    assert speculative[0] == speculative[1] == speculative[2]
