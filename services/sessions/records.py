"""A session on record, as frozen data. A room's name is its session's id."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class SessionStatus(StrEnum):
    """Where a session stands."""

    LIVE = "live"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One scene with one learner.

    `scene` is the manager's snapshot (JSON), written with each turn; `scenario_hash` pins the
    version that this session plays; `understudy` tells that no model is configured.
    """

    room: str
    user: str
    scenario_id: str
    scenario_hash: str
    scenario_text: str
    language: str
    started_at: datetime
    status: SessionStatus = SessionStatus.LIVE
    ended_at: datetime | None = None
    end_reason: str | None = None
    scene: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """One thing said and heard. `(room, turn_id)` is unique: writing it twice changes nothing.

    `speaker` is a character's id or `learner`. `text` is what was really heard, `cut` whether the
    speaker was interrupted.
    """

    room: str
    turn_id: str
    speaker: str
    speaker_name: str
    text: str
    source: str
    phase: str
    at: datetime
    cut: bool = False
    kind: str = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """Something that happened in a session, for whoever watches it. `data` holds no speech.

    `seq` grows within the room and is given by the store.
    """

    room: str
    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A job's sign of life. `released` when it left on purpose."""

    room: str
    job_id: str
    identity: str
    beat_at: datetime
    released: bool = False


Participation = Literal["learner", "trainer", "spectator"]
