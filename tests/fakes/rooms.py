"""Rooms in memory: a LiveKit server without sound, and a worker that may be there or not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from services.core.errors import BackendError
from services.sessions.rooms import LiveRoom, Participant


@dataclass
class FakeRooms:
    """The `Rooms` port. `worker` is called for each dispatch; None loses it, as a server does."""

    worker: Callable[[str, str], None] | None = None
    down: bool = False
    dispatched: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    _rooms: dict[str, LiveRoom] = field(default_factory=dict)
    _inside: dict[str, dict[str, Participant]] = field(default_factory=dict)

    def join(self, room: str, identity: str, *, agent: bool = False, metadata: str = "") -> None:
        """Someone comes in; the first one opens the room."""
        self._rooms.setdefault(room, LiveRoom(name=room, metadata=metadata))
        inside = self._inside.setdefault(room, {})
        inside[identity] = Participant(identity=identity, agent=agent)

    def leave(self, room: str, identity: str) -> None:
        """Someone goes; the room stays open, as it does for a while."""
        self._inside.get(room, {}).pop(identity, None)

    async def open_rooms(self) -> tuple[LiveRoom, ...]:
        self._answer()
        return tuple(self._rooms.values())

    async def participants(self, room: str) -> tuple[Participant, ...]:
        self._answer()
        return tuple(self._inside.get(room, {}).values())

    async def remove(self, room: str, identity: str) -> None:
        self._answer()
        self.leave(room, identity)

    async def dispatch(self, room: str, metadata: str) -> None:
        self._answer()
        self.dispatched.append((room, metadata))
        if self.worker is not None:
            self.worker(room, metadata)

    async def note(self, room: str, metadata: str) -> None:
        self._answer()
        if room in self._rooms:
            self._rooms[room] = replace(self._rooms[room], metadata=metadata)

    async def delete(self, room: str) -> None:
        self._answer()
        if self._rooms.pop(room, None) is not None:
            self.deleted.append(room)
        self._inside.pop(room, None)

    def _answer(self) -> None:
        if self.down:
            raise BackendError("LiveKit cannot be reached")
