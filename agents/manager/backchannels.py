"""Sounds of listening ("mm-hm", "oui oui"): said while another speaks, they take no turn.

Meant only for what is heard while a beat is pending: the same "yes" in answer to a question is a
turn. Knows how Whisper spells such sounds ("Mm-hmm.", "Hum hum", "Mmh").
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from agents.manager.lexicon import Phrase, starting
from scenarios.fields import Language
from scenarios.hearing import words_of

MAX_WORDS = 6

_HUM = re.compile(r"m*h*m+h*m*|h+[ue]*m+h*|u+h*m+|[ue]+h+|hu+h|ha+n|[oa]+h+|e+u+h*|a+ha")


def is_backchannel(words: str, language: Language) -> bool:
    """Whether the words are nothing but sounds of listening; not so with a question mark."""
    said = words_of(words)
    if not said or len(said) > MAX_WORDS or "?" in words:
        return False
    phrases = _phrases(language)
    while said:
        size = starting(said, phrases) or int(_HUM.fullmatch(said[0]) is not None)
        if not size:
            return False
        said = said[size:]
    return True


@cache
def _phrases(language: Language) -> frozenset[Phrase]:
    with Path(__file__).with_name("backchannels.toml").open("rb") as file:
        table = tomllib.load(file)
    return frozenset(words_of(one) for one in table[language]["words"])
