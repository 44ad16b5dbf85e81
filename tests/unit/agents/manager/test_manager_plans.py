"""Plans of beats: how many speak, how long each, and what moves with a turn."""

import json
from random import Random

from agents.manager.beats import BeatKind, Rung
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER, Said
from agents.manager.phrases import phrases_for
from agents.manager.ports import Shift
from agents.manager.scene import Scene
from tests.fakes.managers import LONG_PHASE, hear, manager_at, plans, speakers, talkative
from tests.fakes.scenes import debate

ALL = ("morel", "roche", "kerbrat", "castan")


def test_one_answers_a_turn_that_speaks_to_nobody() -> None:
    assert {len(plan.beats) for plan in plans(talkative())} == {1}


def test_m4_equals_do_not_both_speak_one_has_the_floor() -> None:
    one = manager_at(talkative())
    plan = one.answer("Je continue.", 10.0)
    assert len(plan.decision.tied) > 1
    assert len(plan.beats) == 1
    assert plan.beats[0].persona in plan.decision.tied


def test_who_was_asked_answers_first_and_nobody_in_their_place() -> None:
    several = plans(talkative("castan", "roche"), "Madame Kerbrat, votre avis ?")
    assert {plan.beats[0].persona for plan in several} == {"kerbrat"}
    assert {beat.kind for plan in several for beat in plan.beats[1:]} == {BeatKind.FOLLOW_UP}


def test_several_who_are_asked_answer_in_that_order_and_shorter_than_alone() -> None:
    one = manager_at(talkative(*ALL))
    both = one.answer("Sonia et Claire, qu'en pensez-vous ?", 10.0)
    alone = one.answer("Sonia, qu'en pensez-vous ?", 10.0)
    assert speakers(both)[:2] == ["kerbrat", "morel"]
    assert both.beats[0].max_words < alone.beats[0].max_words


def test_the_talkative_get_more_words_than_the_terse() -> None:
    one = manager_at(talkative("castan"))
    long = one.answer("Monsieur Castan, un mot ?", 10.0).beats[0].max_words
    short = one.answer("Monsieur Roche, un mot ?", 10.0).beats[0].max_words
    assert short < long


def test_a_lead_that_is_addressed_as_the_scene_ends_says_both_in_one_line() -> None:
    one = manager_at(debate(limits={"turns": 2}))
    plan = one.answer("Madame Morel, un mot ?", 10.0)
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("morel", BeatKind.CLOSING)]
    assert "s'adresser à toi" in plan.beats[0].cue
    assert "prends congé" in plan.beats[0].cue


def test_a_lead_that_was_asked_something_does_not_open_the_next_phase_in_the_same_breath() -> None:
    one = manager_at(debate(), phase_turns=3)
    plan = one.answer("Monsieur Roche, un mot ?", 10.0)
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("roche", BeatKind.ANSWER)]
    hear(one, plan, "Monsieur Roche, un mot ?")
    assert one.phase.id == "conclusion"
    opening = one.answer("Voilà.", 20.0).beats[0]
    assert (opening.persona, opening.kind) == ("roche", BeatKind.OPENING)


def test_a_silence_prompt_that_all_heard_is_not_said_again() -> None:
    one, said = manager_at(talkative(limits={"turns": 200})), []
    for turn in range(7):
        plan = one.tick(100.0 * turn + 70, quiet_s=61.0, busy=False)
        assert plan is not None
        hear(one, plan)
        said.append(plan.beats[0].say)
        hear(one, one.answer("Oui.", 100.0 * turn + 80), "Oui.")
    fixed = [line for line in said if line is not None]
    assert len(fixed) == len(set(fixed)) == 4


def test_an_event_whose_line_was_heard_before_is_told_in_other_words() -> None:
    line = {"by": "roche", "do": "say", "say": "Le rail recule."}
    events = [
        {"id": "un", "when": {"turns": 2}} | line,
        {"id": "deux", "when": {"turns": 3}} | line,
    ]
    one = manager_at(talkative(events=events))
    hear(one, one.answer("Je continue.", 10.0), "Je continue.")
    again = one.answer("Je continue.", 20.0).beats[0]
    assert (again.event, again.say) == ("deux", None)
    assert again.cue


def test_moods_move_with_the_learner_s_turns_and_with_cut_lines() -> None:
    one = manager_at(talkative())
    plan = one.answer("Vous mentez, Monsieur Roche !", 10.0)
    one.commit(plan, words="Vous mentez, Monsieur Roche !", now_s=10.0)
    insulted = one.scene.mood_of("roche")
    assert insulted is not None
    one.performed(plan.beats[0], "Je ne", True, 11.0)
    cut = one.scene.mood_of("roche")
    assert cut is not None
    assert cut.trust < insulted.trust


def test_looking_ahead_moves_no_mood() -> None:
    one = manager_at(talkative())
    one.answer("Vous mentez, Monsieur Roche !", 10.0)
    one.question("Vous mentez !")
    one.cut_in("Vous mentez !", 10.0, speaking_s=500.0)
    assert (one.scene.moods, one.scene.points) == ((), 0)


def test_a_judgement_moves_moods_and_leaves_plans_current() -> None:
    one = manager_at(talkative())
    plan = one.answer("Je continue.", 10.0)
    one.judged({"roche": Shift(trust=-0.1)}, 11.0)
    before = one.scene.mood_of("roche")
    one.judged({"roche": Shift(trust=-0.1), "nobody": Shift(trust=1.0)}, 12.0)
    after = one.scene.mood_of("roche")
    assert before is not None
    assert after is not None
    assert after.trust < before.trust
    assert {mood.persona for mood in one.scene.moods} == set(ALL)
    assert one.is_current(plan)


def test_p5_a_choice_outside_the_tied_is_ignored() -> None:
    one = manager_at(talkative())
    question = one.question("Je continue.")
    assert question is not None
    plain = one.answer("Je continue.", 10.0)
    for choice in ("nobody", "learner", "", "roche; castan", "Antoine Roche"):
        plan = one.answer("Je continue.", 10.0, choice=choice)
        assert plan.decision.ignored
        assert plan.beats == plain.beats
    for choice in question.candidates:
        plan = one.answer("Je continue.", 10.0, choice=choice)
        assert plan.decision.rung is Rung.MODEL
        assert speakers(plan)[0] == choice


def test_a_model_is_asked_only_where_scores_tie_and_it_matters() -> None:
    one = manager_at(talkative())
    asked = one.question("Je continue.")
    assert asked is not None
    assert set(asked.candidates) == set(one.answer("Je continue.", 10.0).decision.tied)
    assert asked.heard[-1] == Said(
        speaker=LEARNER, name="", text="Je continue.", turn_id="u0001", phase="ouverture"
    )
    assert one.question("Monsieur Roche, un mot ?") is None
    assert one.question(" … ") is None
    assert manager_at(talkative(), ended="turns").question("Je continue.") is None
    assert manager_at(debate(), phase_turns=3).question("Je continue.") is None
    told = {"id": "rail", "when": {"heard": "rail"}, "by": "roche", "do": "say", "say": "Ah."}
    assert manager_at(talkative(events=[told])).question("Le rail.") is None


def test_a_model_reads_what_all_between_whom_it_chooses_have_heard() -> None:
    private = {"id": "coulisses", "goal": "g", "speakers": ["roche"], "present": ["roche"]}
    one = manager_at(talkative(phases=[*LONG_PHASE, private]))
    asides = (("ouverture", "Bonsoir."), ("coulisses", "Entre nous."))
    memory = tuple(
        Said(speaker="roche", name="Roche", text=text, turn_id=f"a{at:04d}-1", phase=phase)
        for at, (phase, text) in enumerate(asides, 1)
    )
    one = MultiAgentManager.restore(one.scenario, one.scene, memory, Random(0))
    asked = one.question("Je continue.")
    assert asked is not None
    assert len(asked.candidates) > 1
    assert [said.text for said in asked.heard] == ["Bonsoir.", "Je continue."]


def test_the_same_state_gives_the_same_plan_to_the_byte() -> None:
    for turns in range(20):
        one = manager_at(talkative(*ALL), turns=turns + 1, interrupted="roche")
        stored = Scene.from_json(json.loads(json.dumps(one.scene.to_json())))
        two = MultiAgentManager(talkative(*ALL), rng=Random(99), scene=stored)
        assert repr(one.answer("Je continue.", 10.0)) == repr(two.answer("Je continue.", 10.0))
        assert one.cut_in("Et.", 9.0, speaking_s=99.0) == two.cut_in("Et.", 9.0, speaking_s=99.0)
        assert one.returned(9.0, away_s=5.0) == two.returned(9.0, away_s=5.0)


def test_a_prompt_that_a_turn_brings_is_an_answer_to_it() -> None:
    event = {"id": "relance", "when": {"turns": 2}, "by": "roche", "do": "prompt"}
    beat = manager_at(talkative(events=[event])).answer("Monsieur Roche ?", 10.0).beats[0]
    assert (beat.persona, beat.kind, beat.event) == ("roche", BeatKind.EVENT, "relance")
    assert beat.cue != phrases_for("fr").cue("invite")
