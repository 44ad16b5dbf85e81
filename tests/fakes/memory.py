"""An analyst in memory: the real one, over scripted models, a store and a cache of the test's."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from services.core.clock import Clock
from services.debrief.analysis import Turn
from services.debrief.asking import About
from services.debrief.kept import CACHE_BYTES, ENTRIES, KEPT_S
from services.debrief.memory import MemoryAnalyst
from services.debrief.ports import Counts, Transcripts
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import Keys
from services.llm.ports import ChatModel, SharedCache
from tests.fakes.chat_model import Script
from tests.fakes.optimizer import SECRET, optimizer_on
from tests.fakes.store import FakeSessionStore

ROOM = "s-0123456789abcdef0123456789abcdef"


@dataclass
class FakeCounts:
    """How often an analysis was known, was made, and how long each took."""

    hits: int = 0
    misses: int = 0
    seconds: list[float] = field(default_factory=list)

    def hit(self) -> None:
        self.hits += 1

    def miss(self) -> None:
        self.misses += 1

    def took(self, seconds: float) -> None:
        self.seconds.append(seconds)


def analyst_on(
    model: ChatModel | None,
    clock: Clock,
    *,
    store: Transcripts | None = None,
    shared: SharedCache | None = None,
    counts: Counts | None = None,
    kept_s: float = KEPT_S,
) -> MemoryAnalyst:
    """An analyst over one model, or over none."""
    return MemoryAnalyst(
        optimizer=optimizer_on(model, clock),
        store=store or FakeSessionStore(),
        answers=AnswerCache(shared, clock, Random(3), max_entries=ENTRIES, max_bytes=CACHE_BYTES),
        keys=Keys(SECRET),
        clock=clock,
        counts=counts or FakeCounts(),
        kept_s=kept_s,
    )


def about(**more: Any) -> About:
    """A session of a debate in French."""
    plain: dict[str, Any] = {
        "session": ROOM,
        "user": "ada",
        "language": "fr",
        "scenario": "debat-tv",
        "revision": "h1",
        "title": "Le débat",
        "role": "ministre",
        "roster": (("morel", "Claire Morel"), ("roche", "Antoine Roche")),
    }
    return About(**(plain | more))


def turn(speaker: str, text: str, *, number: int = 1, name: str = "", cut: bool = False) -> Turn:
    """One turn; the learner's is `u0001`, a character's `a0001-1`."""
    id = f"u{number:04d}" if speaker == "learner" else f"a{number:04d}-1"
    return Turn(speaker=speaker, name=name or speaker.title(), text=text, turn_id=id, cut=cut)


def draft(**parts: Any) -> dict[str, Any]:
    """What a model may answer, as plain data."""
    plain: dict[str, Any] = {
        "summary": "Le ministre promet des chiffres.",
        "concepts": [],
        "entities": [],
        "positions": [],
        "promises": [],
    }
    return plain | parts


def answering(*drafts: dict[str, Any] | str, first_s: float = 0.0) -> tuple[Script, ...]:
    """Scripts of a model that answers with those drafts, one a call."""
    texts = (one if isinstance(one, str) else json.dumps(one) for one in drafts)
    return tuple(Script(pieces=(text,), first_s=first_s) for text in texts)
