"""What a session established, as data: every item names the turns that it stands on.

Owns the shape and how an analysis grows with its session. Turns are numbered from 1, in the order
in which they were heard.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from scenarios.hearing import words_of

MOST_PROMISES = 60
MOST_POSITIONS = 40
MOST_CONCEPTS = 24
MOST_ENTITIES = 40
SUMMARY_CHARS = 1200
TEXT_CHARS = 240

Kind = Literal["person", "organisation", "place", "figure", "date", "name", "other"]
Source = Literal["model", "rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said and heard, whoever keeps it. `cut` when the speaker was interrupted."""

    speaker: str
    name: str
    text: str
    turn_id: str
    cut: bool = False


class Model(BaseModel):
    """Base of every part: frozen, unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Concept(Model):
    """A subject that was talked about."""

    text: str
    turns: tuple[int, ...]


class Entity(Model):
    """Somebody, something or a figure that was named; `name` as it was said."""

    name: str
    kind: Kind
    turns: tuple[int, ...]


class Position(Model):
    """What a speaker holds. `who` is a character's id or `learner`."""

    who: str
    text: str
    turns: tuple[int, ...]


class Promise(Model):
    """What a speaker undertook to do; `to` is whom, where that is known."""

    who: str
    text: str
    turns: tuple[int, ...]
    to: str | None = None


class MemoryAnalysis(Model):
    """What the first `turns` turns of a session established.

    `source` is `rules` when no model had any part in its latest stretch.
    """

    turns: int = Field(ge=0)
    source: Source
    summary: str = ""
    concepts: tuple[Concept, ...] = ()
    entities: tuple[Entity, ...] = ()
    positions: tuple[Position, ...] = ()
    promises: tuple[Promise, ...] = ()


NOTHING = MemoryAnalysis(turns=0, source="rules")
"""The analysis of a session in which nobody has said anything."""


class _Item(Protocol):
    @property
    def turns(self) -> tuple[int, ...]: ...


Item = TypeVar("Item", bound=_Item)


def merged(earlier: MemoryAnalysis, later: MemoryAnalysis) -> MemoryAnalysis:
    """The earlier analysis with what a later stretch of the same session adds to it.

    The later summary stands for the whole, where there is one. Beyond the bounds the oldest items
    go; what is noted twice is kept once, with the turns of both.
    """
    return MemoryAnalysis(
        turns=max(earlier.turns, later.turns),
        source=later.source,
        summary=later.summary or earlier.summary,
        concepts=_joined(earlier.concepts, later.concepts, MOST_CONCEPTS),
        entities=_joined(earlier.entities, later.entities, MOST_ENTITIES),
        positions=_joined(earlier.positions, later.positions, MOST_POSITIONS),
        promises=_joined(earlier.promises, later.promises, MOST_PROMISES),
    )


def once(items: Iterable[Item], most: int) -> tuple[Item, ...]:
    """The items, each once, the latest `most` of them."""
    return _joined((), tuple(items), most)


def _joined(one: Sequence[Item], other: Sequence[Item], most: int) -> tuple[Item, ...]:
    found: dict[tuple[object, ...], Item] = {}
    for item in (*one, *other):
        key = _sense(item)
        known = found.get(key)
        found[key] = item if known is None else _of_both(known, item)
    return tuple(found.values())[-most:]


def _sense(item: object) -> tuple[object, ...]:
    """The same for items that say the same of the same speaker."""
    if isinstance(item, Concept):
        return words_of(item.text)
    if isinstance(item, Entity):
        return words_of(item.name) or (item.name,)
    if isinstance(item, Position | Promise):
        return (item.who, *words_of(item.text))
    raise TypeError(type(item).__name__)


def _of_both(known: Item, item: Item) -> Item:
    if not isinstance(known, Model):
        return known
    turns = tuple(sorted({*known.turns, *item.turns}))
    return known.model_copy(update={"turns": turns})
