"""Events: by time, silence, words and turns; each once; a release makes a secret sayable."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import Plan, Rung
from agents.manager.manager import MultiAgentManager
from tests.fakes.scenes import DEBATE, cast_with, debate

SECRET = {"id": "rapport", "text": "Six plateformes sur quatorze."}


def begun(*events: dict[str, Any], **changes: Any) -> MultiAgentManager:
    """A debate with these events whose opening was heard."""
    cast = cast_with("morel", secrets=[SECRET])
    one = MultiAgentManager(debate(cast=cast, events=list(events), **changes), rng=Random(3))
    heard(one, one.begin(0.0), 0.0)
    return one


def heard(
    one: MultiAgentManager, plan: Plan | None, now_s: float, words: str | None = None
) -> Plan:
    assert plan is not None
    one.commit(plan, words=words, now_s=now_s)
    for beat in plan.beats:
        one.performed(beat, beat.say or "Un mot.", False, now_s)
    return plan


def event(when: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "fuite", "when": when, "by": "castan", "do": "say", "say": "Tenez."} | more


def test_a_time_event_fires_once_in_a_pause() -> None:
    one = begun(event({"phase": "ouverture", "after_s": 60}))
    assert one.tick(59.0, quiet_s=5.0, busy=False) is None
    assert one.tick(60.0, quiet_s=5.0, busy=True) is None
    plan = heard(one, one.tick(60.0, quiet_s=5.0, busy=False), 60.0)
    assert [(beat.persona, beat.say, beat.event) for beat in plan.beats] == [
        ("castan", "Tenez.", "fuite")
    ]
    assert plan.decision.rung is Rung.EVENT
    assert one.scene.fired == ("fuite",)
    assert one.tick(61.0, quiet_s=5.0, busy=False) is None


def test_a_time_event_that_finds_no_pause_takes_the_place_of_an_answer() -> None:
    one = begun(event({"after_s": 20}))
    assert one.answer("Je parle.", 24.0).beats[0].event is None
    assert one.answer("Je parle.", 31.0).beats[0].event == "fuite"


def test_a_heard_word_fires_its_event_in_place_of_an_unaddressed_answer() -> None:
    one = begun(event({"heard": ["plateforme"]}))
    assert one.answer("Je parle de rail.", 5.0).beats[0].event is None
    plan = one.answer("Et les plateformes ?", 5.0)
    assert [beat.event for beat in plan.beats] == ["fuite"]


def test_one_addressed_answers_before_the_event_tells() -> None:
    one = begun(event({"heard": "plateforme"}))
    plan = one.answer("Monsieur Roche, la plateforme est prête.", 5.0)
    assert [(beat.persona, beat.event) for beat in plan.beats] == [
        ("roche", None),
        ("castan", "fuite"),
    ]


def test_an_event_of_the_one_addressed_is_their_answer() -> None:
    one = begun(event({"heard": "plateforme"}))
    plan = one.answer("Monsieur Castan, la plateforme est prête.", 5.0)
    assert [(beat.persona, beat.event) for beat in plan.beats] == [("castan", "fuite")]


def test_an_event_by_turns_counts_the_present_turn() -> None:
    one = begun(event({"phase": "ouverture", "turns": 2}))
    plan = heard(one, one.answer("Un.", 5.0), 5.0, "Un.")
    assert plan.beats[0].event is None
    assert one.answer("Deux.", 15.0).beats[0].event == "fuite"


def test_a_silence_event_fires_after_its_silence_only() -> None:
    one = begun(event({"silence_s": 15}, do="prompt", say="Vous souhaitez réagir ?"))
    assert one.tick(14.0, quiet_s=14.0, busy=False) is None
    plan = heard(one, one.tick(15.0, quiet_s=15.0, busy=False), 15.0)
    assert plan.beats[0].say == "Vous souhaitez réagir ?"


def test_an_event_does_not_restart_the_silence_that_ends_the_scene() -> None:
    phases = [DEBATE["phases"][0] | {"time_limit_s": None}]
    one = begun(event({"silence_s": 15}, do="prompt"), phases=phases)
    heard(one, one.tick(15.0, quiet_s=15.0, busy=False), 15.0)
    heard(one, one.tick(60.0, quiet_s=41.0, busy=False), 60.0)
    end = one.tick(120.0, quiet_s=56.0, busy=False)
    assert end is not None
    assert end.end_reason == "silence"


def test_an_event_of_another_phase_waits_for_it() -> None:
    one = begun(event({"phase": "conclusion", "after_s": 1}))
    assert one.tick(50.0, quiet_s=5.0, busy=False) is None
    heard(one, one.skip(50.0), 50.0)
    assert one.tick(52.0, quiet_s=5.0, busy=False) is not None


def test_every_condition_that_is_given_must_hold() -> None:
    one = begun(event({"phase": "ouverture", "after_s": 30, "heard": ["rail"]}))
    assert one.answer("Le rail.", 10.0).beats[0].event is None
    assert one.answer("La route.", 40.0).beats[0].event is None
    assert one.tick(40.0, quiet_s=5.0, busy=False) is None
    assert one.answer("Le rail.", 40.0).beats[0].event == "fuite"


@pytest.mark.parametrize("say", ["J'ai le rapport.", None])
def test_a_release_makes_the_secret_sayable(say: str | None) -> None:
    one = begun(event({"after_s": 5}, do="release", secret="morel.rapport", say=say))
    assert not one.scene.released
    plan = heard(one, one.tick(5.0, quiet_s=2.0, busy=False), 5.0)
    assert one.scene.released == ("morel.rapport",)
    assert SECRET["text"] not in repr(plan)


def test_an_event_that_was_cut_off_unheard_is_told_at_the_next_turn_once() -> None:
    one = begun(event({"after_s": 5}))
    plan = one.tick(5.0, quiet_s=2.0, busy=False)
    assert plan is not None
    one.commit(plan, words=None, now_s=5.0)
    one.performed(plan.beats[0], "", True, 5.0)
    again = one.answer("Pardon, je disais.", 8.0)
    assert [beat.event for beat in again.beats] == ["fuite"]
    one.commit(again, words="Pardon, je disais.", now_s=8.0)
    one.performed(again.beats[0], "", True, 9.0)
    assert one.answer("Encore moi.", 12.0).beats[0].event is None
    assert one.scene.fired == ("fuite",)


def test_a_time_event_leaves_the_person_a_turn_after_another_one() -> None:
    one = begun(event({"after_s": 5}), event({"after_s": 6}, id="suite", by="roche"))
    heard(one, one.answer("Je parle.", 20.0), 20.0, "Je parle.")
    plan = heard(one, one.answer("Je parle encore.", 40.0), 40.0, "Je parle encore.")
    assert plan.beats[0].event is None
    assert one.answer("Et toujours.", 50.0).beats[0].event == "suite"


def test_a_guest_arrives_though_an_event_was_just_told() -> None:
    guest = {"id": "entree", "by": "roche", "do": "arrive", "say": "Bonsoir."}
    one = begun(event({"after_s": 5}), guest | {"when": {"after_s": 6}})
    heard(one, one.answer("Je parle.", 20.0), 20.0, "Je parle.")
    assert one.answer("Je parle encore.", 40.0).beats[0].event == "entree"


def test_an_event_waits_longer_while_a_question_is_the_person_s() -> None:
    one = begun(event({"after_s": 60}))
    line = one.answer("Je parle.", 20.0)
    one.commit(line, words="Je parle.", now_s=20.0)
    one.performed(line.beats[0], "Et les prix ?", False, 58.0)
    assert one.tick(61.0, quiet_s=3.0, busy=False) is None
    assert one.tick(63.0, quiet_s=5.0, busy=False) is not None


def test_an_event_that_nobody_could_take_up_is_left_out_of_the_end() -> None:
    one = begun(event({"turns": 1}), limits={"turns": 1})
    assert [beat.event for beat in one.answer("Je parle.", 5.0).beats] == [None]
    called = begun(event({"heard": "rail"}), limits={"turns": 1})
    told = called.answer("Le rail.", 5.0).beats
    assert [beat.event for beat in told] == ["fuite", None]


def test_the_phase_goes_on_for_a_turn_when_an_event_is_told() -> None:
    phases = [DEBATE["phases"][0] | {"turns": {"min": 1, "max": 1}}, *DEBATE["phases"][1:]]
    one = begun(event({"heard": "rail"}), phases=phases)
    plan = heard(one, one.answer("Le rail.", 5.0), 5.0, "Le rail.")
    assert [beat.event for beat in plan.beats] == ["fuite"]
    assert one.scene.phase == "ouverture"
    heard(one, one.answer("La route.", 15.0), 15.0, "La route.")
    assert one.scene.phase != "ouverture"


def test_of_two_due_events_the_author_s_first_comes_first() -> None:
    one = begun(event({"after_s": 5}), event({"after_s": 5}, id="suite", by="roche"))
    first = heard(one, one.tick(9.0, quiet_s=2.0, busy=False), 9.0)
    assert one.tick(15.0, quiet_s=6.0, busy=False) is None
    second = heard(one, one.tick(17.0, quiet_s=8.0, busy=False), 17.0)
    assert (first.beats[0].event, second.beats[0].event) == ("fuite", "suite")
