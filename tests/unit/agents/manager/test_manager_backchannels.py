"""Sounds of listening, as people make them and as Whisper writes them."""

import pytest

from agents.manager.backchannels import is_backchannel
from scenarios.fields import Language


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Mm-hmm."),
        ("fr", "Hum hum"),
        ("fr", "Mmh"),
        ("fr", "oui oui"),
        ("fr", "Oui."),
        ("fr", "D'accord."),
        ("fr", "ouais"),
        ("fr", "oui, d'accord"),
        ("fr", "Ah oui, d'accord."),
        ("fr", "Bah oui, c'est clair."),
        ("fr", "Je vous suis."),
        ("fr", "Mmm, mmm."),
        ("en", "mm-hm"),
        ("en", "Mm-hmm, yes"),
        ("en", "uh-huh"),
        ("en", "Right."),
        ("en", "Okay, okay."),
        ("en", "I see"),
        ("en", "Yeah, that makes sense."),
        ("en", "Hmm. Very true."),
        ("en", "Uh-huh, go on."),
    ],
)
def test_a_sound_of_listening_is_a_backchannel(language: Language, words: str) -> None:
    assert is_backchannel(words, language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Oui mais"),
        ("fr", "Non."),
        ("fr", "Stop."),
        ("fr", "Attendez."),
        ("fr", "C'est faux."),
        ("fr", "Pas du tout."),
        ("fr", "Je ne vous suis pas."),
        ("fr", "D'accord ?"),
        ("fr", "Oui, je suis d'accord avec vous."),
        ("fr", "oui oui oui oui oui oui oui"),
        ("fr", ""),
        ("en", "Right, but no"),
        ("en", "Wait."),
        ("en", "That makes no sense."),
        ("en", "I doubt it."),
        ("en", "Yes I did."),
        ("en", "..."),
    ],
)
def test_words_that_want_the_floor_are_no_backchannel(language: Language, words: str) -> None:
    assert not is_backchannel(words, language)
