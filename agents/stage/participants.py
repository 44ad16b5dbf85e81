"""Who is in the room: the learner, who may drop and come back, and those who only listen."""

import asyncio
import time
from collections.abc import Callable

from livekit import rtc

from services.core.ids import owner_of


def microphone_sid(room: rtc.Room, identity: str) -> str:
    """The sid of a person's microphone track, "" when they only type."""
    person = room.remote_participants.get(identity)
    if person is None:
        return ""
    for sid, publication in person.track_publications.items():
        if publication.source == rtc.TrackSource.SOURCE_MICROPHONE:
            return sid
    return ""


class Learner:
    """The person whose session it is. `identity` is the one they are in the room with now.

    `on_left` when they are gone, `on_back` when they return under this identity or another of
    theirs and for how many seconds they were gone, `on_gave_up` when they stayed away for longer
    than the scene allows.
    """

    def __init__(self, room: rtc.Room, *, user: str) -> None:
        self.identity = ""
        self._room = room
        self._user = user
        self._came = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._on_left: Callable[[], None] = lambda: None
        self._left_s = 0.0
        self._absence_s = 0.0
        self._on_back: Callable[[float], None] = lambda _: None
        self._on_gave_up: Callable[[], None] = lambda: None

    async def come(self, limit_s: float) -> bool:
        """Waits for the person; False when nobody came in time."""
        self._room.on("participant_connected", self._connected)
        self._room.on("participant_disconnected", self._disconnected)
        for participant in list(self._room.remote_participants.values()):
            self._connected(participant)
        try:
            await asyncio.wait_for(self._came.wait(), limit_s)
        except TimeoutError:
            return False
        return True

    def watch(
        self,
        *,
        on_left: Callable[[], None],
        on_back: Callable[[float], None],
        on_gave_up: Callable[[], None],
        absence_s: float,
    ) -> None:
        """Whom to tell. If the person has left meanwhile, that is told at once."""
        self._on_left, self._on_back, self._on_gave_up = on_left, on_back, on_gave_up
        self._absence_s = absence_s
        if self._timer is not None:
            self._wait()
            on_left()

    def owns(self, identity: str) -> bool:
        """Whether the identity is this person's."""
        return owner_of(identity) == self._user

    def _connected(self, participant: rtc.RemoteParticipant) -> None:
        if not self.owns(participant.identity):
            return
        away = self._timer is not None
        if self.identity and not away:
            return
        self.identity = participant.identity
        self._came.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._on_back(time.monotonic() - self._left_s)

    def _disconnected(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self.identity or self._timer is not None:
            return
        there = self._room.remote_participants.values()
        other = next((o for o in there if self.owns(o.identity) and o is not participant), None)
        if other is not None:  # they came from a second device before they left the first
            self.identity = other.identity
            self._on_back(0.0)
            return
        self._left_s = time.monotonic()
        self._wait()
        self._on_left()

    def _wait(self) -> None:
        """Starts to wait for them, as long as the scene allows from the moment they left."""
        if self._timer is not None:
            self._timer.cancel()
        left_s = self._left_s + self._absence_s - time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(left_s, lambda: self._on_gave_up())
