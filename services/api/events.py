"""A session's events as a stream (SSE): nothing is missed by who comes back with Last-Event-ID.

Read with fetch, so that the call can carry its bearer token. The store is asked twice a second;
the stream ends by itself after the last event of an ended session, and when the app drains.
"""

import json
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from services.api.health import Drain
from services.api.parts import PartsOf
from services.api.sessions import OwnSession
from services.sessions.ports import SessionStore
from services.sessions.records import SessionEvent, SessionStatus

POLL_S = 0.5
HEARTBEAT_S = 15.0

UNTOLD = frozenset({"move"})
"""Kept for replay alone: they hold the scene's seed and snapshots, guests and secrets by id."""

router = APIRouter(prefix="/api/sessions/{room}", tags=["sessions"])


@router.get(
    "/events",
    operation_id="streamEvents",
    summary="What happens in a session, as server-sent events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "one message an event: `id` its number, `event` its kind, `data` JSON",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 7\nevent: phase\ndata: {"at": "…", "phase": "debat"}\n\n',
                }
            },
        }
    },
)
async def stream_events(
    request: Request,
    parts: PartsOf,
    session: OwnSession,
    last_event_id: Annotated[
        str | None, Header(description="`id` of the last message that was read")
    ] = None,
) -> StreamingResponse:
    """All events of the session later than `Last-Event-ID`, then new ones as they happen."""
    after = (
        int(last_event_id)
        if last_event_id and last_event_id.isascii() and last_event_id.isdigit()
        else 0
    )
    drain: Drain = request.app.state.drain
    return StreamingResponse(
        told(parts.store, session.room, after_seq=after, drain=drain),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def told(
    store: SessionStore, room: str, *, after_seq: int, drain: Drain
) -> AsyncGenerator[str]:
    """The messages of a stream, all but UNTOLD; a comment every 15 s keeps the line open."""
    quiet_s = 0.0
    yield "retry: 1000\n\n"
    while True:
        session = await store.get(room)  # before the events: the last one is then never missed
        for event in await store.events(room, after_seq=after_seq):
            after_seq = event.seq
            if event.kind not in UNTOLD:
                quiet_s = 0.0
                yield message(event)
        if session is None or session.status is not SessionStatus.LIVE:
            return
        if await drain.within(POLL_S):
            return
        quiet_s += POLL_S
        if quiet_s >= HEARTBEAT_S:
            quiet_s = 0.0
            yield ": still here\n\n"


def message(event: SessionEvent) -> str:
    """One event on the wire. JSON holds no line break, so the data is one line."""
    data = json.dumps({"at": event.at.isoformat(), **event.data}, ensure_ascii=False)
    kind = "".join(c for c in event.kind if c.isprintable())
    return f"id: {event.seq}\nevent: {kind}\ndata: {data}\n\n"
