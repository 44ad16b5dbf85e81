"""The manager's answer: an ordered plan of beats, and one line saying why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class BeatKind(StrEnum):
    """What a beat is for."""

    OPENING = "opening"
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    PROMPT = "prompt"
    EVENT = "event"
    RECAP = "recap"
    CUT_IN = "cut_in"
    CLOSING = "closing"

    @property
    def line(self) -> Literal["opening", "answer", "closing", "reaction"]:
        """Which of an understudy's lines fits the beat."""
        match self:
            case BeatKind.OPENING:
                return "opening"
            case BeatKind.CLOSING:
                return "closing"
            case BeatKind.FOLLOW_UP:
                return "reaction"
            case _:
                return "answer"


class Rung(StrEnum):
    """Which rung of the selection ladder decided."""

    ADDRESSED = "addressed"
    PHASE_RULE = "phase_rule"
    SCORE = "score"
    MODEL = "model"
    EVENT = "event"
    SCENE = "scene"


class Stance(StrEnum):
    """How a follow-up stands to what another character just said."""

    AGREE = "agree"
    OBJECT = "object"
    BUILD = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One character saying one thing.

    `say` is fixed text (an event's or an authored line); without it the words are asked for, with
    `cue` telling the character why it speaks now. `lead_in` is fixed text that is spoken before
    them. `id` is the turn_id of captions and records. `event` is the id of the event that the beat
    tells of, `stance` a follow-up's.
    """

    id: str
    persona: str
    kind: BeatKind
    phase: str
    cue: str = ""
    say: str | None = None
    max_words: int = 45
    event: str | None = None
    stance: Stance | None = None
    lead_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What speaks for a candidate: the sum, and each term by its name, rounded to 4 digits."""

    persona: str
    total: float
    terms: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why these characters speak: shown in logs and events, never with what was said.

    `candidates` are all who might have spoken then. `scores` best first, where something was
    weighed: what was said, or for how long. `tied` are those between whom a model may choose;
    empty once it has, and where one is clearly ahead. `ignored` when a choice was given that is
    none of them.
    """

    rung: Rung
    chosen: tuple[str, ...]
    reason: str
    candidates: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    tied: tuple[str, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What committing a plan changes in the scene, besides counting the learner's turn.

    `to_phase` is entered only from `from_phase`, so that a plan made before another one moved the
    scene on cannot move it back. `prompts` when the plan breaks a silence; `silent_s` is how long
    that silence had lasted. `arrives` are late guests who are in the room from now on. `returns`
    when the learner is back in the room: their silence begins anew.
    """

    fires: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    arrives: tuple[str, ...] = ()
    from_phase: str | None = None
    to_phase: str | None = None
    begins: bool = False
    prompts: bool = False
    silent_s: float | None = None
    returns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Beats in order. `ends` when the scene is over once they were played.

    `serial` numbers the state of the scene that the plan was made for.
    """

    beats: tuple[Beat, ...]
    decision: Decision
    ends: bool = False
    end_reason: str | None = None
    effects: Effects = Effects()
    serial: int = 0
