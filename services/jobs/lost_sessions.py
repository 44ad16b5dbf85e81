"""Sessions that ended without anybody to say so: the machine stopped, the room is gone."""

from datetime import timedelta

from services.core.clock import Clock
from services.sessions.ports import Presence, SessionStore
from services.sessions.records import SessionStatus
from services.sessions.rooms import Rooms

GRACE = timedelta(minutes=10)
"""Longer than anyone takes to come back to a dropped scene."""

REASON = "lost"


async def end_lost_sessions(
    store: SessionStore, presence: Presence, rooms: Rooms, clock: Clock
) -> int:
    """End sessions on record whose room is closed and whose job has long been silent; how many.

    Raises: BackendError when the store or the LiveKit server cannot answer; nothing is ended then.
    """
    before = clock.now() - GRACE
    suspects = await store.live(started_before=before)
    if not suspects:
        return 0
    still_open = {room.name for room in await rooms.open_rooms()}
    ended = 0
    for room in suspects:
        beat = await presence.get(room)
        if room not in still_open and (beat is None or beat.beat_at < before):
            ended += await store.finish(
                room, status=SessionStatus.FAILED, reason=REASON, at=clock.now()
            )
    return ended
