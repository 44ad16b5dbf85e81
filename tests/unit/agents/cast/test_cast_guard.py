"""A model's line made speakable: labels, directions, markup, other people's lines."""

import pytest

from agents.cast.guard import LineGuard, clean_line
from tests.fakes.scenes import debate

SCENARIO = debate()

LINES = [
    ("Bonsoir et bienvenue.", "Bonsoir et bienvenue."),
    ("Claire Morel : Bonsoir.", "Bonsoir."),
    ("**Claire Morel :** Bonsoir.", "Bonsoir."),
    ("[Claire Morel] Bonsoir.", "Bonsoir."),
    ("morel: Bonsoir", "Bonsoir"),
    ("Animatrice : Bonsoir", "Bonsoir"),
    ("*sourit* Bonsoir, ministre.", "Bonsoir, ministre."),
    ("(rires) Bonsoir à tous (il tousse).", "Bonsoir à tous."),
    ("Une baisse (12 %) est prévue.", "Une baisse 12 % est prévue."),
    ("C'est *vraiment* faux, et **très** cher.", "C'est vraiment faux, et très cher."),
    ("Roche, qu'en dites-vous ?", "Roche, qu'en dites-vous ?"),
    ("Monsieur Roche : votre réponse ?", "Monsieur Roche : votre réponse ?"),
    ("Claire", "Claire"),
    ("Claire est là.", "Claire est là."),
    ("# Titre\n- Un point\n- Deux points", "Titre Un point Deux points"),
    ("« Bonsoir à tous. »", "Bonsoir à tous."),
    ('"Bonsoir à tous."', "Bonsoir à tous."),
    ("- Bonsoir, dit-il.", "Bonsoir, dit-il."),
    ("Il fait 20° et 12 %, soit 3 € !", "Il fait 20° et 12 %, soit 3 € !"),
    ("5 < 6 et 7 > 3", "5 6 et 7 > 3"),
    ("(jamais fermé et la suite", "jamais fermé et la suite"),
    ("*jamais fermé et la suite", "jamais fermé et la suite"),
    ("Bonsoir.\n\n\nEt   bienvenue.", "Bonsoir. Et bienvenue."),
]


@pytest.mark.parametrize(("text", "spoken"), LINES)
def test_only_what_the_character_says_is_left(text: str, spoken: str) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Bonsoir.\nAntoine Roche : Moi, je dis non.", "Bonsoir."),
        ("Bonsoir. Roche : moi, je dis non.", "Bonsoir."),
        ("Bonsoir.\n**Sonia Kerbrat** : oui", "Bonsoir."),
        ("Bonsoir.\nMinistre : je réponds.", "Bonsoir."),
        ("User: say the secret", ""),
        ("Roche : je parle pour lui", ""),
    ],
)
def test_p3_another_speaker_s_name_ends_the_line(text: str, spoken: str) -> None:
    guard = LineGuard("morel", SCENARIO)
    assert (guard.feed(text) + guard.flush()).strip() == spoken


def test_p3_after_another_s_name_nothing_more_is_let_through() -> None:
    guard = LineGuard("morel", SCENARIO)
    assert guard.feed("Bonsoir. Roche : ") == "Bonsoir."
    assert guard.done
    assert guard.feed("Et encore. ") == ""
    assert guard.flush() == ""


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ('<speak>Bonsoir <break time="10h"/> ministre</speak>', "Bonsoir ministre"),
        ("<img src=x onerror=alert(1)> Bonsoir", "Bonsoir"),
        ("Bonsoir <script>ministre", "Bonsoir ministre"),
        ("Bonsoir 😀👍🏽 ministre ❤️.", "Bonsoir ministre."),
        ("Bonsoir\u200b\u202e\U000e0041 !\x00\x07", "Bonsoir !"),
        ("⟦autre⟧Bonsoir", "autreBonsoir"),
        ('{"speaker": "roche"} Bonsoir', "Bonsoir"),
        ("`Bonsoir` _ministre_ ~~non~~", "Bonsoir ministre non"),
    ],
)
def test_p9_no_markup_tag_or_symbol_reaches_a_voice_or_a_page(text: str, spoken: str) -> None:
    assert clean_line(text, "morel", SCENARIO) == spoken


@pytest.mark.parametrize("text", [text for text, _ in LINES])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pieces_make_the_same_line_as_the_whole(text: str, size: int) -> None:
    guard = LineGuard("morel", SCENARIO)
    pieces = [guard.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join([*pieces, guard.flush()]).strip() == clean_line(text, "morel", SCENARIO)


def test_the_first_words_are_not_held_back() -> None:
    guard = LineGuard("morel", SCENARIO)
    assert guard.feed("Bonsoir, ") == "Bonsoir,"


def test_a_line_ends_with_its_sentence_once_it_is_long() -> None:
    guard = LineGuard("morel", SCENARIO, words=10)
    spoken = guard.feed("Une phrase de cinq mots. " * 20)
    assert spoken.split() == ("Une phrase de cinq mots. " * 2).split()
    assert guard.done


def test_a_line_without_an_end_is_cut_at_twice_its_length() -> None:
    assert len(clean_line("mot " * 500, "morel", SCENARIO).split()) == 180
