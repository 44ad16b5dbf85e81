"""What the manager needs from outside, and may do without: opinions of models, and a memory.

Every one of them may be late, wrong or gone: rules decide then, and nobody notices a pause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.cast.moment import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who of the tied ones speaks? `heard` is what was said up to now, the latest last.

    Every candidate heard everything in it; no character's knowledge is part of it.
    """

    candidates: tuple[str, ...]
    goal: str
    spoke_last: str | None
    heard: tuple[Said, ...]


OUTSIDE = "?"
"""Stands for a choice that is none of the candidates, whatever the model wrote: no character's id,
and none of its words."""


class Chooser(Protocol):
    """A model that may choose between equals."""

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        """Whom the model names, or None when it is late or of no use.

        Anything but one of the candidates is ignored and counted by whoever asks.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """By how much a mood moves, each -1 to 1."""

    trust: float = 0.0
    impatience: float = 0.0


class Judge(Protocol):
    """A model that tells how a character takes what was said, where rules see nothing."""

    async def judge(self, heard: Sequence[Said], personas: Sequence[str]) -> Mapping[str, Shift]:
        """Shifts by character, {} when it has no answer.

        What is told of anybody else is ignored and counted by whoever asks.
        """
        ...


class Recollection(Protocol):
    """What the session established so far, beyond the window of what was heard last."""

    def recalled(self, persona: str) -> str:
        """What that character heard of it, as text for a prompt; "" when the window holds all."""
        ...
