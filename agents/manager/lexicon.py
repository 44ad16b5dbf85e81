"""The words of address by language, read once from lexicon.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.cast.naming import HONORIFICS
from scenarios.fields import Language
from scenarios.hearing import words_of

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """See lexicon.toml for what each list means. Phrases are tuples of folded words."""

    honorifics: Mapping[str, str]
    openers: frozenset[Phrase]
    thanks: frozenset[Phrase]
    cues: frozenset[Phrase]
    sequels: frozenset[Phrase]
    mentions: frozenset[Phrase]
    blockers: frozenset[Phrase]
    articles: frozenset[Phrase]
    wants: frozenset[Phrase]
    views: frozenset[Phrase]
    selves: frozenset[Phrase]
    topics: frozenset[Phrase]
    third_person: frozenset[Phrase]
    you: frozenset[Phrase]
    own_verbs: frozenset[Phrase]
    imperatives: frozenset[Phrase]
    closers: frozenset[Phrase]
    joiners: frozenset[Phrase]
    everyone: frozenset[Phrase]
    greets: frozenset[Phrase]
    tells: frozenset[Phrase]
    common: frozenset[Phrase]
    subjectless: frozenset[Phrase]
    role_groups: tuple[tuple[Phrase, ...], ...]
    heads_skip: frozenset[str]


def ending(words: Sequence[str], phrases: frozenset[Phrase]) -> int:
    """How many words the longest of the phrases has that ends `words`; 0 for none."""
    return max((n for n in _lengths(words) if tuple(words[-n:]) in phrases), default=0)


def starting(words: Sequence[str], phrases: frozenset[Phrase]) -> int:
    """How many words the longest of the phrases has that starts `words`; 0 for none."""
    return max((n for n in _lengths(words) if tuple(words[:n]) in phrases), default=0)


def made_of(words: Phrase, phrases: frozenset[Phrase]) -> bool:
    """Whether the words are nothing but some of the phrases, one after the other."""
    while words:
        size = starting(words, phrases)
        if not size:
            return False
        words = words[size:]
    return True


def _lengths(words: Sequence[str]) -> range:
    return range(1, min(len(words), 6) + 1)


@cache
def lexicon_for(language: Language) -> Lexicon:
    """The lexicon of that language."""
    with Path(__file__).with_name("lexicon.toml").open("rb") as file:
        table = tomllib.load(file)[language]
    roles = table.pop("roles")
    lists = {name: frozenset(words_of(one) for one in phrases) for name, phrases in table.items()}
    groups = tuple(tuple(words_of(one) for one in group) for group in roles["groups"])
    return Lexicon(
        honorifics=HONORIFICS[language],
        role_groups=groups,
        heads_skip=frozenset(roles["heads_skip"]),
        **lists,
    )
