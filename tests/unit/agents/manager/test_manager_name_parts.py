"""Names of several parts, honorifics in them, and people who have the name of a character."""

import pytest

from agents.cast.naming import name_of
from agents.manager.handles import Kind, handles_of
from agents.manager.names import Roster
from scenarios.schema import Scenario
from tests.fakes.scenes import board, character, debate

PARTS = debate(
    cast=[
        character("martin", "Jean-Luc Martin", "directeur financier", "male"),
        character("dupont", "Jean Dupont", "animateur", "male"),
        character("ndiaye", "Anne-Sophie N'Diaye", "journaliste", "female"),
        character("goff", "Yann Le Goff", "économiste", "male"),
        character("estaing", "Mme Claire d'Estaing", "avocate", "female"),
    ],
    phases=[{"id": "p", "goal": "g"}],
)
PARTS_EN = board(
    cast=[
        character("obrien", "Mary-Lou O'Brien", "finance director", "female"),
        character("stone", "Mary Stone", "chair", "female"),
        character("berg", "Piet van der Berg", "engineer", "male"),
        character("okafor", "Dr. Ada Okafor", "physician", "female"),
    ],
    phases=[{"id": "p", "goal": "g"}],
)


def addressed(scenario: Scenario, words: str) -> tuple[str, ...]:
    return Roster(scenario).addressed(words).ids


def test_an_honorific_is_no_part_of_a_name_unless_it_is_all_of_it() -> None:
    assert name_of("Dr. Ada Okafor").given == ("ada",)
    assert name_of("Mme Le Goff").whole == ("le", "goff")
    assert name_of("Maître").whole == ("maitre",)
    assert name_of("Anne-Sophie N'Diaye") == (
        ("anne", "sophie", "n", "diaye"),
        ("anne", "sophie"),
        ("n", "diaye"),
        ("n", "diaye"),
    )


@pytest.mark.parametrize(
    ("scenario", "words", "who"),
    [
        (PARTS, "Merci, Jean-Luc.", "martin"),
        (PARTS, "Jean-Luc ?", "martin"),
        (PARTS, "jean luc votre avis", "martin"),
        (PARTS, "Qu'en pense Jean-Luc ?", "martin"),
        (PARTS, "Jean, c'est faux.", "dupont"),
        (PARTS, "Merci Anne-Sophie.", "ndiaye"),
        (PARTS, "Anne, votre avis ?", "ndiaye"),
        (PARTS, "Madame N'Diaye, votre avis ?", "ndiaye"),
        (PARTS, "Monsieur Le Goff ?", "goff"),
        (PARTS, "Claire, votre avis ?", "estaing"),
        (PARTS, "Madame d'Estaing ?", "estaing"),
        (PARTS_EN, "Mary-Lou?", "obrien"),
        (PARTS_EN, "Ms O'Brien, go on.", "obrien"),
        (PARTS_EN, "Mary, what do you think?", "stone"),
        (PARTS_EN, "Mr. van der Berg?", "berg"),
        (PARTS_EN, "Ada?", "okafor"),
        (PARTS_EN, "Dr. Okafor, what do you say?", "okafor"),
    ],
)
def test_names_of_several_parts_address(scenario: Scenario, words: str, who: str) -> None:
    assert addressed(scenario, words) == (who,)


def test_an_honorific_in_a_name_calls_nobody_by_itself() -> None:
    assert addressed(PARTS_EN, "Dr. Smith, what do you think?") == ()
    assert addressed(PARTS, "Mme Lefort, votre avis ?") == ()


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (debate(), "Je suis Claire, la ministre."),
        (debate(), "Bonsoir, moi c'est Claire, je viens d'arriver."),
        (debate(), "Moi, Claire, je pense que non."),
        (board(), "Hello, I'm Claire, the new plant manager."),
        (board(), "Hi, it's Claire, can you hear me?"),
        (board(), "Me, Claire, I think otherwise."),
    ],
)
def test_a_person_who_says_a_name_of_the_cast_as_their_own_addresses_nobody(
    scenario: Scenario, words: str
) -> None:
    assert addressed(scenario, words) == ()


def test_handles_are_in_the_same_order_in_each_process() -> None:
    titles = ("Coach", "Juge", "Maire", "Témoin", "Expert", "Arbitre")
    cast = [character(f"c{n}", title, title) for n, title in enumerate(titles)]
    scenario = debate(cast=cast, phases=[{"id": "p", "goal": "g"}])
    kinds = [one.kind for one in handles_of(scenario)]
    assert kinds == [Kind.NAME, Kind.ROLE] * len(titles)
