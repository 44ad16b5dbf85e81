"""One reading of what was asked, and of whom: by who answers, who waits, and who takes it ill."""

import pytest

from agents.manager.memory import LEARNER, Said
from agents.manager.names import Roster
from agents.manager.questions import (
    asked_of_learner,
    gives_floor,
    handed_over,
    open_question,
    open_to,
    questions_in,
)
from tests.fakes.scenes import debate
from tests.fakes.situations import heard

SCENE = debate()
ROSTER = Roster(SCENE)
ALL = ("morel", "roche", "kerbrat", "castan")


def said(speaker: str, text: str, at: int = 1) -> Said:
    return Said(speaker=speaker, name=speaker, text=text, turn_id=f"a{at:04d}-1", phase="ouverture")


@pytest.mark.parametrize(
    ("text", "put"),
    [
        ("Qui va payer ?", [("Qui va payer ?", ())]),
        ("Monsieur Castan, qui va payer ?", [("Monsieur Castan, qui va payer ?", ("castan",))]),
        ("Monsieur Castan. Qui va payer ?", [("Qui va payer ?", ("castan",))]),
        ("Monsieur Castan a raison. Qui va payer ?", [("Qui va payer ?", ())]),
        ("Que dites-vous de Castan ?", [("Que dites-vous de Castan ?", ())]),
        ("Une date ? Un montant ?", [("Une date ?", ()), ("Un montant ?", ())]),
        ("Antoine Roche, votre avis ?", [("Antoine Roche, votre avis ?", ())]),
        ("Je vous écoute.", []),
        ("", []),
    ],
)
def test_a_question_is_whose_name_it_calls_and_else_the_persons(
    text: str, put: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert [tuple(one) for one in questions_in(heard("roche", text), ROSTER)] == put


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("Qui va payer ?", True),
        ("Une facture de plus. Qui va payer ? ", True),
        ("Monsieur Castan, avez-vous compté ? Et vous, madame la ministre ?", True),
        ("Vous avez compté, madame la ministre ? Monsieur Castan, et vous ?", False),
        ("Qui va payer ? Personne.", False),
        ("Je vous écoute.", False),
        ("", False),
    ],
)
def test_a_line_that_ends_with_a_question_gives_the_person_the_floor(
    text: str, given: bool
) -> None:
    assert gives_floor(said("roche", text), ROSTER, ()) is given


def test_a_question_to_another_character_is_none_to_the_person_for_anybody() -> None:
    memory = (said("roche", "Monsieur Castan, qui va payer ?"),)
    assert asked_of_learner("roche", memory, ROSTER) == ()
    assert handed_over(memory, ROSTER, ALL) == ("roche", "castan")
    assert open_to(memory, ROSTER) == {"castan": 1.0}


def test_a_question_that_speaks_of_another_character_is_the_persons_for_all() -> None:
    memory = (said("roche", "Monsieur Castan a compté. Vous, madame la ministre, qui paiera ?"),)
    assert len(asked_of_learner("roche", memory, ROSTER)) == 1
    assert handed_over(memory, ROSTER, ALL) is None
    assert open_to(memory, ROSTER) == {"roche": 1.0}


@pytest.mark.parametrize(
    ("person", "text", "to"),
    [
        ("Antoine", "Antoine, qui va payer ?", None),
        ("Antoine Durand", "Antoine. Qui va payer ?", None),
        ("Antoine", "Antoine Roche, qui va payer ?", "roche"),
        ("Antoine", "Monsieur Roche, qui va payer ?", "roche"),
        ("Antoine", "Monsieur le député, qui va payer ?", "roche"),
        ("Camille", "Antoine, qui va payer ?", "roche"),
        ("", "Antoine, qui va payer ?", "roche"),
    ],
)
def test_a_question_by_a_first_name_that_the_person_has_too_is_the_persons(
    person: str, text: str, to: str | None
) -> None:
    spoke = Said(speaker=LEARNER, name=person, text="Oui.", turn_id="u0001", phase="ouverture")
    memory = (spoke, said("morel", text, 2))
    assert handed_over(memory, ROSTER, ALL) == (("morel", to) if to else None)
    assert open_to(memory, ROSTER) == {to or "morel": 1.0}
    assert len(asked_of_learner("morel", memory, ROSTER)) == (0 if to else 1)


def test_a_question_is_open_however_long_its_asker_goes_on() -> None:
    line = "Qui va payer ? Je vous le demande, parce que personne ici ne nous l'a encore dit."
    memory = (said("roche", line),)
    assert open_question(memory) == ("roche", "Qui va payer ?")
    assert open_to(memory, ROSTER) == {"roche": 1.0}
    assert asked_of_learner("roche", memory, ROSTER) == ("Qui va payer ?",)


def test_s4_the_floor_is_not_kept_for_who_only_told_a_question_again() -> None:
    memory = (
        said("roche", "Qui va payer ?", 1),
        said("morel", "Vous revoilà. Antoine Roche demandait : Qui va payer ?", 2),
    )
    assert open_to(memory, ROSTER) == {"roche": 1.0}


def test_nothing_is_open_once_the_person_spoke() -> None:
    memory = (said("roche", "Qui va payer ?", 1), said(LEARNER, "Nous.", 2))
    assert open_question(memory) is None
    assert asked_of_learner("roche", memory, ROSTER) == ()
    assert open_to(memory, ROSTER) == {}
