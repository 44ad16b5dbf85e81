"""Coming back: a person whose phone dropped, and a scene whose job died."""

from random import Random
from typing import Any

import pytest

from agents.manager.beats import BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import LEARNER, Said
from agents.manager.questions import last_question, open_question
from agents.manager.scene import Scene
from tests.fakes.scenes import board, cast_with, debate

LONG = "Que dites-vous " + "et encore " * 12 + "de tout cela ?"


def heard(speaker: str, text: str, nth: int = 1, *, cut: bool = False) -> Said:
    return Said(
        speaker=speaker, name="", text=text, turn_id=f"a{nth:04d}-1", phase="ouverture", cut=cut
    )


def after(*memory: Said, **scene: Any) -> MultiAgentManager:
    """The debate, opened, with those things heard."""
    values = {"begun": True, "opened": True, "turns": 1, "phase_turns": 1} | scene
    start = Scene(seed=7, phase="ouverture", **values)
    return MultiAgentManager.restore(debate(), start, memory, Random(0))


def only(plan: Plan) -> tuple[str, str]:
    """Who says what, where that is one fixed line."""
    assert [beat.kind for beat in plan.beats] == [BeatKind.RECAP]
    assert plan.beats[0].say is not None
    return plan.beats[0].persona, plan.beats[0].say


def test_s4_a_person_who_is_back_hears_whose_question_is_open() -> None:
    one = after(heard(LEARNER, "Oui."), heard("roche", "Le rail recule. Qui va payer ?"))
    who, say = only(one.returned(40.0, away_s=10.0))
    assert who == "morel"
    assert "Antoine Roche" in say
    assert say.endswith("Qui va payer ?")
    assert "Le rail recule" not in say


def test_s4_a_lead_that_asked_speaks_of_itself_as_i() -> None:
    one = after(heard(LEARNER, "Oui."), heard("morel", "Qui va payer ?"))
    who, say = only(one.returned(40.0, away_s=10.0))
    assert who == "morel"
    assert "Morel" not in say
    assert say.endswith("Qui va payer ?")


def test_s4_a_long_question_is_told_of_and_not_said_again() -> None:
    one = after(heard(LEARNER, "Oui."), heard("roche", LONG))
    _, say = only(one.returned(40.0, away_s=10.0))
    assert "Antoine Roche" in say
    assert "tout cela" not in say


def test_s4_without_an_open_question_the_recap_names_nobody() -> None:
    one = after(heard(LEARNER, "Oui."), heard("roche", "Je vous écoute."))
    _, say = only(one.returned(40.0, away_s=10.0))
    assert "Roche" not in say


def test_s4_words_that_nobody_answered_before_the_drop_are_answered() -> None:
    one = after(heard("roche", "Alors ?"), heard(LEARNER, "Monsieur Castan, un mot ?", 2))
    plan = one.returned(40.0, away_s=10.0)
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [
        ("morel", BeatKind.RECAP),
        ("castan", BeatKind.ANSWER),
    ]


def test_s4_a_lead_that_owes_the_answer_says_both_in_one_line() -> None:
    one = after(heard("roche", "Alors ?"), heard(LEARNER, "Madame Morel, un mot ?", 2))
    plan = one.returned(40.0, away_s=10.0)
    assert [(beat.persona, beat.kind) for beat in plan.beats] == [("morel", BeatKind.ANSWER)]
    assert plan.beats[0].lead_in


def test_s4_every_return_is_worded_anew_and_nothing_is_said_twice() -> None:
    one, said = after(heard(LEARNER, "Oui.")), []
    one.commit(one.answer("Encore.", 5.0), words="Encore.", now_s=5.0)
    for turn in range(12):
        perform_answer(one, turn)
        plan = one.returned(40.0 + turn, away_s=10.0)
        one.commit(plan, words=None, now_s=40.0 + turn)
        for beat in plan.beats:
            said.append(str(beat.say))
            one.performed(beat, str(beat.say), False, 40.0 + turn)
    assert len(said) >= 4
    assert len(set(said)) == len(said)


def perform_answer(one: MultiAgentManager, turn: int) -> None:
    plan = one.answer("Je réponds.", 20.0)
    one.commit(plan, words="Je réponds.", now_s=20.0)
    for beat in plan.beats:
        one.performed(beat, f"Point numéro {turn}.", False, 20.0)


def test_s4_a_return_begins_the_person_s_silence_anew() -> None:
    one = after(heard("roche", "Alors ?"), silence_from_s=10.0, prompted=True)
    one.commit(one.returned(100.0, away_s=80.0), words=None, now_s=100.0)
    assert (one.scene.silence_from_s, one.scene.prompted) == (None, False)


def test_nobody_welcomes_a_person_back_to_a_scene_that_is_over_or_has_not_begun() -> None:
    assert after(ended="turns").returned(40.0, away_s=9.0).beats == ()
    assert after(begun=False).returned(40.0, away_s=9.0).beats == ()


def test_a_late_lead_does_not_welcome_anybody_before_it_arrived() -> None:
    event = {"id": "entree", "when": {"after_s": 500}, "by": "morel", "do": "arrive"}
    start = Scene(seed=7, phase="ouverture", begun=True, opened=True, turns=1)
    one = MultiAgentManager(debate(events=[event]), rng=Random(0), scene=start)
    assert only(one.returned(40.0, away_s=9.0))[0] == "roche"


def test_a_recap_speaks_the_scene_s_language() -> None:
    start = Scene(seed=7, phase="questions", begun=True, opened=True, turns=1)
    one = MultiAgentManager(board(), rng=Random(0), scene=start)
    who, say = only(one.returned(40.0, away_s=9.0))
    assert who == "whitfield"
    assert any(word in say for word in ("back", "there you are", "line"))


def test_the_likely_answerer_waits_by_its_own_patience() -> None:
    cast = cast_with("roche", temper={"patience": 1.0})
    cast = [one | {"temper": {"patience": 0.0}} if one["id"] == "morel" else one for one in cast]
    start = Scene(seed=7, phase="ouverture", begun=True, opened=True)

    def waits(*memory: Said) -> float:
        one = MultiAgentManager.restore(debate(cast=cast), start, memory, Random(0))
        return one.waits_s()

    assert waits(heard("roche", "Qui va payer ?")) == pytest.approx(1.2)
    assert waits() == 0.0
    assert waits(heard("roche", "Je vous écoute.")) == 0.0
    assert waits(heard("roche", "Qui va payer ?"), heard(LEARNER, "Nous.", 2)) == 0.0


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Bonsoir. Qui va payer ?", "Qui va payer ?"),
        ("Qui va payer ? Je vous écoute.", "Qui va payer ?"),
        ("Vous parlez de 2.4 milliards ?", "Vous parlez de 2.4 milliards ?"),
        ("Une date ? Un montant ?", "Un montant ?"),
        ("M. Roche le dit. Est-ce vrai ?", "Est-ce vrai ?"),
        ("Mr. Okafor says so. Is that true?", "Is that true?"),
        ("Je vous écoute.", None),
        ("", None),
    ],
)
def test_the_last_question_of_a_line_is_found_whole(text: str, question: str | None) -> None:
    assert last_question(text) == question


def test_a_question_is_open_until_the_learner_speaks() -> None:
    asked = heard("roche", "Qui va payer ?")
    statement = heard("morel", "Je note.", 2)
    assert open_question((asked, statement)) == ("roche", "Qui va payer ?")
    assert open_question((asked, heard(LEARNER, "Nous.", 2))) is None


def test_s4_a_question_told_again_stays_with_whoever_asked_it() -> None:
    memory = (heard(LEARNER, "Oui."), heard("roche", "Le rail recule. Qui va payer ?", 2))
    one = after(*memory)
    plan = one.returned(40.0, away_s=10.0)
    one.commit(plan, words=None, now_s=40.0)
    one.performed(plan.beats[0], plan.beats[0].say or "", False, 44.0)
    assert one.memory[-1].speaker == "morel"
    assert open_question(one.memory) == ("roche", "Qui va payer ?")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Reprenons : qui va payer tout cela ?", ": qui va payer tout cela ?"),
        ("Une chose : combien ?", ": Une chose : combien ?"),
    ],
)
def test_s4_a_question_is_told_again_without_what_led_to_it(asked: str, told: str) -> None:
    one = after(heard(LEARNER, "Oui."), heard("roche", asked))
    _, say = only(plan := one.returned(40.0, away_s=10.0))
    assert say.endswith(told)
    assert say.count(":") == told.count(":")
    one.commit(plan, words=None, now_s=40.0)
    one.performed(plan.beats[0], say, False, 44.0)
    assert open_question(one.memory) == ("roche", asked)


def test_s4_nobody_answers_its_own_question_because_it_was_told_again() -> None:
    for nth in range(4):
        one = after(heard(LEARNER, "Oui."), heard("roche", "Qui va payer ?"), serial=nth + 2)
        plan = one.returned(40.0, away_s=10.0)
        one.commit(plan, words=None, now_s=40.0)
        one.performed(plan.beats[0], plan.beats[0].say or "", False, 44.0)
        assert one.tick(47.0, quiet_s=3.0, busy=False) is None
