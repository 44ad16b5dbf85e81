"""When streamed words may be spoken."""

import pytest

from services.llm.sentences import SentenceGate, useful


def fed(*pieces: str) -> tuple[SentenceGate, list[str]]:
    gate = SentenceGate()
    return gate, [gate.feed(piece) for piece in pieces]


def test_first_sentence_goes_out_word_by_word() -> None:
    _, given = fed("Le", " fret", " re", "cule")
    assert given == ["", "Le", " fret", ""]


def test_later_sentences_are_held_until_they_are_whole() -> None:
    gate, given = fed("Oui. ", "Le fret", " recule.", " Depuis")
    assert given == ["Oui.", "", "", " Le fret recule."]
    assert gate.finish() == " Depuis"


def test_everything_is_given_once_and_in_order() -> None:
    text = "Bonsoir. Est-ce vrai ? M. Roche dit 12.5 %… Non ! « Jamais. » Voilà"
    gate = SentenceGate()
    given = "".join(gate.feed(character) for character in text)
    assert given + gate.finish() == text
    assert gate.said == text


@pytest.mark.parametrize(
    "text", ["Monsieur M. Roche est", "I met Dr. Smith and", "Il y a 12.5 gares"]
)
def test_a_dot_inside_a_sentence_does_not_end_it(text: str) -> None:
    gate, _ = fed("Oui. ", text)
    assert gate.close() == ""


def test_f16_break_in_a_later_sentence_ends_at_the_last_whole_one() -> None:
    gate, _ = fed("Le fret recule. ", "Et pourtant il", " fau")
    assert gate.close() == ""
    assert gate.said == "Le fret recule."


def test_f16_break_after_a_whole_held_sentence_keeps_it() -> None:
    gate, _ = fed("Le fret recule. ", "Il faut agir.")
    assert gate.close() == " Il faut agir."


def test_f16_break_in_the_first_sentence_trails_off() -> None:
    gate, _ = fed("Le fret ", "recu")
    assert gate.close() == "…"
    assert gate.said == "Le fret…"


def test_break_before_a_whole_word_says_nothing() -> None:
    gate, _ = fed("Le")
    assert gate.close() == ""
    assert gate.said == ""


def test_blank_start_is_dropped() -> None:
    gate, given = fed("\n", "  ", "Oui", " ")
    assert given[:3] == ["", "", ""]
    assert gate.said + gate.finish() == "Oui"


@pytest.mark.parametrize(("text", "expected"), [("", False), (" …\n", False), ("Oui", True)])
def test_useful_text_has_a_letter_or_a_digit(text: str, expected: bool) -> None:
    assert useful(text) is expected
