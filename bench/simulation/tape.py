"""What sounded in a simulated room, and the turns of the person: what a listener could notice."""

from dataclasses import dataclass, field
from typing import Literal

from agents.manager.beats import Beat, Plan

Floor = Literal["cast", "learner", "aside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Somebody sounded, from `begin_s` to `end_s` of the run. `beat` and `plan` for the cast."""

    floor: Floor
    who: str
    text: str
    begin_s: float
    end_s: float
    cut: bool = False
    source: str = ""
    beat: Beat | None = None
    addressed: str | None = None


@dataclass(slots=True)
class Turn:
    """A turn of the person: when it ended, whom they named, and what was planned for it.

    `overtaken` when the person spoke on before anybody could answer.
    """

    words: str
    end_s: float
    addressed: str | None
    plan: Plan
    sound_s: float | None = None
    overtaken: bool = False


@dataclass(slots=True)
class Tape:
    """Everything that sounded, in order of its beginning, and the turns."""

    segments: list[Segment] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    casts: list[tuple[str, ...]] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
