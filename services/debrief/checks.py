"""What a model wrote about a transcript, held against the transcript.

Owns what of it counts: an item stands on turns that exist and were shown, a speaker is one who
spoke in them, a text shares its words and figures with them. All else is dropped, without a word.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scenarios.hearing import stem, words_of
from services.core.text import storable
from services.debrief.analysis import (
    MOST_CONCEPTS,
    MOST_ENTITIES,
    MOST_POSITIONS,
    MOST_PROMISES,
    SUMMARY_CHARS,
    Concept,
    Entity,
    Kind,
    MemoryAnalysis,
    Model,
    Position,
    Promise,
    Turn,
    once,
)
from services.debrief.rules import clipped
from services.llm.request import Language

SHARED_RATIO = 0.5
"""So many of a text's words stand in the turns that it cites, at least."""
WORD_LETTERS = 4
"""Shorter words are shared by everything."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


class DraftConcept(Model):
    """A concept as a model writes it; `lines` are the numbers that stand before the lines."""

    text: str
    lines: tuple[int, ...]


class DraftEntity(Model):
    """An entity as a model writes it."""

    name: str
    kind: Kind
    lines: tuple[int, ...]


class DraftPosition(Model):
    """A position as a model writes it; `who` is the id that stands before the words."""

    who: str
    text: str
    lines: tuple[int, ...]


class DraftPromise(Model):
    """A promise as a model writes it; `to` is an id, or empty."""

    who: str
    text: str
    to: str
    lines: tuple[int, ...]


class Draft(Model):
    """All that a model may answer."""

    summary: str
    concepts: tuple[DraftConcept, ...]
    entities: tuple[DraftEntity, ...]
    positions: tuple[DraftPosition, ...]
    promises: tuple[DraftPromise, ...]


EMPTY = Draft(summary="", concepts=(), entities=(), positions=(), promises=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The turns that a model was shown, by number, and who may be spoken of."""

    shown: Mapping[int, Turn]
    people: frozenset[str]
    language: Language

    @classmethod
    def of(
        cls, turns: Sequence[Turn], *, start: int, people: Iterable[str], language: Language
    ) -> "Evidence":
        """The turns after the first `start`."""
        shown = {number: turn for number, turn in enumerate(turns, start=1) if number > start}
        return cls(shown=shown, people=frozenset(people), language=language)

    def lines(self, cited: Iterable[int], *, by: str | None = None) -> tuple[int, ...]:
        """Those of the cited turns that exist, by that speaker if one is named."""
        found = {
            number
            for number in cited
            if number in self.shown and by in {None, self.shown[number].speaker}
        }
        return tuple(sorted(found))

    def holds(self, text: str, lines: Iterable[int], *, ratio: float = SHARED_RATIO) -> bool:
        """Whether the text's words and figures stand in those turns."""
        said = " ".join(self.shown[number].text for number in lines)
        numbers = {_plain(one) for one in _NUMBER.findall(said)}
        if numbers and not {_plain(one) for one in _NUMBER.findall(text)} <= numbers:
            return False
        wanted = self._roots(text)
        return bool(wanted) and len(wanted & self._roots(said)) >= ratio * len(wanted)

    def names(self, name: str, lines: Iterable[int]) -> bool:
        """Whether every word of the name was said in those turns."""
        said = set(words_of(" ".join(self.shown[number].text for number in lines)))
        wanted = set(words_of(name))
        return bool(wanted) and wanted <= said

    def _roots(self, text: str) -> set[str]:
        words = words_of(text)
        long = [word for word in words if len(word) >= WORD_LETTERS] or list(words)
        return {stem(word, self.language)[:6] for word in long}


def checked(draft: Draft, evidence: Evidence, *, turns: int) -> MemoryAnalysis:
    """What of the draft the transcript bears out, as the analysis of its first `turns` turns."""
    return MemoryAnalysis(
        turns=turns,
        source="model",
        summary=_line(draft.summary)[:SUMMARY_CHARS],
        concepts=once(_concepts(draft, evidence), MOST_CONCEPTS),
        entities=once(_entities(draft, evidence), MOST_ENTITIES),
        positions=once(_positions(draft, evidence), MOST_POSITIONS),
        promises=once(_promises(draft, evidence), MOST_PROMISES),
    )


def _concepts(draft: Draft, evidence: Evidence) -> Iterable[Concept]:
    for one in draft.concepts:
        text, lines = clipped(_line(one.text)), evidence.lines(one.lines)
        if lines and evidence.holds(text, lines):
            yield Concept(text=text, turns=lines)


def _entities(draft: Draft, evidence: Evidence) -> Iterable[Entity]:
    for one in draft.entities:
        name, lines = clipped(_line(one.name)), evidence.lines(one.lines)
        if lines and evidence.names(name, lines):
            yield Entity(name=name, kind=one.kind, turns=lines)


def _positions(draft: Draft, evidence: Evidence) -> Iterable[Position]:
    for one in draft.positions:
        text, lines = clipped(_line(one.text)), evidence.lines(one.lines, by=one.who)
        if lines and evidence.holds(text, lines):
            yield Position(who=one.who, text=text, turns=lines)


def _promises(draft: Draft, evidence: Evidence) -> Iterable[Promise]:
    for one in draft.promises:
        text, lines = clipped(_line(one.text)), evidence.lines(one.lines, by=one.who)
        if lines and evidence.holds(text, lines):
            to = one.to if one.to in evidence.people and one.to != one.who else None
            yield Promise(who=one.who, text=text, to=to, turns=lines)


def _line(text: str) -> str:
    return " ".join(storable(text).split())


def _plain(number: str) -> str:
    return number.replace(",", ".")
