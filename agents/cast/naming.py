"""The parts of a character's name, and the honorifics that people put before one.

Owns what of a name is a given name: "Jean-Luc" is one, "Dr." is none, and its point ends no
sentence. Whom a name calls is the manager's to say.
"""

from collections.abc import Mapping
from typing import NamedTuple

from scenarios.fields import Language
from scenarios.hearing import words_of

Words = tuple[str, ...]

HONORIFICS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "monsieur": "male",
        "m": "male",
        "mr": "male",
        "messieurs": "male",
        "madame": "female",
        "mme": "female",
        "mademoiselle": "female",
        "mlle": "female",
        "mesdames": "female",
        "docteur": "",
        "dr": "",
        "maitre": "",
        "professeur": "",
        "pr": "",
    },
    "en": {
        "mr": "male",
        "mister": "male",
        "sir": "male",
        "mrs": "female",
        "ms": "female",
        "miss": "female",
        "madam": "female",
        "madame": "female",
        "dr": "",
        "doctor": "",
        "professor": "",
        "prof": "",
    },
}
"""Folded words that may stand before a name, and the gender that each tells; "" for either."""

ABBREVIATED = frozenset(("m", "mr", "mrs", "ms", "mme", "mlle", "dr", "prof", "pr", "st"))
"""Folded words whose point ends no sentence."""

_TAIL_CHARS = 8
"""Longer than any of them with its point."""

_ANY = frozenset(word for table in HONORIFICS.values() for word in table)


class Name(NamedTuple):
    """A name as folded words, honorifics left out: all of it, and its parts.

    `given` is the first part, `rest` what follows it, `last` the last part; a hyphen or an
    apostrophe within a part makes it several words. Of a single part `rest` is empty.
    """

    whole: Words
    given: Words
    rest: Words
    last: Words


def is_abbreviated(text: str) -> bool:
    """Whether the point that ends the text is an abbreviation's, as in "M." or "Dr."."""
    return text.endswith(".") and not ABBREVIATED.isdisjoint(words_of(text[-_TAIL_CHARS:])[-1:])


def name_of(name: str) -> Name:
    """The parts of a character's name as the author wrote it."""
    parts = [words for one in name.split() if (words := words_of(one))] or [words_of(name)]
    while len(parts) > 1 and len(parts[0]) == 1 and parts[0][0] in _ANY:
        parts = parts[1:]
    first, *others = parts
    return Name(
        whole=tuple(word for part in parts for word in part),
        given=first,
        rest=tuple(word for part in others for word in part),
        last=parts[-1],
    )
