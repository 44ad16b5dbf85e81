"""What a turn of the learner shows on its surface: thanks, figures, an insult, a way around.

Owns the reading of moods.toml; `questions` reads what was asked. What a sign does to whom is
`moods`' to say.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from agents.manager.insight import insight_of
from agents.manager.memory import Said
from agents.manager.questions import asked_of_learner
from scenarios.fields import Language
from scenarios.hearing import stem, words_of
from scenarios.schema import Scenario

FIRST_WORDS = 3
"""A yes or a no answers a question when it is among the first words."""

_SURELY = 2
"""So many subjects of the question in the turn: it is answered, in whatever words."""

_LONG_ENOUGH = 6
"""A turn of so many words without the figure that was asked for is a way around it."""

_NEGATED_WITHIN = 4
_MIN_LETTERS = 4
_NUMBER = "#"


class Sign(StrEnum):
    """A list of moods.toml that the turn has words of."""

    ASKS_FIGURE = "asks_figure"
    FIGURE = "figures"
    UNKNOWN = "unknown"
    DODGE = "dodge"
    YES_NO = "yes_no"
    CONCEDE = "concede"
    THANK = "thank"
    INSULT = "insult"
    SCORN = "scorn"
    COMMAND = "command"


class Reply(StrEnum):
    """How a turn takes a character's question."""

    ANSWERED = "answered"
    FIGURES = "figures"
    HONEST = "honest"
    DODGED = "dodged"


_NEGATABLE = frozenset({Sign.CONCEDE, Sign.THANK, Sign.INSULT, Sign.SCORN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`size` in words; `content` are the stems that carry a subject."""

    size: int
    signs: frozenset[Sign]
    content: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a character asked the learner for: a subject, or a `figure`."""

    content: frozenset[str]
    figure: bool


def turn_of(words: str, language: Language) -> Turn:
    """The turn as the rules see it; linear in its length."""
    lists = _lists(language)
    said = words_of(words)
    stems = [_NUMBER if _is_number(word) else stem(word, language) for word in said]
    signs = {sign for at in range(len(stems)) for sign in _signs_at(stems, at, lists)}
    content = (one for word, one in zip(said, stems, strict=True) if _carries(word, one, lists))
    return Turn(size=len(said), signs=frozenset(signs), content=frozenset(content))


def query_of(persona: str, memory: Sequence[Said], scenario: Scenario) -> Query | None:
    """What the character asked the learner since they last spoke; None when it asked nothing."""
    asked = asked_of_learner(persona, memory, insight_of(scenario).roster)
    questions = [words for one in asked if (words := words_of(one))]
    if not questions:
        return None
    turn = turn_of(" ".join(asked), scenario.language)
    begins = _lists(scenario.language).asks_figure_first
    figure = Sign.ASKS_FIGURE in turn.signs or any(words[0] in begins for words in questions)
    return Query(content=turn.content, figure=figure)


def reply_to(asked: Query, turn: Turn) -> Reply | None:
    """How the turn takes the question; None where its words do not show it."""
    common = len(asked.content & turn.content)
    if asked.figure and Sign.FIGURE in turn.signs:
        return Reply.FIGURES
    if Sign.DODGE in turn.signs and common < _SURELY:
        return Reply.DODGED
    if Sign.UNKNOWN in turn.signs:
        return Reply.HONEST
    if asked.figure:
        return Reply.DODGED if turn.size >= _LONG_ENOUGH else None
    return Reply.ANSWERED if common or Sign.YES_NO in turn.signs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], Sign], ...]]
    asks_figure_first: frozenset[str]
    negations: frozenset[str]
    plain: frozenset[str]


def _signs_at(stems: Sequence[str], at: int, lists: _Lists) -> Iterator[Sign]:
    """The signs of phrases that begin at this word."""
    if stems[at] == _NUMBER:
        yield Sign.FIGURE
    for phrase, sign in lists.phrases.get(stems[at], ()):
        if tuple(stems[at : at + len(phrase)]) != phrase:
            continue
        before = stems[max(0, at - _NEGATED_WITHIN) : at]
        if sign in _NEGATABLE and not lists.negations.isdisjoint(before):
            continue
        if sign is not Sign.YES_NO or at < FIRST_WORDS:
            yield sign


def _carries(word: str, stemmed: str, lists: _Lists) -> bool:
    return len(word) >= _MIN_LETTERS and not _is_number(word) and stemmed not in lists.plain


def _is_number(word: str) -> bool:
    """Digits, also with a unit behind them: "500k", "3M", "1er", "21st"."""
    return word[0].isdecimal()


@cache
def _lists(language: Language) -> _Lists:
    with Path(__file__).with_name("moods.toml").open("rb") as file:
        table = tomllib.load(file)[language]
    phrases: defaultdict[str, list[tuple[tuple[str, ...], Sign]]] = defaultdict(list)
    for sign in Sign:
        for text in table[sign.value]:
            phrase = _stems(text, language)
            phrases[phrase[0]].append((phrase, sign))
    return _Lists(
        phrases={first: tuple(found) for first, found in phrases.items()},
        asks_figure_first=frozenset(table["asks_figure_first"]),
        negations=frozenset(table["negations"]),
        plain=frozenset(stem(word, language) for word in table["plain"]),
    )


def _stems(text: str, language: Language) -> tuple[str, ...]:
    return tuple(
        _NUMBER if part == _NUMBER else stem(word, language)
        for part in text.split()
        for word in (words_of(part) or (part,))
    )
