"""Which sentences may be spoken, decided while they are being written."""

import pytest

from services.llm.prompts.spoken import END, SpokenGuard, speakable
from services.llm.request import Language


def played(*pieces: str, language: Language = "fr") -> list[str]:
    guard = SpokenGuard(language)
    return [*(guard.feed(piece) for piece in pieces), guard.flush()]


def test_the_first_word_of_the_right_language_goes_out_at_once() -> None:
    assert played("Bonsoir,", " à tous.")[0] == "Bonsoir,"
    assert played("The", " freight", " falls.", language="en")[:2] == ["", "The freight"]


def test_words_of_no_language_are_held_until_the_fourth() -> None:
    assert played("Oh", " Camille", " Dupont", " Bernard", " parla") == [
        "", "", "", "", "Oh Camille Dupont Bernard parla", ""
    ]  # fmt: skip


def test_later_sentences_are_given_whole() -> None:
    given = played("Oui.", f"{END} Le fret", " recule.", END)
    assert given == ["Oui.", "", "", " Le fret recule.", ""]


def test_a_short_exclamation_is_of_any_language() -> None:
    assert "".join(played("Wow, amazing!")) == "Wow, amazing!"
    assert "".join(played(f"Bon.{END} The show must go on.")) == "Bon. The show must go on."


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "I would like to know what you think of it."),
        ("en", "Je voudrais bien savoir ce que vous en pensez."),
        ("fr", "Ich bin nicht mit der Reform einverstanden."),
        ("en", "Usted no está contento con los trenes."),
        ("en", "Я с вами не согласен."),
    ],
)
def test_a_sentence_in_another_language_is_dropped(language: Language, text: str) -> None:
    assert "".join(played(text, language=language)) == ""
    assert not speakable(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Comme disent les Anglais, the show must go on."),
        ("fr", "Le Brexit, le fret et le cash-flow, tout cela coûte."),
        ("en", "The Rue de la Paix is not the point, and you know it."),
        ("en", "Señor García, that is not what you said."),
        ("fr", "Œuvrons, naïfs ou non, à l’été où tout s’achève."),
    ],
)
def test_foreign_words_in_a_sentence_of_the_language_are_spoken(
    language: Language, text: str
) -> None:
    assert "".join(played(text, language=language)) == text


@pytest.mark.parametrize(
    "text",
    [
        "En tant qu’intelligence artificielle, je n’ai pas d’opinion.",
        "EN TANT QUE MODÈLE DE LANGAGE, je passe.",
        "Désolée, je ne suis qu'une IA.",
        "I'm sorry, but as an AI I cannot say.",
        "I’m just a language model.",
        "I cannot assist with that request.",
        "Je suis ChatGPT.",
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_l5_a_confession_is_dropped_in_either_language(language: Language, text: str) -> None:
    assert not speakable(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Je suis un élu, en tant que tel je réponds."),
        ("fr", "Le modèle de gestion est le bon."),
        ("en", "I am an airline pilot, as an airman should be."),
        ("en", "As a chair of this board I cannot fulfil it alone."),
        ("en", "The language of your model is clear."),
    ],
)
def test_words_that_only_begin_like_a_confession_are_spoken(language: Language, text: str) -> None:
    assert "".join(played(text, language=language)) == text


def test_the_sentences_that_were_dropped_are_counted() -> None:
    guard = SpokenGuard("fr")
    guard.feed(f"Je suis une IA.{END} Bonsoir.{END} I think that you are wrong.{END} Voilà.")
    assert guard.flush() == " Voilà."
    assert guard.dropped == 2


def test_a_phrase_may_be_said_where_it_is_a_subject() -> None:
    guard = SpokenGuard("en", may_say=lambda phrase: phrase == ("language", "model"))
    text = "The language model is only a tool."
    assert guard.feed(text) + guard.flush() == text


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_give_the_same_line_as_the_whole(size: int) -> None:
    text = (
        f"Non.{END} Je suis un modèle de langage.{END} Voyez https://example.org/x ce soir.{END} "
        "Le fret&nbsp;recule."
    )
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(played(*pieces)) == "Non. Voyez ce soir. Le fret recule."
