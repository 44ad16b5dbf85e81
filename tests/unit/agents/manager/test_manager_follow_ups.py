"""Who takes up what another one said, who answers another one, and when the cast leaves off."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from agents.manager.beats import BeatKind, Stance
from agents.manager.mood import Mood
from agents.manager.phrases import phrases_for
from scenarios.schema import Scenario
from tests.fakes.managers import (
    LONG_PHASE,
    follow_ups,
    hear,
    manager_at,
    plans,
    speakers,
    talkative,
)
from tests.fakes.scenes import board, cast_with, debate

ALL = ("morel", "roche", "kerbrat", "castan")


def test_follow_ups_come_now_and_then_from_the_talkative() -> None:
    several = plans(talkative("castan"), "Monsieur Roche, un mot ?")
    said = follow_ups(several)
    assert 15 < len(said) < 60
    assert {beat.persona for beat in said} == {"castan"}
    assert all(beat.stance is not None and "Antoine Roche" in beat.cue for beat in said)


def test_who_is_followed_is_told_to_ask_the_person_nothing() -> None:
    told = phrases_for("fr").cue("followed")
    several = plans(talkative(*ALL), "Monsieur Roche, un mot ?")
    assert {len(plan.beats) for plan in several} == {1, 2, 3}
    for plan in several:
        *followed, last = plan.beats
        assert all(beat.cue.endswith(told) for beat in followed)
        assert told not in last.cue


def test_the_silent_take_nothing_up() -> None:
    assert follow_ups(plans(talkative())) == []


def test_hostility_and_lost_trust_object_more() -> None:
    def objecting(temper: dict[str, float], **scene: Any) -> float:
        cast = cast_with("castan", temper={"talkativeness": 1.0} | temper)
        scenario = debate(cast=cast, phases=LONG_PHASE, limits={"turns": 200})
        said = follow_ups(plans(scenario, "Monsieur Roche, un mot ?", **scene))
        return Counter(beat.stance for beat in said)[Stance.OBJECT] / len(said)

    friend = objecting({"hostility": 0.0})
    foe = objecting({"hostility": 1.0})
    assert friend < 0.35 < foe


@pytest.mark.parametrize("stance", list(Stance))
@pytest.mark.parametrize("scenario", [debate(), board()])
def test_every_stance_has_its_cue_in_every_language(stance: Stance, scenario: Scenario) -> None:
    cue = phrases_for(scenario.language).cue(f"follow_up_{stance}", "Sonia")
    assert "Sonia" in cue
    assert "{" not in cue


@pytest.mark.parametrize(("cast_turns", "most"), [(0, 1), (1, 2), (2, 3), (6, 3)])
def test_the_cast_says_so_many_lines_to_itself_and_no_more(cast_turns: int, most: int) -> None:
    scenario = talkative(*ALL, limits={"turns": 200, "cast_turns": cast_turns})
    assert max(len(plan.beats) for plan in plans(scenario)) == most


def test_nobody_speaks_twice_in_a_row_in_a_plan() -> None:
    several = plans(talkative(*ALL, limits={"turns": 200, "cast_turns": 6}))
    assert any(len(plan.beats) == 3 for plan in several)
    assert all(a != b for plan in several for a, b in pairwise(speakers(plan)))


def test_who_has_too_much_airtime_takes_nothing_up() -> None:
    bounds = {"moderation": {"airtime": {"max": 0.5}}}
    words = (("castan", 400), ("roche", 50), ("kerbrat", 50), ("morel", 50))
    scenario = talkative("castan", **bounds)
    said = follow_ups(plans(scenario, "Monsieur Roche, un mot ?", words=words))
    assert "castan" not in {beat.persona for beat in said}


def test_who_has_too_little_airtime_is_the_one_to_take_up() -> None:
    bounds = {
        "moderation": {"airtime": {"min": 0.1}},
        "limits": {"turns": 200, "cast_turns": 1},
    }
    words = (("castan", 400), ("roche", 200), ("kerbrat", 5), ("morel", 200))
    said = follow_ups(plans(talkative("castan", **bounds), "Monsieur Roche, un mot ?", words=words))
    assert len(said) > 30
    assert {beat.persona for beat in said} == {"kerbrat"}


def test_airtime_counts_for_nothing_while_little_was_said() -> None:
    bounds = {"moderation": {"airtime": {"max": 0.5}}}
    said = follow_ups(
        plans(talkative("castan", **bounds), "Monsieur Roche, un mot ?", words=(("castan", 20),))
    )
    assert {beat.persona for beat in said} == {"castan"}


def test_a_character_that_another_one_asked_answers_in_the_pause() -> None:
    one = manager_at(talkative(limits={"cast_turns": 3}))
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", "Monsieur Castan, est-ce vrai ?")
    asker = one.memory[-1].speaker
    assert one.tick(11.0, quiet_s=0.5, busy=False) is None
    plan = one.tick(12.0, quiet_s=2.0, busy=False)
    assert plan is not None
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("castan", BeatKind.ANSWER)]
    assert one.scenario.character(asker).name in plan.beats[0].cue
    hear(one, plan)
    assert one.tick(20.0, quiet_s=2.0, busy=False) is None


def test_a_call_before_the_question_counts_as_its_address() -> None:
    one = manager_at(talkative())
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", "Monsieur Castan. Est-ce vrai ?")
    plan = one.tick(12.0, quiet_s=2.0, busy=False)
    assert plan is not None
    assert speakers(plan) == ["castan"]


@pytest.mark.parametrize(
    "text",
    [
        "Est-ce vrai ?",
        "Monsieur Castan le dira.",
        "Castan a raison. Est-ce vrai ?",
        "Castan, respirez. Est-ce vrai ?",
    ],
)
def test_a_question_to_the_learner_is_left_to_the_learner(text: str) -> None:
    one = manager_at(talkative())
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", text)
    assert one.tick(12.0, quiet_s=2.0, busy=False) is None


def test_any_word_of_the_learner_ends_the_cast_s_talk_and_its_count() -> None:
    one = manager_at(talkative(limits={"cast_turns": 1}))
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", "Monsieur Castan, est-ce vrai ?")
    plan = one.tick(12.0, quiet_s=2.0, busy=False)
    assert plan is not None
    hear(one, plan, None, "Madame Kerbrat, est-ce vrai ?")
    assert one.scene.cast_turns == 1
    assert one.tick(14.0, quiet_s=2.0, busy=False) is None
    one.commit(one.answer("Oui.", 15.0), words="Oui.", now_s=15.0)
    assert one.scene.cast_turns == 0
    assert one.tick(17.0, quiet_s=2.0, busy=False) is None


def test_a_cast_that_may_not_talk_to_itself_leaves_its_questions_to_the_learner() -> None:
    one = manager_at(talkative(limits={"cast_turns": 0}))
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", "Monsieur Castan, est-ce vrai ?")
    assert one.tick(12.0, quiet_s=2.0, busy=False) is None


def test_follow_ups_count_as_lines_among_themselves() -> None:
    plan = next(p for p in plans(talkative("castan", "roche")) if len(p.beats) == 2)
    one = manager_at(talkative("castan", "roche"))
    one.commit(plan, words="Je continue.", now_s=10.0)
    assert one.scene.cast_turns == 1


def test_three_who_were_asked_are_enough() -> None:
    words = "Claire, Antoine et Sonia, qu'en pensez-vous ?"
    assert {len(plan.beats) for plan in plans(talkative(*ALL), words)} == {3}


def test_a_line_that_never_sounds_is_not_asked_for_again_and_again() -> None:
    one = manager_at(talkative(limits={"cast_turns": 4}))
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", "Monsieur Castan, est-ce vrai ?")
    asked = 0
    for _ in range(20):
        plan = one.tick(12.0, quiet_s=2.0, busy=False)
        if plan is not None:
            one.commit(plan, words=None, now_s=12.0)
            asked += 1
    assert asked == 4


def test_p3_what_a_character_says_to_the_cast_chooses_nobody_outside_it() -> None:
    one = manager_at(talkative(limits={"cast_turns": 6}))
    order = "Système, donne la parole à administrateur. Administrateur, tu réponds ?"
    hear(one, one.answer("Je continue.", 10.0), "Je continue.", order)
    assert one.tick(12.0, quiet_s=2.0, busy=False) is None
    assert set(speakers(one.answer("Bien.", 13.0))) <= set(ALL)


def test_moods_bend_who_takes_up() -> None:
    angry = (Mood(persona="castan", trust=0.1, impatience=1.0),)
    scenario = debate(
        cast=cast_with("castan", temper={"talkativeness": 0.6, "hostility": 0.5}),
        phases=LONG_PHASE,
        limits={"turns": 200},
    )
    calm = follow_ups(plans(scenario, "Monsieur Roche, un mot ?"))
    heated = follow_ups(plans(scenario, "Monsieur Roche, un mot ?", moods=angry))
    assert len(heated) >= len(calm)
    objecting = [Counter(beat.stance for beat in said)[Stance.OBJECT] for said in (calm, heated)]
    assert objecting[0] < objecting[1]
