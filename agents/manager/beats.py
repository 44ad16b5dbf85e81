"""The manager's answer: an ordered plan of beats, and one line saying why."""

from dataclasses import dataclass
from enum import StrEnum


class BeatKind(StrEnum):
    """What a beat is for."""

    OPENING = "opening"
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    PROMPT = "prompt"
    EVENT = "event"
    RECAP = "recap"
    CLOSING = "closing"


class Rung(StrEnum):
    """Which rung of the selection ladder decided."""

    ADDRESSED = "addressed"
    PHASE_RULE = "phase_rule"
    SCORE = "score"
    MODEL = "model"
    EVENT = "event"
    SCENE = "scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One character saying one thing.

    `say` is fixed text (an event's or an authored line); without it the words are asked for, with
    `cue` telling the character why it speaks now. `id` is the turn_id of captions and records.
    """

    id: str
    persona: str
    kind: BeatKind
    phase: str
    cue: str = ""
    say: str | None = None
    max_words: int = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why these characters speak: shown in logs and events, never with what was said."""

    rung: Rung
    chosen: tuple[str, ...]
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Beats in order. `ends` when the scene is over once they were played."""

    beats: tuple[Beat, ...]
    decision: Decision
    ends: bool = False
    end_reason: str | None = None
