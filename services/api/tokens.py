"""LiveKit's standard token endpoint: what a client asks with, and the seat that it gets.

Owns the request's shape and which scene it means. The rules of the door are
`services.sessions.access`; signing is the adapter's. Minting has no side effect: it writes nothing
and calls nobody.
"""

import json
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from scenarios.schema import Scenario
from services.adapters.livekit_api import mint
from services.api.admission import admit
from services.api.auth import Player
from services.api.parts import Catalogue, Parts, PartsOf
from services.api.problems import ProblemError
from services.api.throttle import Throttle
from services.core.ids import is_room
from services.sessions.access import (
    DEFAULT_ABSENCE_S,
    LANGUAGE,
    SCENARIO,
    AccessRefused,
    Casting,
    Ticket,
    check_size,
    display_name,
    identity_for,
    own_attributes,
    room_for,
)
from services.telemetry.metrics import TOKENS_MINTED

router = APIRouter(tags=["rooms"])
sandbox_router = APIRouter()


class Wish(BaseModel):
    """Part of a client's request: snake_case or camelCase, nulls, and fields of newer clients."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=AliasGenerator(
            validation_alias=lambda name: AliasChoices(name, to_camel(name))
        ),
    )


class AgentWish(Wish):
    """The agent that is asked for; its metadata names the scene."""

    agent_name: str | None = None
    metadata: str | None = Field(
        None, description='JSON: `{"scenario": "debat-tv", "language": "fr"}`'
    )
    attributes: dict[str, JsonValue] | None = None


class RoomWish(Wish):
    """LiveKit's RoomConfiguration, of which only the agent is read."""

    agents: list[AgentWish] | None = None
    metadata: str | None = None
    egress: JsonValue = None


class TokenRequest(Wish):
    """What a client may ask with. Every field is optional."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {},
                {"participant_attributes": {"repartee.scenario": "debat-tv"}},
                {"room_config": {"agents": [{"metadata": '{"scenario": "debat-tv"}'}]}},
            ]
        }
    )

    room_name: str | None = Field(None, description="to come back to a session of your own")
    participant_identity: str | None = Field(None, description="one that you were given before")
    participant_name: str | None = None
    participant_metadata: str | None = None
    participant_attributes: dict[str, str | None] | None = None
    room_config: RoomWish | None = None


class TokenResponse(BaseModel):
    """A seat in a room."""

    model_config = ConfigDict(frozen=True)

    server_url: str = Field(examples=["ws://127.0.0.1:7880"])
    participant_token: str
    room_name: str
    participant_name: str
    participant_identity: str


@router.post(
    "/api/livekit/token",
    status_code=201,
    operation_id="createToken",
    summary="A seat in a room (LiveKit's standard token endpoint)",
)
@router.post("/getToken", status_code=201, include_in_schema=False)
@sandbox_router.post("/api/v2/sandbox/connection-details", status_code=201, include_in_schema=False)
async def create_token(
    request: Request,
    response: Response,
    parts: PartsOf,
    caller: Player,
    asked: Annotated[TokenRequest | None, Body()] = None,
) -> TokenResponse:
    """Gives a token for one room, with the cast's dispatch in it; it lives 10 minutes."""
    throttle: Throttle = request.app.state.throttle
    address = request.client.host if request.client else "unknown"
    throttle.pass_or_refuse(user=caller.user, address=address)
    ticket = await ticket_for(asked or TokenRequest(), parts, caller.user)
    token = _signed(ticket, parts)
    TOKENS_MINTED.inc()
    response.headers["Cache-Control"] = "no-store"
    return TokenResponse(
        server_url=_server_url(parts),
        participant_token=token,
        room_name=ticket.room,
        participant_name=ticket.name,
        participant_identity=ticket.identity,
    )


async def ticket_for(asked: TokenRequest, parts: Parts, user: str) -> Ticket:
    """The seat that a request gets.

    Raises:
        AccessRefused: it asks for what it cannot have.
        ProblemError: too many rooms, or a budget that is used up.
    """
    attributes = {k: v for k, v in (asked.participant_attributes or {}).items() if v is not None}
    own = own_attributes(attributes)
    check_size("participant_metadata", asked.participant_metadata or "")
    scenario, language = _asked_scene(asked, attributes, parts.settings.livekit_agent_name)
    wanted = asked.room_name if asked.room_name and is_room(asked.room_name) else None
    known = await parts.store.get(wanted) if wanted else None
    room = room_for(wanted, user, known)
    if known is not None and room == known.room:
        casting = Casting(scenario=known.scenario_id, language=known.language, user=user)
        absence_s = DEFAULT_ABSENCE_S  # of no weight: the room stands already
    else:
        scene = _scene(parts.catalogue, scenario, language)
        await admit(parts, user=user, scenario=scene.id)
        casting = Casting(scenario=scene.id, language=scene.language, user=user)
        absence_s = scene.limits.absence_s
    return Ticket(
        room=room,
        identity=identity_for(asked.participant_identity, user),
        name=display_name(asked.participant_name),
        casting=casting,
        absence_s=absence_s,
        metadata=asked.participant_metadata or "",
        attributes=own,
    )


def _asked_scene(
    asked: TokenRequest, attributes: dict[str, str], agent_name: str
) -> tuple[str | None, str | None]:
    """The scene and the language that a request names, each or none."""
    agent = _asked_agent(asked.room_config, agent_name)
    named: dict[str, str | None] = {}
    if agent and agent.metadata and agent.metadata.strip():
        check_size("agents[0].metadata", agent.metadata)
        named = _scene_metadata(agent.metadata)
    return (
        named.get("scenario") or attributes.get(SCENARIO) or None,
        named.get("language") or attributes.get(LANGUAGE) or None,
    )


def _asked_agent(config: RoomWish | None, agent_name: str) -> AgentWish | None:
    if config is None:
        return None
    check_size("room_config.metadata", config.metadata or "")
    if config.egress:
        raise AccessRefused("egress_not_allowed", "recording cannot be asked for")
    agents = config.agents or []
    if len(agents) > 1:
        raise AccessRefused("too_many_agents", "one agent leads the cast; ask for one at most")
    for agent in agents:
        if agent.agent_name and agent.agent_name != agent_name:
            raise AccessRefused("agent_unknown", f"the agent here is called `{agent_name}`")
        if agent.attributes:
            raise AccessRefused("agent_attributes", "an agent's attributes cannot be set")
    return agents[0] if agents else None


def _scene_metadata(text: str) -> dict[str, str | None]:
    refused = AccessRefused(
        "agent_metadata_invalid", 'agents[0].metadata is JSON such as {"scenario": "debat-tv"}'
    )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise refused from None
    if not isinstance(found, dict):
        raise refused
    named = {key: found.get(key) for key in ("scenario", "language")}
    if not all(value is None or isinstance(value, str) for value in named.values()):
        raise refused
    return named


def _scene(catalogue: Catalogue, id: str | None, language: str | None) -> Scenario:
    """The scene of that id; without one the default, or the first in that language."""
    if id is not None:
        return _in_language(_known(catalogue, id), language)
    try:
        default = catalogue.default().scenario
    except KeyError:
        raise ProblemError(503, "no_scenarios", "no scene can be played here") from None
    if language is None or default.language == language:
        return default
    for loaded in catalogue.all():
        if loaded.scenario.language == language:
            return loaded.scenario
    raise AccessRefused("language_unknown", "no scene is played in that language")


def _known(catalogue: Catalogue, id: str) -> Scenario:
    try:
        return catalogue.get(id).scenario
    except KeyError:
        known = ", ".join(catalogue.ids())
        raise AccessRefused("scenario_unknown", f"no such scene; known here: {known}") from None


def _in_language(scenario: Scenario, language: str | None) -> Scenario:
    if language is not None and language != scenario.language:
        raise AccessRefused(
            "language_unknown", f"that scene is played in `{scenario.language}` only"
        )
    return scenario


def _server_url(parts: Parts) -> str:
    url = parts.settings.livekit_url
    if url is None:
        raise ProblemError(503, "livekit_not_configured", "no LiveKit server is set up here")
    return "ws" + url.removeprefix("http") if url.startswith("http") else url


def _signed(ticket: Ticket, parts: Parts) -> str:
    settings = parts.settings
    if not settings.livekit_api_key or settings.livekit_api_secret is None:
        raise ProblemError(503, "livekit_not_configured", "no LiveKit server is set up here")
    return mint(
        ticket,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        agent_name=settings.livekit_agent_name,
    )
