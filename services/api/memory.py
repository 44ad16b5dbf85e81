"""What a session established: `POST /api/memory/analyze`.

Owns the call and its answer. A user sees only their own sessions; how an analysis is made and kept
is `services.debrief`'s.
"""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.api.auth import Player
from services.api.idempotency import Idempotency, Key
from services.api.parts import PartsOf
from services.api.sessions import own_session
from services.debrief.analysis import MemoryAnalysis
from services.debrief.kept import KEPT_S
from services.debrief.memory import Analysed
from services.llm.cache.key import Tag

router = APIRouter(tags=["sessions"])


class MemoryRequest(BaseModel):
    """Which session is analysed; with `force` anew, whatever is known."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [{"session_id": "s-0123456789abcdef0123456789abcdef", "force": False}]
        },
    )

    session_id: str = Field(max_length=200, description="the room's name")
    force: bool = Field(default=False, strict=True)


class ConceptView(BaseModel):
    """A subject; `turns` are numbers from 1, in the order of the transcript."""

    model_config = ConfigDict(frozen=True)

    text: str
    turns: tuple[int, ...]


class EntityView(BaseModel):
    """Somebody, something or a figure, named as it was said."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    turns: tuple[int, ...]


class PositionView(BaseModel):
    """What a speaker holds."""

    model_config = ConfigDict(frozen=True)

    text: str
    turns: tuple[int, ...]


class PromiseView(BaseModel):
    """What a speaker undertook to do, and `to` whom: a speaker's id, or null."""

    model_config = ConfigDict(frozen=True)

    text: str
    to: str | None
    turns: tuple[int, ...]


class SpeakerView(BaseModel):
    """What one of them held and promised. `speaker` is a character's id or `learner`."""

    model_config = ConfigDict(frozen=True)

    speaker: str
    name: str
    positions: tuple[PositionView, ...]
    promises: tuple[PromiseView, ...]


class MemoryView(BaseModel):
    """What the first `turns` turns established. `source` `rules`: no model could be asked."""

    model_config = ConfigDict(frozen=True)

    session_id: str
    turns: int
    source: Literal["model", "rules"]
    cached: bool = Field(description="whether it was known before this call")
    summary: str
    concepts: tuple[ConceptView, ...]
    entities: tuple[EntityView, ...]
    speakers: tuple[SpeakerView, ...]


@router.post(
    "/api/memory/analyze",
    operation_id="analyzeMemory",
    summary="What a session established, item by item with the turns it stands on",
)
async def analyze_memory(
    request: Request, asked: MemoryRequest, parts: PartsOf, caller: Player, key: Key = None
) -> MemoryView:
    """One call to a cheap model, or none: an analysis is known for an hour, as long as nothing
    more is said. Without a model it is made by rules. Every item was held against the transcript:
    it names turns that exist, and speakers who spoke in them."""
    session = await own_session(asked.session_id, parts, caller)

    async def work() -> MemoryView:
        found = await parts.memory.analyse(session.room, force=asked.force)
        return view(session.room, found)

    once: Idempotency = request.app.state.idempotency
    tag = (parts.keys.tag(Tag.SESSION, session.room),) if parts.keys is not None else ()
    return await once.once(
        key,
        user=caller.user,
        operation="memory",
        asked=asked,
        shape=MemoryView,
        work=work,
        kept_s=KEPT_S,
        tags=tag,
    )


def view(session: str, found: Analysed) -> MemoryView:
    """The analysis as it goes out, speaker by speaker in the order they were first heard."""
    analysis = found.analysis
    return MemoryView(
        session_id=session,
        turns=analysis.turns,
        source=analysis.source,
        cached=found.cached,
        summary=analysis.summary,
        concepts=tuple(ConceptView(text=c.text, turns=c.turns) for c in analysis.concepts),
        entities=tuple(
            EntityView(name=e.name, kind=e.kind, turns=e.turns) for e in analysis.entities
        ),
        speakers=_speakers(analysis, found.names),
    )


def _speakers(analysis: MemoryAnalysis, names: Mapping[str, str]) -> tuple[SpeakerView, ...]:
    return tuple(
        SpeakerView(
            speaker=id,
            name=name,
            positions=tuple(
                PositionView(text=one.text, turns=one.turns)
                for one in analysis.positions
                if one.who == id
            ),
            promises=tuple(
                PromiseView(text=one.text, to=one.to, turns=one.turns)
                for one in analysis.promises
                if one.who == id
            ),
        )
        for id, name in names.items()
    )
