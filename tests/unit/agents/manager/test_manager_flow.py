"""A scene from its opening to its closing: phases, limits, silence, cuts and restarts."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER, Said
from agents.manager.scene import Scene
from scenarios.schema import Scenario
from tests.fakes.scenes import DEBATE, debate

WORDS = "Je vous réponds."


def manager(scenario: Scenario | None = None) -> MultiAgentManager:
    return MultiAgentManager(scenario or debate(), rng=Random(3))


def play(one: MultiAgentManager, plan: Plan, now_s: float, words: str | None = None) -> Plan:
    """Commits the plan and lets every beat be heard."""
    one.commit(plan, words=words, now_s=now_s)
    for beat in plan.beats:
        one.performed(beat, beat.say or f"Words of {beat.persona}.", False, now_s)
    return plan


def say(one: MultiAgentManager, now_s: float, words: str = WORDS) -> Plan:
    return play(one, one.answer(words, now_s), now_s, words)


def begun(scenario: Scenario | None = None) -> MultiAgentManager:
    one = manager(scenario)
    play(one, one.begin(0.0), 0.0)
    return one


def kinds(plan: Plan) -> list[tuple[str, str]]:
    return [(beat.persona, beat.kind.value) for beat in plan.beats]


def phases_with(**changes: Any) -> list[dict[str, Any]]:
    """The debate's phases, fields of the first one replaced."""
    return [DEBATE["phases"][0] | changes, DEBATE["phases"][1]]


def test_a_parallel_opening_is_one_line_of_each_speaker_the_lead_first() -> None:
    plan = manager(debate(phases=phases_with(lead="kerbrat"))).begin(0.0)
    assert [persona for persona, _ in kinds(plan)] == ["kerbrat", "morel", "roche", "castan"]
    assert {beat.kind for beat in plan.beats} == {BeatKind.OPENING}


def test_an_opening_by_the_lead_is_one_line() -> None:
    plan = manager(debate(phases=phases_with(opening="lead"))).begin(0.0)
    assert kinds(plan) == [("morel", "opening")]


def test_looking_ahead_changes_nothing() -> None:
    one = begun()
    before = one.scene, one.memory
    one.begin(5.0)
    one.answer("Roche, un mot ?", 5.0)
    one.tick(500.0, quiet_s=400.0, busy=False)
    one.skip(5.0)
    one.end("ended", 5.0)
    assert (one.scene, one.memory) == before


def test_what_a_plan_would_make_of_the_scene_is_what_committing_makes_of_it() -> None:
    one = begun()
    plan = one.answer(WORDS, 9.0)
    ahead = one.after(plan, words=WORDS, now_s=9.0)
    assert ahead.memory[-1].text == WORDS
    one.commit(plan, words=WORDS, now_s=9.0)
    assert (one.scene, one.memory) == (ahead.scene, ahead.memory)


def test_committing_counts_the_turn_and_remembers_the_words() -> None:
    one = begun()
    said = one.commit(one.answer(WORDS, 9.0), words=WORDS, now_s=9.0, who="Sam", turn_id="t1")
    assert said == Said(
        speaker=LEARNER, name="Sam", text=WORDS, turn_id="t1", phase="ouverture", cut=False
    )
    assert (one.turns, one.scene.phase_turns) == (1, 1)


@pytest.mark.parametrize("words", ["", "   ", "…", "?!"])
def test_no_words_are_no_turn(words: str) -> None:
    one = begun()
    plan = one.answer(words, 9.0)
    one.commit(plan, words=words, now_s=9.0)
    assert plan.beats == ()
    assert one.turns == 0


def test_after_its_turns_the_phase_gives_way_to_the_next_one() -> None:
    one = begun()
    for now_s in (10.0, 20.0, 30.0):
        assert one.phase.id == "ouverture"
        say(one, now_s)
    plan = say(one, 40.0)
    assert kinds(plan) == [("roche", "opening")]
    assert plan.beats[0].phase == "conclusion"
    assert one.phase.id == "conclusion"
    assert one.scene.phase_turns == 0


def test_one_addressed_answers_before_the_scene_moves_on() -> None:
    one = begun()
    for now_s in (10.0, 20.0, 30.0):
        say(one, now_s)
    plan = say(one, 40.0, "Madame Kerbrat, je vous le promets.")
    assert kinds(plan) == [("kerbrat", "answer"), ("roche", "opening")]
    assert [beat.phase for beat in plan.beats] == ["ouverture", "conclusion"]


def test_after_its_time_a_phase_gives_way_in_a_pause() -> None:
    one = begun()
    say(one, 20.0)
    assert one.tick(119.0, quiet_s=9.0, busy=False) is None
    assert one.tick(121.0, quiet_s=0.5, busy=False) is None
    assert one.tick(121.0, quiet_s=9.0, busy=True) is None
    plan = one.tick(121.0, quiet_s=9.0, busy=False)
    assert plan is not None
    assert kinds(plan) == [("roche", "opening")]
    play(one, plan, 121.0)
    assert one.phase.id == "conclusion"


def test_a_phase_below_its_least_turns_gets_half_as_long_again() -> None:
    one = begun()
    assert one.tick(150.0, quiet_s=9.0, busy=False) is None
    assert one.tick(180.0, quiet_s=9.0, busy=False) is not None


def test_a_plan_from_before_a_change_of_phase_does_not_undo_it() -> None:
    one = begun()
    stale = one.skip(10.0)
    play(one, one.skip(10.0), 10.0)
    assert not one.is_current(stale)
    one.commit(stale, words=None, now_s=11.0)
    assert one.phase.id == "conclusion"
    assert one.scene.phase_started_s == 10.0


def test_skipping_the_last_phase_closes_the_scene() -> None:
    one = begun()
    play(one, one.skip(10.0), 10.0)
    plan = one.skip(20.0)
    assert kinds(plan) == [("roche", "closing")]
    assert (plan.ends, plan.end_reason) == (True, "completed")


def test_s8_after_its_turns_the_scene_ends_with_a_spoken_closing() -> None:
    one = begun(debate(limits={"turns": 2}))
    say(one, 10.0)
    plan = say(one, 20.0)
    assert kinds(plan) == [("morel", "closing")]
    assert (plan.ends, plan.end_reason) == (True, "turns")
    assert one.scene.ended == "turns"


def test_s8_after_its_duration_the_scene_ends_with_a_spoken_closing() -> None:
    one = begun(debate(limits={"duration_s": 60}))
    assert one.tick(59.0, quiet_s=2.0, busy=False) is None
    assert one.tick(61.0, quiet_s=0.0, busy=True) is None
    assert one.tick(61.0, quiet_s=0.3, busy=False) is None
    for plan in (one.tick(62.0, quiet_s=1.5, busy=False), one.tick(91.0, quiet_s=0.0, busy=True)):
        assert plan is not None
        assert kinds(plan) == [("morel", "closing")]
        assert plan.end_reason == "duration"


def test_words_said_as_time_runs_out_are_answered_before_the_closing() -> None:
    one = begun(debate(limits={"duration_s": 60}))
    plan = one.answer("Monsieur Castan, un chiffre ?", 60.0)
    assert kinds(plan) == [("castan", "answer"), ("morel", "closing")]
    assert plan.end_reason == "duration"


def test_an_ended_scene_stays_silent() -> None:
    one = begun()
    play(one, one.end("ended", 10.0), 10.0)
    assert one.answer(WORDS, 11.0).beats == ()
    assert one.answer(WORDS, 11.0).ends
    assert one.skip(11.0).beats == ()
    assert one.end("again", 11.0).end_reason == "ended"
    assert one.tick(999.0, quiet_s=500.0, busy=False) is None


def test_s9_silence_brings_one_authored_prompt_and_then_a_polite_end() -> None:
    one = begun(debate(phases=phases_with(time_limit_s=None)))
    assert one.tick(59.0, quiet_s=59.0, busy=False) is None
    plan = one.tick(60.0, quiet_s=60.0, busy=False)
    assert plan is not None
    assert kinds(plan) == [("morel", "prompt")]
    assert plan.beats[0].say
    play(one, plan, 60.0)
    assert one.tick(100.0, quiet_s=36.0, busy=False) is None
    end = one.tick(120.0, quiet_s=56.0, busy=False)
    assert end is not None
    assert (kinds(end), end.end_reason) == ([("morel", "closing")], "silence")
    assert end.beats[0].say == "morel closes."


def test_a_word_of_the_learner_ends_the_silence() -> None:
    one = begun(debate(phases=phases_with(time_limit_s=None)))
    first = one.tick(60.0, quiet_s=60.0, busy=False)
    assert first is not None
    play(one, first, 60.0)
    say(one, 70.0)
    assert one.tick(125.0, quiet_s=50.0, busy=False) is None
    second = one.tick(135.0, quiet_s=60.0, busy=False)
    assert second is not None
    assert second.beats[0].say != first.beats[0].say


def test_m3_memory_keeps_what_was_heard_and_nothing_of_what_was_not() -> None:
    one = begun()
    plan = one.answer("Claire et Antoine, un mot ?", 9.0)
    one.commit(plan, words="Claire et Antoine, un mot ?", now_s=9.0)
    one.performed(plan.beats[0], "Les chiffres de", True, 10.0)
    one.performed(plan.beats[1], "", True, 10.0)
    assert [(said.speaker, said.text, said.cut) for said in one.memory[-2:]] == [
        (LEARNER, "Claire et Antoine, un mot ?", False),
        ("morel", "Les chiffres de", True),
    ]
    assert one.scene.words_of("roche") == 3


def test_m2_a_monologue_is_one_turn_with_one_answer() -> None:
    one = begun()
    plan = say(one, 600.0, "Nous avons un budget. " * 2000)
    assert one.turns == 1
    assert len([beat for beat in plan.beats if beat.kind is not BeatKind.OPENING]) <= 1


def test_s2_a_restored_scene_goes_on_with_a_recap_and_says_nothing_twice() -> None:
    one = begun()
    say(one, 10.0)
    scene = Scene.from_json(one.scene.to_json())
    again = MultiAgentManager.restore(debate(), scene, one.memory, Random(9))
    plan = again.begin(20.0)
    assert kinds(plan) == [("morel", "recap")]
    assert not {beat.id for beat in plan.beats} & {said.turn_id for said in one.memory}
    assert again.scene == one.scene


def test_s2_the_words_that_a_dead_job_left_unanswered_are_answered() -> None:
    one = begun()
    one.commit(one.answer("Monsieur Castan ?", 9.0), words="Monsieur Castan ?", now_s=9.0)
    again = MultiAgentManager.restore(debate(), one.scene, one.memory, Random(9))
    assert kinds(again.begin(12.0)) == [("morel", "recap"), ("castan", "answer")]


def test_s2_an_opening_that_was_cut_short_is_finished_by_those_not_heard() -> None:
    one = manager()
    plan = one.begin(0.0)
    one.commit(plan, words=None, now_s=0.0)
    one.performed(plan.beats[0], "Bonsoir.", False, 2.0)
    again = MultiAgentManager.restore(debate(), one.scene, one.memory, Random(9))
    assert [persona for persona, _ in kinds(again.begin(3.0))] == ["roche", "kerbrat", "castan"]


def test_s2_turn_ids_after_a_restart_are_new_even_if_the_stored_scene_is_old() -> None:
    one = begun()
    old = one.scene
    say(one, 10.0)
    again = MultiAgentManager.restore(debate(), old, one.memory, Random(9))
    ids = {beat.id for beat in again.answer(WORDS, 20.0).beats}
    assert not ids & {said.turn_id for said in one.memory}
