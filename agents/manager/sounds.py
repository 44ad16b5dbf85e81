"""How alike two words sound, for names that a speech engine spelt its own way.

A key of consonants in the manner of Metaphone, for French and English at once: names of both
countries are met in either language. Source: L. Philips, "Hanging on the Metaphone", 1990, much
reduced.
"""

import re
from functools import lru_cache

MIN_FUZZY = 4
"""Shorter words are never taken for a name that they are not."""

_MAX_RATIO = 0.5
_NEAR_LENGTH = 5

_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"sch|sh|ch", "S"),
        (r"ph", "f"),
        (r"gn", "n"),
        (r"^kn|^gn", "n"),
        (r"^wr", "r"),
        (r"ght|th", "t"),
        (r"gh", ""),
        (r"ck|cqu?|qu?", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"dg(?=[eiy])|g(?=[eiy])", "j"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"w", "v"),
        (r"(?<=i)er$|(?<=[^aeiou])er$", "e"),
        (r"h", ""),
        (r"(?<=.)e?[stdpx]+$", ""),
        (r"(.)\1+", r"\1"),
    )
)
_VOWELS = re.compile(r"[aeiouy]+")


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """The word's consonants as they sound; a vowel at its start is one `V`. For folded words."""
    for pattern, sounds in _RULES:
        word = pattern.sub(sounds, word)
    start = "V" if _VOWELS.match(word) else ""
    return start + re.sub(r"(.)\1+", r"\1", _VOWELS.sub("", word))


@lru_cache(maxsize=8192)
def distance(one: str, other: str) -> int:
    """Letters to insert, drop, replace or swap with a neighbour to turn one word into the other."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        two_above, above, row = above, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(row[-1] + 1, above[j] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, two_above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def alike(heard: str, name: str) -> bool:
    """Whether a speech engine may have written `heard` for `name`. Both folded."""
    if min(len(heard), len(name)) < MIN_FUZZY:
        return False
    apart = distance(heard, name)
    if sound(heard) == sound(name):
        return apart <= _MAX_RATIO * len(name)
    return apart <= 1 and len(name) >= _NEAR_LENGTH and heard[0] == name[0]


def keys(word: str) -> tuple[str, ...]:
    """Keys of which any two words that are `alike` share at least one; none for short words."""
    if len(word) < MIN_FUZZY:
        return ()
    return ("=" + sound(word), *(f"{word[0]}{len(word) + more}" for more in (-1, 0, 1)))
