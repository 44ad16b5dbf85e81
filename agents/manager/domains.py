"""Fields of work and whose they are: finance is the financial director's, read from the title.

Owns domains.toml. A field that two of the cast may have is nobody's. What a persona says that its
character teaches or works in is a field too.
"""

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.manager.handles import neutral, rest_of_title
from agents.manager.lexicon import Phrase, ending, lexicon_for
from scenarios.fields import Language
from scenarios.hearing import words_of
from scenarios.schema import Scenario

_MIN_LETTERS = 5
"""A shorter word after "works in" is hardly a field of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A field of work; see domains.toml for what each list means."""

    id: str
    titles: tuple[Phrase, ...] = ()
    names: tuple[Phrase, ...] = ()
    people: tuple[Phrase, ...] = ()
    does: tuple[Phrase, ...] = ()
    you_do: tuple[Phrase, ...] = ()


Owned = tuple[tuple[str, Domain], ...]
"""Characters with the fields that are theirs alone."""


def domains_of(scenario: Scenario) -> Owned:
    """Whose each field is; a title's own words besides its head are a field as well."""
    owners: defaultdict[Domain, list[str]] = defaultdict(list)
    for one in scenario.cast:
        title = words_of(one.title or "")
        plain = tuple(map(neutral, title))
        for domain in domains_for(scenario.language):
            if any(_contains(plain, tuple(map(neutral, wanted))) for wanted in domain.titles):
                owners[domain].append(one.id)
        for field in _works_in(one.persona, scenario.language) - {
            rest_of_title(title, scenario.language)
        }:
            owners[Domain(id=" ".join(field), names=(field,))].append(one.id)
        if rest := rest_of_title(title, scenario.language):
            owners[Domain(id=" ".join(rest), names=(rest,))].append(one.id)
    return tuple((who[0], domain) for domain, who in owners.items() if len(who) == 1)


@cache
def _works(language: Language) -> frozenset[Phrase]:
    """What stands before the subject of somebody's work."""
    with Path(__file__).with_name("domains.toml").open("rb") as file:
        return frozenset(map(words_of, tomllib.load(file)["works"][language]))


@cache
def domains_for(language: Language) -> tuple[Domain, ...]:
    """Every field that the language has words for."""
    with Path(__file__).with_name("domains.toml").open("rb") as file:
        table = tomllib.load(file)[language]
    return tuple(
        Domain(id=id, **{name: tuple(map(words_of, words)) for name, words in lists.items()})
        for id, lists in table.items()
    )


def _works_in(persona: str, language: Language) -> frozenset[Phrase]:
    """The subjects that a persona's words name after "teaches" or "works in", each one word."""
    words, lexicon = words_of(persona), lexicon_for(language)
    works = _works(language)
    found: set[Phrase] = set()
    for at in range(1, len(words)):
        before = words[:at]
        before = before[: len(before) - ending(before, lexicon.articles)]
        if ending(before, works) and len(words[at]) >= _MIN_LETTERS:
            found.add(words[at : at + 1])
    return frozenset(found - lexicon.common)


def _contains(words: Phrase, wanted: Phrase) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))
