"""What counts as heard: an author's words found in what was said.

Accents, case and common endings do not matter, word bounds do. Owns no scenario; the understudy's
`heard` lines and the events' `when.heard` both mean the same by it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from scenarios.fields import Language

_WORD = re.compile(r"[^\W_]+")
_MIN_STEM = 4
_ENDINGS: dict[Language, tuple[str, ...]] = {
    "fr": ("ements", "ement", "aient", "ait", "ent", "on", "ees", "ee", "er", "ez", "es", "e"),
    "en": ("ingly", "ing", "edly", "ed", "ly", "er", "e"),
}
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})


def fold(text: str) -> str:
    """The text without accents, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order; an apostrophe or a hyphen parts two words."""
    return tuple(_WORD.findall(fold(text)))


@lru_cache(maxsize=4096)
def stem(word: str, language: Language) -> str:
    """A folded word without its plural and its commonest ending; at least 4 letters are kept."""
    if len(word) > _MIN_STEM:
        if language == "fr" and word.endswith("aux"):
            word = word[:-3] + "al"
        elif language == "en" and word.endswith("ies"):
            word = word[:-3] + "y"
        elif word[-1] in "sx" and not word.endswith("ss"):
            word = word[:-1]
    for ending in _ENDINGS[language]:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word[: -len(ending)]
    return word


def hears(text: str, phrases: Iterable[str], language: Language) -> bool:
    """Whether one of the words or phrases was said, whole and in its order."""
    said = [stem(word, language) for word in words_of(text)]
    return any(
        _contains(said, [stem(word, language) for word in words_of(phrase)]) for phrase in phrases
    )


def _contains(said: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    if not size:
        return False
    return any(said[at : at + size] == wanted for at in range(len(said) - size + 1))
