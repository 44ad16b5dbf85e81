"""What every `Rooms` does: the fake, and LiveKit's own server with people and agents in it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from livekit import api, rtc

from services.adapters.livekit_api import LiveKitRooms
from services.core.errors import BackendError
from services.core.ids import new_room
from services.launch.livekit_server import LiveKitServer, livekit_server
from services.sessions.rooms import Participant, Rooms
from tests.fakes.rooms import FakeRooms

AGENT_NAME = "roleplay"


class Place(Protocol):
    """Rooms, and a way to come in."""

    rooms: Rooms

    async def join(self, room: str, identity: str, *, agent: bool = False) -> None: ...

    async def break_down(self) -> None: ...


class FakePlace:
    """Nobody needs a network to come in here."""

    def __init__(self) -> None:
        self.fake = FakeRooms()
        self.rooms: Rooms = self.fake

    async def join(self, room: str, identity: str, *, agent: bool = False) -> None:
        self.fake.join(room, identity, agent=agent, metadata="as minted")

    async def break_down(self) -> None:
        self.fake.down = True


class RealPlace:
    """A server of this test's own; people come in by WebRTC."""

    def __init__(self, server: LiveKitServer, stack: AsyncExitStack, rooms: LiveKitRooms) -> None:
        self.rooms: Rooms = rooms
        self._server = server
        self._stack = stack

    async def join(self, room: str, identity: str, *, agent: bool = False) -> None:
        token = (
            api.AccessToken(self._server.api_key, self._server.api_secret)
            .with_identity(identity)
            .with_kind("agent" if agent else "standard")
            .with_grants(api.VideoGrants(room_join=True, room=room, agent=agent))
            .with_room_config(api.RoomConfiguration(metadata="as minted"))
        )
        person = rtc.Room()
        await person.connect(self._server.url, token.to_jwt())
        self._stack.push_async_callback(person.disconnect)

    async def break_down(self) -> None:
        await self._server.kill()


@asynccontextmanager
async def real_place(folder: Path) -> AsyncIterator[RealPlace]:
    async with livekit_server(folder) as server, AsyncExitStack() as stack:
        rooms = LiveKitRooms(
            server.url,
            api_key=server.api_key,
            api_secret=server.api_secret,
            agent_name=AGENT_NAME,
        )
        stack.push_async_callback(rooms.aclose)
        yield RealPlace(server, stack, rooms)


@pytest.fixture(params=["fake", "livekit"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "fake":
        yield FakePlace()
        return
    async with real_place(tmp_path) as place:
        yield place


async def test_people_and_agents_are_told_apart(place: Place) -> None:
    room = new_room()
    await place.join(room, "u-ada-00000000")
    await place.join(room, "agent-1", agent=True)
    assert set(await place.rooms.participants(room)) == {
        Participant(identity="u-ada-00000000"),
        Participant(identity="agent-1", agent=True),
    }


async def test_an_open_room_is_listed_with_the_note_that_its_token_carried(place: Place) -> None:
    assert await place.rooms.open_rooms() == ()
    room = new_room()
    await place.join(room, "u-ada-00000000")
    (found,) = await place.rooms.open_rooms()
    assert (found.name, found.metadata) == (room, "as minted")


async def test_a_note_replaces_the_one_before(place: Place) -> None:
    room = new_room()
    await place.join(room, "u-ada-00000000")
    await place.rooms.note(room, "agent lost")
    (found,) = await place.rooms.open_rooms()
    assert found.metadata == "agent lost"


async def test_who_is_removed_is_gone_and_the_others_stay(place: Place) -> None:
    room = new_room()
    await place.join(room, "u-ada-00000000")
    await place.join(room, "agent-1", agent=True)
    await place.rooms.remove(room, "agent-1")
    assert await place.rooms.participants(room) == (Participant(identity="u-ada-00000000"),)


async def test_a_deleted_room_is_empty_and_no_longer_listed(place: Place) -> None:
    room = new_room()
    await place.join(room, "u-ada-00000000")
    await place.rooms.delete(room)
    assert await place.rooms.open_rooms() == ()
    assert await place.rooms.participants(room) == ()


async def test_a_dispatch_without_a_worker_is_lost_without_a_word(place: Place) -> None:
    room = new_room()
    await place.join(room, "u-ada-00000000")
    await place.rooms.dispatch(room, "{}")
    assert await place.rooms.participants(room) == (Participant(identity="u-ada-00000000"),)


async def test_what_is_gone_is_no_error(place: Place) -> None:
    room = new_room()
    assert await place.rooms.participants(room) == ()
    await place.rooms.remove(room, "agent-1")
    await place.rooms.note(room, "x")
    await place.rooms.delete(room)


async def test_j10_a_server_that_is_down_is_a_backend_error(place: Place) -> None:
    await place.break_down()
    with pytest.raises(BackendError):
        await place.rooms.open_rooms()


async def test_a_wrong_secret_is_not_worth_another_try(tmp_path: Path) -> None:
    async with livekit_server(tmp_path) as server:
        rooms = LiveKitRooms(
            server.url, api_key=server.api_key, api_secret="x" * 40, agent_name=AGENT_NAME
        )
        try:
            with pytest.raises(BackendError) as refused:
                await rooms.open_rooms()
        finally:
            await rooms.aclose()
    assert (refused.value.retryable, refused.value.status) == (False, 401)
