"""An analysis without a model: what was promised, held, counted and named, by rules.

Owns which sentences count. Every text is a sentence as it was said, so nothing can be invented;
what is said in other words than the patterns know is missed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from scenarios.hearing import stem, words_of
from services.debrief.analysis import (
    TEXT_CHARS,
    Concept,
    Entity,
    Kind,
    MemoryAnalysis,
    Position,
    Promise,
    Turn,
    once,
)
from services.debrief.patterns import patterns
from services.llm.request import Language

CONCEPTS = 8
CONCEPT_TURNS = 2
"""A subject is a word that was said in so many turns, at least."""
CONCEPT_LETTERS = 6
TURN_CHARS = 12_000
"""So much of one turn is looked at: more than ten minutes of speech."""

_SENTENCES = re.compile(r"(?<=[.!?…;])\s+|\n+")
_COMMAS = re.compile(r"(?<=,)\s+")
_UNITS = (
    r"%|‰|€|\$|£|pour cent|per ?cent|points?|euros?|dollars?|k€|M€|km|kilomètres?|tonnes?"
    r"|ans?|mois|semaines?|jours?|heures?|minutes?|years?|months?|weeks?|days?|hours?"
    r"|emplois?|postes?|salariés?|personnes?|clients?|jobs?|people|customers?"
)
_FIGURE = re.compile(
    r"[€$£]?\b\d+(?:[ \u00a0\u202f.,]\d+)*"
    r"(?:\s?(?:mille|millions?|milliards?|thousand|billions?)\b)?"
    rf"(?:\s?(?:d['’]|de\s|of\s)?(?:{_UNITS})(?!\w))?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CAPITAL = re.compile(r"[^\W\d_a-zà-öø-ÿ][\w’'-]+")
_WORD = re.compile(r"[\w’'-]+|[.!?…:«»“”\"]")
_NO_NAMES = frozenset({"i", "i'm", "i'll", "i've", "i'd", "i’m", "i’ll", "i’ve", "i’d"})


def ruled(
    turns: Sequence[Turn], *, language: Language, start: int = 0, summary: bool = True
) -> MemoryAnalysis:
    """What rules find in the turns after the first `start`, which other analyses speak of."""
    looked = [(number, turn) for number, turn in enumerate(turns, start=1) if number > start]
    found = patterns(language)
    promises: list[Promise] = []
    positions: list[Position] = []
    entities: list[Entity] = []
    for number, turn in looked:
        for sentence in sentences(turn.text[:TURN_CHARS]):
            if found.promises_something(sentence):
                promises.append(Promise(who=turn.speaker, text=sentence, turns=(number,)))
            elif found.takes_a_position(sentence):
                positions.append(Position(who=turn.speaker, text=sentence, turns=(number,)))
            entities += _entities(sentence, number)
    return MemoryAnalysis(
        turns=len(turns),
        source="rules",
        summary=_summary(turns, len(promises), language) if summary and turns else "",
        concepts=_concepts(looked, language, found.stop),
        entities=once(entities, 40),
        positions=once(positions, 40),
        promises=once(promises, 60),
    )


def sentences(text: str) -> Iterator[str]:
    """The sentences of a turn, each clipped to what an item holds; long ones cut at commas."""
    for sentence in _SENTENCES.split(" ".join(text.split())):
        if len(sentence) <= TEXT_CHARS:
            pieces: list[str] = [sentence]
        else:
            pieces = _COMMAS.split(sentence)
        yield from (piece for piece in map(clipped, pieces) if piece)


def clipped(text: str) -> str:
    """The text on one line, no longer than an item may be, ending with a word."""
    line = " ".join(text.split())
    if len(line) <= TEXT_CHARS:
        return line
    return f"{line[: TEXT_CHARS - 1].rpartition(' ')[0] or line[: TEXT_CHARS - 1]}…"


def _entities(sentence: str, number: int) -> Iterator[Entity]:
    for figure in _FIGURE.finditer(sentence):
        name = " ".join(figure.group().split())
        kind: Kind = "date" if _YEAR.fullmatch(name) else "figure"
        yield Entity(name=name, kind=kind, turns=(number,))
    for name in _names(sentence):
        yield Entity(name=name, kind="name", turns=(number,))


def _names(sentence: str) -> Iterator[str]:
    """Capitalised words that do not begin a sentence, neighbours as one name."""
    name: list[str] = []
    for before, word in pairwise([".", *_WORD.findall(sentence), "."]):
        named = (
            _CAPITAL.fullmatch(word) is not None
            and word.casefold() not in _NO_NAMES
            and (bool(name) or before[-1].isalnum())
        )
        if named:
            name.append(word)
        elif name:
            yield " ".join(name)
            name = []


def _concepts(
    looked: Sequence[tuple[int, Turn]], language: Language, stop: frozenset[str]
) -> tuple[Concept, ...]:
    """The words that come back from turn to turn, the commonest first."""
    said_in: defaultdict[str, set[int]] = defaultdict(set)
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for number, turn in looked:
        for word in re.findall(r"[^\W\d_]+", turn.text[:TURN_CHARS]):
            folded = " ".join(words_of(word))
            if len(folded) < CONCEPT_LETTERS or folded in stop:
                continue
            root = stem(folded, language)
            said_in[root].add(number)
            forms[root][word.casefold()] += 1
    common = sorted(said_in, key=lambda root: (-len(said_in[root]), min(said_in[root]), root))
    return tuple(
        Concept(text=forms[root].most_common(1)[0][0], turns=tuple(sorted(said_in[root])))
        for root in common[:CONCEPTS]
        if len(said_in[root]) >= CONCEPT_TURNS
    )


def _summary(turns: Sequence[Turn], promises: int, language: Language) -> str:
    """Who spoke how often: all that rules can say of the whole."""
    spoke = Counter(turn.name or turn.speaker for turn in turns)
    who = ", ".join(f"{name} {count}" for name, count in spoke.most_common(8))
    if language == "fr":
        return f"{len(turns)} prises de parole : {who}. Engagements relevés : {promises}."
    return f"{len(turns)} turns: {who}. Commitments found: {promises}."
