"""How many rooms one person has at once, so that nobody takes the whole house."""

from datetime import timedelta

from services.core.clock import Clock
from services.sessions.ports import Presence, SessionStore

ALIVE = timedelta(seconds=60)
"""A job whose last sign of life is older is gone; its session only waits to be ended."""


async def rooms_of(user: str, store: SessionStore, presence: Presence, clock: Clock) -> int:
    """Rooms of that user that a job plays now. Raises: BackendError."""
    now = clock.now()
    beats = [await presence.get(room) for room in await store.live(started_before=now, user=user)]
    return sum(
        beat is not None and not beat.released and beat.beat_at > now - ALIVE for beat in beats
    )
