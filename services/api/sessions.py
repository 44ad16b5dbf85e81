"""A session over HTTP: where it stands, who said what. A user sees only their own.

Somebody else's session is answered like one that does not exist.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from services.api.auth import AnyCaller
from services.api.parts import Catalogue, PartsOf
from services.api.problems import ProblemError
from services.core.ids import is_room
from services.sessions.records import SessionEvent, SessionRecord, SessionStatus, TurnRecord

router = APIRouter(prefix="/api/sessions/{room}", tags=["sessions"])


class SceneRef(BaseModel):
    """The scene that a session plays."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str


class SessionView(BaseModel):
    """Where a session stands."""

    model_config = ConfigDict(frozen=True)

    room: str
    scenario: SceneRef
    language: str
    status: SessionStatus
    phase: str | None
    turns: int
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None


class TurnView(BaseModel):
    """One thing that was said and heard. `speaker` is a character's id or `learner`."""

    model_config = ConfigDict(frozen=True)

    turn_id: str
    speaker: str
    speaker_name: str
    text: str
    source: str
    phase: str
    at: datetime
    cut: bool
    kind: str


class TranscriptView(BaseModel):
    """Who said what, in the order it was heard."""

    model_config = ConfigDict(frozen=True)

    room: str
    scenario: SceneRef
    status: SessionStatus
    turns: tuple[TurnView, ...]


class DebriefView(BaseModel):
    """The debrief of a session and how far it is."""

    model_config = ConfigDict(frozen=True)

    room: str
    status: str


async def own_session(room: str, parts: PartsOf, caller: AnyCaller) -> SessionRecord:
    """The caller's own session. Raises: ProblemError 404, whoever else's it may be."""
    session = await parts.store.get(room) if is_room(room) else None
    if session is None or session.user != caller.user:
        raise ProblemError(404, "session_unknown", "you have no session of that name")
    return session


OwnSession = Annotated[SessionRecord, Depends(own_session)]


@router.get("", operation_id="getSession", summary="Where a session stands")
async def get_session(parts: PartsOf, session: OwnSession) -> SessionView:
    """The state of a session; its record appears when the cast has arrived."""
    phase = session.scene.get("phase")
    return SessionView(
        room=session.room,
        scenario=scene_ref(parts.catalogue, session.scenario_id),
        language=session.language,
        status=session.status,
        phase=phase if isinstance(phase, str) else None,
        turns=len(await parts.store.turns(session.room)),
        started_at=session.started_at,
        ended_at=session.ended_at,
        end_reason=session.end_reason,
    )


@router.get("/transcript", operation_id="getTranscript", summary="Who said what")
async def get_transcript(parts: PartsOf, session: OwnSession) -> TranscriptView:
    """Every turn as it was really heard; complete at any time, also while the scene runs."""
    return TranscriptView(
        room=session.room,
        scenario=scene_ref(parts.catalogue, session.scenario_id),
        status=session.status,
        turns=tuple(_turn(turn) for turn in await parts.store.turns(session.room)),
    )


@router.get(
    "/debrief",
    operation_id="getDebrief",
    summary="The debrief of a session",
    dependencies=[Depends(own_session)],
)
async def get_debrief() -> DebriefView:
    """The debrief; 404 with the code `debrief_not_available` while there is none."""
    raise ProblemError(404, "debrief_not_available", "this session has no debrief")


@router.post("/end", operation_id="endSession", summary="End a session at once")
async def end_session(parts: PartsOf, session: OwnSession) -> SessionView:
    """Ends the session and closes its room, without a spoken closing (that is the RPC
    `repartee.end`): for a client that cannot reach the room. Ending twice changes nothing."""
    ended, reason, now = SessionStatus.ENDED, "learner", parts.clock.now()
    if session.status is SessionStatus.LIVE:  # the event first: a stream ends with the status
        facts = {"reason": reason, "status": ended.value}
        event = SessionEvent(room=session.room, kind="ended", at=now, data=facts)
        await parts.store.add_event(event)
        await parts.store.finish(session.room, status=ended, reason=reason, at=now)
    if parts.rooms is not None:
        await parts.rooms.delete(session.room)
    return await get_session(parts, await parts.store.get(session.room) or session)


def scene_ref(catalogue: Catalogue, id: str) -> SceneRef:
    """The scene by name; its id where the catalogue has lost it."""
    try:
        return SceneRef(id=id, title=catalogue.get(id).scenario.title)
    except KeyError:
        return SceneRef(id=id, title=id)


def _turn(turn: TurnRecord) -> TurnView:
    return TurnView(
        turn_id=turn.turn_id,
        speaker=turn.speaker,
        speaker_name=turn.speaker_name,
        text=turn.text,
        source=turn.source,
        phase=turn.phase,
        at=turn.at,
        cut=turn.cut,
        kind=turn.kind,
    )
