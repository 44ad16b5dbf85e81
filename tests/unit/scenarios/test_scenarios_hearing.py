"""What counts as heard."""

import pytest

from scenarios.fields import Language
from scenarios.hearing import fold, hears, words_of


@pytest.mark.parametrize(
    ("language", "text", "phrase"),
    [
        ("fr", "Les trains roulent.", "train"),
        ("fr", "C'est L'ÉQUIPE !", "équipe"),
        ("fr", "Nous réformons.", "réforme"),
        ("fr", "les canaux", "canal"),
        ("fr", "Douze pour cent", "pour cent"),
        ("fr", "12 % de plus", "12"),
        ("en", "Our costs, costing us", "cost"),
        ("en", "strategies", "strategy"),
        ("en", "We cut budgets.", "budget"),
    ],
)
def test_a_word_is_heard_whatever_its_case_accents_and_ending(
    language: Language, text: str, phrase: str
) -> None:
    assert hears(text, [phrase], language)


@pytest.mark.parametrize(
    ("language", "text", "phrase"),
    [
        ("fr", "Je travaille", "rail"),
        ("fr", "cent pour", "pour cent"),
        ("fr", "112", "12"),
        ("fr", "", "mot"),
        ("fr", "mot", "..."),
        ("en", "a costume", "cost"),
        ("en", "a glass", "glas"),
    ],
)
def test_a_part_of_a_word_or_another_order_is_not_heard(
    language: Language, text: str, phrase: str
) -> None:
    assert not hears(text, [phrase], language)


def test_folding_drops_accents_case_and_ligatures() -> None:
    assert fold("Œuvre ÉTÉ") == "oeuvre ete"
    assert words_of("L'été, peut-être…") == ("l", "ete", "peut", "etre")
