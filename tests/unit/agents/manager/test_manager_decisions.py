"""What a decision tells: who might have spoken, and what was weighed."""

import pytest

from agents.manager.beats import Decision, Plan, Rung
from agents.manager.cutting import MONOLOGUE_S
from agents.manager.manager import MultiAgentManager
from agents.manager.plans import Composer
from agents.manager.replies import TAKEN_BACK, taken_back
from agents.manager.temperament import cuts_in_after_s
from scenarios.schema import Airtime, Moderation, Scenario, Temper
from tests.fakes.managers import manager_at
from tests.fakes.scenes import cast_with, debate
from tests.fakes.situations import scene_of, situation
from tests.fakes.takes import Improvised

CAST = ("morel", "roche", "kerbrat", "castan")
RAMBLE = "Nous avons un budget et puis un calendrier et puis encore un budget"
PATIENT = {"patience": 1.0, "interruption": 0.0, "talkativeness": 0.0}
EAGER = {"patience": 0.0, "interruption": 1.0, "talkativeness": 0.0}
PUSHY = EAGER | {"talkativeness": 1.0, "hostility": 1.0}


def impatient_castan() -> Scenario:
    cast = cast_with("nobody")
    return debate(
        cast=[one | {"temper": EAGER if one["id"] == "castan" else PATIENT} for one in cast]
    )


def cut_in(one: MultiAgentManager, speaking_s: float) -> Plan:
    plan = one.cut_in(RAMBLE, 40.0, speaking_s=speaking_s)
    assert plan is not None
    return plan


@pytest.mark.parametrize("seed", range(4))
def test_every_decision_names_all_who_might_have_spoken(seed: int) -> None:
    scene = Improvised(debate(), seed)
    take = scene.play(60)
    decisions = [data for kind, data in take.notes if kind == "decision"]
    assert len({data["rung"] for data in decisions}) >= 3
    for data in decisions:
        assert data["candidates"], data["reason"]
        assert set(data["chosen"]) <= set(data["candidates"])
        assert {one["persona"] for one in data["scores"]} <= set(data["candidates"])


def test_a_line_of_the_next_phase_may_be_anybody_s_of_either_phase() -> None:
    phases = [
        {"id": "un", "goal": "ouvrir", "lead": "morel", "speakers": ["morel", "castan"]},
        {"id": "deux", "goal": "finir", "lead": "roche", "speakers": ["roche", "kerbrat"]},
    ]
    decision = manager_at(debate(phases=phases)).skip(30.0).decision
    assert decision.chosen == ("roche",)
    assert decision.candidates == ("morel", "castan", "roche", "kerbrat")


def test_a_cut_in_tells_what_was_left_of_each_one_s_patience_and_of_the_clock() -> None:
    eager_s, patient_s = (cuts_in_after_s(Temper.model_validate(one)) for one in (EAGER, PATIENT))
    decision = cut_in(manager_at(impatient_castan()), 40.0).decision
    terms = {score.persona: dict(score.terms) for score in decision.scores}
    assert decision.scores[0].persona == "castan"
    assert decision.scores[0].total == round(40.0 - eager_s, 4)
    assert terms["castan"] == {"patience_left": round(eager_s - 40.0, 4)}
    left = {"patience_left": round(patient_s - 40.0, 4), "time_left": MONOLOGUE_S - 40.0}
    assert terms["morel"] == left
    assert decision.candidates == CAST


def test_who_may_not_cut_in_again_is_not_weighed() -> None:
    one = manager_at(impatient_castan())
    plan = cut_in(one, 60.0)
    one.commit(plan, words=RAMBLE, now_s=40.0)
    one.performed(plan.beats[0], "Un mot.", False, 45.0)
    later = cut_in(one, MONOLOGUE_S).decision
    assert {score.persona for score in later.scores} == set(CAST) - {"castan"}


def test_an_event_in_place_of_an_answer_keeps_what_was_weighed() -> None:
    event = {"id": "rail", "when": {"heard": "fret"}, "by": "roche", "do": "say", "say": "Non."}
    decision = manager_at(debate(events=[event])).answer("Le fret recule.", 10.0).decision
    assert (decision.rung, decision.chosen, decision.candidates) == (Rung.EVENT, ("roche",), CAST)
    assert {score.persona for score in decision.scores} == set(CAST)


def test_a_model_s_choice_that_a_rule_overrode_is_no_decision_of_the_model() -> None:
    scenario = scene_of(roche={"temper": PUSHY})
    made = Decision(rung=Rung.MODEL, chosen=("castan",), reason="x", candidates=CAST)
    taken = []
    for turns in range(1, 20):
        at = situation(scenario=scenario, interrupted="roche", turns=turns)
        taken.append(taken_back(Composer(at.scenario, at.scene), at, made))
    back = [one for one in taken if one.reason == TAKEN_BACK]
    assert {(one.rung, one.chosen) for one in back} == {(Rung.SCORE, ("roche",))}
    assert {(one.rung, one.chosen) for one in taken if one not in back} == {
        (Rung.MODEL, ("castan",))
    }


def test_who_has_had_all_their_airtime_does_not_take_the_floor_back() -> None:
    def back(most: float) -> int:
        scenario = scene_of(roche={"temper": PUSHY}).model_copy(
            update={"moderation": Moderation(airtime=Airtime(max=most))}
        )
        made = Decision(rung=Rung.SCORE, chosen=("castan",), reason="x", candidates=CAST)
        taken = 0
        for turns in range(1, 20):
            words = {"morel": 50, "roche": 70, "kerbrat": 50, "castan": 50}
            at = situation(scenario=scenario, interrupted="roche", turns=turns, spoken=words)
            decision = taken_back(Composer(at.scenario, at.scene), at, made)
            taken += decision.reason == TAKEN_BACK
        return taken

    assert back(0.4) == 0 < back(0.6)


def test_a_turn_that_ends_the_scene_is_the_closing_s_not_who_would_have_answered() -> None:
    plan = manager_at(debate(limits={"turns": 2})).answer("Je continue.", 10.0)
    assert [beat.persona for beat in plan.beats] == ["morel"]
    assert (plan.decision.rung, plan.decision.chosen) == (Rung.SCENE, ("morel",))
    assert plan.decision.reason == "the scene ends: turns"


def test_after_the_scene_s_end_nobody_could_have_spoken_but_who_closes_it() -> None:
    decision = manager_at(debate(), ended="turns").answer("Attendez.", 10.0).decision
    assert (decision.chosen, decision.candidates) == (("morel",), ("morel",))
