"""LiveKit's server API: signed tokens, and the rooms of one server.

The only home of `livekit.api`. Who may have which token is decided in `services.sessions.access`.
"""

from collections.abc import Awaitable
from datetime import timedelta
from math import ceil
from typing import TypeVar

import aiohttp
from livekit import api
from livekit.protocol.models import ParticipantInfo

from services.core.errors import BackendError, BackendTimeout
from services.sessions.access import Ticket, room_note
from services.sessions.rooms import LiveRoom, Participant

TOKEN_TTL = timedelta(minutes=10)
DEPARTURE_MARGIN_S = 5
"""The room outlives the time that a dropped person has to come back; agents hold no room open."""
EMPTY_TIMEOUT_S = 60
CALL_TIMEOUT_S = 3.0

T = TypeVar("T")


def mint(ticket: Ticket, *, api_key: str, api_secret: str, agent_name: str) -> str:
    """A JWT for one seat: one room, microphone, hearing, data; it lives 10 minutes and dispatches
    our agent alone. Signs only, calls nobody."""
    grants = api.VideoGrants(
        room_join=True,
        room=ticket.room,
        can_publish=True,
        can_publish_sources=["microphone"],
        can_subscribe=True,
        can_publish_data=True,
        can_update_own_metadata=False,
    )
    config = api.RoomConfiguration(
        empty_timeout=EMPTY_TIMEOUT_S,
        departure_timeout=ceil(ticket.absence_s) + DEPARTURE_MARGIN_S,
        metadata=room_note(ticket.casting),
        agents=[api.RoomAgentDispatch(agent_name=agent_name, metadata=ticket.casting.to_json())],
    )
    token = (
        api.AccessToken(api_key, api_secret)
        .with_ttl(TOKEN_TTL)
        .with_identity(ticket.identity)
        .with_name(ticket.name)
        .with_metadata(ticket.metadata)
        .with_attributes(dict(ticket.attributes))
        .with_grants(grants)
        .with_room_config(config)
    )
    return token.to_jwt()


class LiveKitRooms:
    """The `Rooms` port on a LiveKit server. Open it inside a running event loop."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        api_secret: str,
        agent_name: str,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._agent_name = agent_name
        self._api = api.LiveKitAPI(
            url, api_key, api_secret, timeout=aiohttp.ClientTimeout(total=timeout_s), failover=False
        )

    async def open_rooms(self) -> tuple[LiveRoom, ...]:
        found = await self._call(self._api.room.list_rooms(api.ListRoomsRequest()))
        return tuple(
            LiveRoom(name=room.name, metadata=room.metadata)
            for room in (found.rooms if found else ())
        )

    async def participants(self, room: str) -> tuple[Participant, ...]:
        asked = api.ListParticipantsRequest(room=room)
        found = await self._call(self._api.room.list_participants(asked))
        return tuple(
            Participant(identity=one.identity, agent=one.kind == ParticipantInfo.Kind.AGENT)
            for one in (found.participants if found else ())
            if one.state != ParticipantInfo.State.DISCONNECTED
        )

    async def remove(self, room: str, identity: str) -> None:
        asked = api.RoomParticipantIdentity(room=room, identity=identity)
        await self._call(self._api.room.remove_participant(asked))

    async def dispatch(self, room: str, metadata: str) -> None:
        asked = api.CreateAgentDispatchRequest(
            room=room, agent_name=self._agent_name, metadata=metadata
        )
        await self._call(self._api.agent_dispatch.create_dispatch(asked))

    async def note(self, room: str, metadata: str) -> None:
        asked = api.UpdateRoomMetadataRequest(room=room, metadata=metadata)
        await self._call(self._api.room.update_room_metadata(asked))

    async def delete(self, room: str) -> None:
        await self._call(self._api.room.delete_room(api.DeleteRoomRequest(room=room)))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._api.aclose()

    async def _call(self, answer: Awaitable[T]) -> T | None:
        """The server's answer, or None when what it is about is gone."""
        try:
            return await answer
        except api.ServerError as error:
            if error.code == api.ServerErrorCode.NOT_FOUND:
                return None
            raise BackendError(
                f"LiveKit refused: {error.code}", retryable=error.status >= 500, status=error.status
            ) from error
        except TimeoutError as error:
            raise BackendTimeout("LiveKit did not answer in time") from error
        except aiohttp.ClientError as error:
            raise BackendError(f"LiveKit cannot be reached: {type(error).__name__}") from error
