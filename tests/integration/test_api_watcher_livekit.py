"""The watcher on a real server: what a person in the room is told, and who is put out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from livekit import api, rtc

from services.adapters.livekit_api import LiveKitRooms
from services.api.app import create_app
from services.api.health import Pulse
from services.api.watcher import Watcher
from services.launch.livekit_server import LiveKitServer, livekit_server
from services.sessions.records import Heartbeat
from tests.fakes.parts import FakeParts, settings

AGENT_NAME = "roleplay"
NEWS_LIMIT_S = 10


@dataclass
class Studio:
    """The app's door, a watcher, a real server, and a clock that this test moves."""

    server: LiveKitServer
    parts: FakeParts
    watcher: Watcher
    stack: AsyncExitStack
    notes: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def person(self) -> str:
        """Comes in by a minted token, as a page does; returns the room."""
        transport = httpx.ASGITransport(app=create_app(self.parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            seat = (await client.post("/api/livekit/token")).json()
        room = rtc.Room()
        room.on("room_metadata_changed", lambda old, new: self.notes.put_nowait(new))
        await room.connect(seat["server_url"], seat["participant_token"])
        self.stack.push_async_callback(room.disconnect)
        return str(seat["room_name"])

    async def agent(self, room: str, identity: str) -> None:
        """A job that has joined, with a first heartbeat."""
        token = (
            api.AccessToken(self.server.api_key, self.server.api_secret)
            .with_identity(identity)
            .with_kind("agent")
            .with_grants(api.VideoGrants(room_join=True, room=room, agent=True))
        )
        joined = rtc.Room()
        await joined.connect(self.server.url, token.to_jwt())
        self.stack.push_async_callback(joined.disconnect)
        beat = Heartbeat(
            room=room, job_id=identity, identity=identity, beat_at=self.parts.clock.now()
        )
        assert await self.parts.presence.claim(beat, stale_after_s=3)

    async def later(self, seconds: float) -> None:
        self.parts.clock.advance(seconds)
        await self.watcher.tick()

    async def told(self) -> str:
        note = await asyncio.wait_for(self.notes.get(), NEWS_LIMIT_S)
        return str(json.loads(note)["repartee"]["status"])

    async def inside(self, room: str) -> set[str]:
        assert self.parts.rooms
        return {one.identity for one in await self.parts.rooms.participants(room)}

    async def dispatches(self, room: str) -> list[str]:
        asked = api.LiveKitAPI(self.server.url, self.server.api_key, self.server.api_secret)
        async with asked as livekit:
            found = await livekit.agent_dispatch.list_dispatch(room)
        return [one.metadata for one in found if one.agent_name == AGENT_NAME]


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with livekit_server(tmp_path) as server, AsyncExitStack() as stack:
        rooms = LiveKitRooms(
            server.url, api_key=server.api_key, api_secret=server.api_secret, agent_name=AGENT_NAME
        )
        stack.push_async_callback(rooms.aclose)
        known = settings(
            livekit_url=server.url,
            livekit_api_key=server.api_key,
            livekit_api_secret=server.api_secret,
        )
        parts = FakeParts(settings=known, rooms=rooms)
        watcher = Watcher(
            rooms=rooms,
            store=parts.store,
            presence=parts.presence,
            clock=parts.clock,
            pulse=Pulse(),
            instance="test",
            count=lambda _: None,
        )
        yield Studio(server=server, parts=parts, watcher=watcher, stack=stack)


async def test_s1_a_person_alone_is_told_and_the_lost_dispatch_is_made_again(
    studio: Studio,
) -> None:
    room = await studio.person()
    await studio.later(0)
    minted = await studio.dispatches(room)
    await studio.later(10)
    assert await studio.told() == "no_agent"
    assert await studio.dispatches(room) == minted * 2
    assert json.loads(minted[0]) == {"scenario": "debat-tv", "language": "fr", "user": "local"}


async def test_s2_a_ghost_is_put_out_and_the_person_hears_of_it_until_the_cast_is_back(
    studio: Studio,
) -> None:
    room = await studio.person()
    await studio.parts.session(room)
    await studio.agent(room, "agent-one")
    await studio.later(0)
    await studio.later(4)
    assert await studio.told() == "agent_lost"
    assert "agent-one" not in await studio.inside(room)
    assert len(await studio.dispatches(room)) == 2
    await studio.agent(room, "agent-two")
    await studio.later(1)
    assert await studio.told() == "agent_back"
    assert [one.kind for one in await studio.parts.store.events(room)] == [
        "agent_lost",
        "agent_back",
    ]


async def test_s1_a_room_that_is_given_up_says_so_and_is_gone(studio: Studio) -> None:
    room = await studio.person()
    for seconds in (0, 10, 60):
        await studio.later(seconds)
    assert [await studio.told() for _ in range(2)] == ["no_agent", "failed"]
    await studio.later(5)
    assert await studio.inside(room) == set()


async def test_j5_tokens_that_nobody_uses_open_no_room(studio: Studio) -> None:
    transport = httpx.ASGITransport(app=create_app(studio.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        for _ in range(5):
            assert (await client.post("/api/livekit/token")).status_code == 201
    assert studio.parts.rooms
    assert await studio.parts.rooms.open_rooms() == ()
