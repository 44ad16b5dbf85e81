"""What the studio needs from the LiveKit server: who is in which room, and a way to act there.

Owns the port and its plain records; the adapter is `services.adapters.livekit_api`.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRoom:
    """A room that is open on the server. `metadata` is what `access.room_note` wrote."""

    name: str
    metadata: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Someone in a room; `agent` when a worker's job, not a person."""

    identity: str
    agent: bool = False


class Rooms(Protocol):
    """The rooms of one LiveKit server.

    Every method raises BackendError when the server cannot answer. A room or participant that is
    gone by now is no error: nothing is listed, nothing is done.
    """

    async def open_rooms(self) -> tuple[LiveRoom, ...]:
        """All rooms that are open now."""
        ...

    async def participants(self, room: str) -> tuple[Participant, ...]:
        """Who is in the room; a killed job stays listed for about 20 s."""
        ...

    async def remove(self, room: str, identity: str) -> None:
        """Puts a participant out."""
        ...

    async def dispatch(self, room: str, metadata: str) -> None:
        """Asks the server for an agent once. Lost without a word when no worker is free."""
        ...

    async def note(self, room: str, metadata: str) -> None:
        """Replaces the room's metadata: everyone in it is told."""
        ...

    async def delete(self, room: str) -> None:
        """Closes the room for everybody."""
        ...
