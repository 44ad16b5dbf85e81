"""Cutting a stream of words into pieces that a voice can begin on."""

import re

import pytest

from agents.stage.clauses import FIRST_MAX_WORDS, ClauseSplitter, ends_sentence

SPEECH = (
    "Monsieur le ministre, vous annoncez douze pour cent. Mais d'où vient ce chiffre ? "
    "Personne ne l'a vu dans le rapport, ni mes équipes, ni les vôtres… et nous cherchons encore."
)


def pieces_of(text: str, size: int) -> list[str]:
    """What comes of the text when it is fed so many words at a time."""
    splitter = ClauseSplitter()
    pieces: list[str] = []
    words = re.findall(r"\s*\S+", text)
    for start in range(0, len(words), size):
        pieces += splitter.feed("".join(words[start : start + size]))
    return [*pieces, *splitter.flush()]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_pieces_joined_are_the_text_however_it_came(size: int) -> None:
    assert " ".join(pieces_of(SPEECH, size)) == SPEECH


def test_first_piece_ends_at_the_first_mark_after_three_words() -> None:
    assert pieces_of(SPEECH, 1)[0] == "Monsieur le ministre,"


def test_later_pieces_are_whole_sentences() -> None:
    assert pieces_of(SPEECH, 1)[1:3] == [
        "vous annoncez douze pour cent.",
        "Mais d'où vient ce chiffre ?",
    ]


def test_first_piece_does_not_wait_for_a_mark_that_does_not_come() -> None:
    words = " ".join(f"mot{n}" for n in range(20))
    assert len(pieces_of(words, 1)[0].split()) == FIRST_MAX_WORDS


def test_short_address_alone_is_not_spoken_apart() -> None:
    assert pieces_of("Bon, alors, voyons cela.", 1)[0] == "Bon, alors, voyons cela."


def test_decimal_comma_does_not_end_a_clause() -> None:
    assert pieces_of("Le taux est de 3,5 pour cent cette année.", 1)[0] != "Le taux est de 3,"


def test_nothing_gives_nothing() -> None:
    assert pieces_of("   ", 1) == []


def test_mark_left_behind_by_its_word_is_nothing_to_say() -> None:
    assert pieces_of("Et que dites-vous de ça\u00a0?", 1) == ["Et que dites-vous de ça"]


@pytest.mark.parametrize(
    ("piece", "whole"),
    [
        ("vous annoncez douze pour cent.", True),
        ("Mais d'où vient ce chiffre\u202f?", True),
        ("« Jamais ! »", True),
        ("et nous cherchons encore…", True),
        ("Monsieur le ministre,", False),
        ("Voici M.", False),
        ("Ask Dr.", False),
        ("et puis", False),
    ],
)
def test_a_listener_may_react_after_whole_sentences_only(piece: str, whole: bool) -> None:
    assert ends_sentence(piece) is whole
