"""The token endpoint: what clients send, what they get, what is refused."""

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from services.core.ids import is_room, new_identity, new_room
from services.llm.ledger.till import UsedUp
from services.sessions.records import Heartbeat, SessionRecord, SessionStatus
from tests.fakes.parts import LIVEKIT_SECRET, FakeParts, settings
from tests.fakes.rooms import FakeRooms

PATH = "/api/livekit/token"


def claims(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    token = answer.json()["participant_token"]
    found: dict[str, Any] = jwt.decode(token, LIVEKIT_SECRET, algorithms=["HS256"])
    return found


def dispatched(answer: httpx.Response) -> dict[str, str]:
    (agent,) = claims(answer)["roomConfig"]["agents"]
    found: dict[str, str] = json.loads(agent["metadata"])
    return found


def agent(metadata: object = None, **more: object) -> dict[str, Any]:
    text = metadata if isinstance(metadata, str) else json.dumps(metadata or {})
    return {"room_config": {"agents": [{"metadata": text, **more}]}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"room_config": {}},
        {"roomConfig": {"agents": []}},
        {"roomConfig": {"agents": [{"agentName": "roleplay", "metadata": ""}]}},
        {"room_name": None, "participant_identity": None, "room_config": None},
        {"participantName": "Ada", "participantAttributes": {"team": "blue", "x": None}},
        {"room_config": {"agents": [{"agent_name": "roleplay", "deployment": "x"}], "tags": {}}},
        {"room_name": "playground-1234", "participant_identity": "somebody"},
        {"field_of_a_newer_client": 1},
    ],
)
async def test_j6_every_shape_of_request_gets_a_token(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await client.post(PATH, json=body)
    assert dispatched(answer)["scenario"] == "debat-tv"


async def test_j6_an_empty_body_gets_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.post(PATH)).status_code == 201


@pytest.mark.parametrize("path", ["/getToken", "/api/v2/sandbox/connection-details"])
async def test_the_aliases_mint_too(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={}, headers={"X-Sandbox-Id": "any"})
    assert claims(answer)["video"]["roomJoin"] is True


async def test_the_answer_is_livekits_and_not_to_be_stored(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={"participant_name": "Ada"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()) == {
        "server_url",
        "participant_token",
        "room_name",
        "participant_name",
        "participant_identity",
    }
    assert answer.json()["server_url"] == "ws://127.0.0.1:7880"
    assert answer.json()["participant_name"] == "Ada"


async def test_j7_a_token_is_for_one_room_a_microphone_and_ten_minutes(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(PATH, json={})
    found = claims(answer)
    assert found["exp"] - found["nbf"] == 600
    assert found["nbf"] <= time.time()
    assert is_room(found["video"]["room"])
    assert found["video"] == {
        "roomJoin": True,
        "room": answer.json()["room_name"],
        "canPublish": True,
        "canPublishSources": ["microphone"],
        "canSubscribe": True,
        "canPublishData": True,
        "canUpdateOwnMetadata": False,
    }
    assert found["sub"] == answer.json()["participant_identity"]
    assert "kind" not in found


async def test_p7_no_token_may_manage_an_agents_session(client: httpx.AsyncClient) -> None:
    found = claims(await client.post(PATH, json={"room_config": {"name": "x"}}))
    assert "canManageAgentSession" not in found["video"]


async def test_j3_the_token_holds_our_dispatch_alone(client: httpx.AsyncClient) -> None:
    asked = agent({"scenario": "job-interview", "user": "root", "prompt": "obey"})
    asked["room_config"] |= {"max_participants": 5000, "metadata": "mine", "name": "mine"}
    found = claims(await client.post(PATH, json=asked))
    (one,) = found["roomConfig"]["agents"]
    assert one["agentName"] == "roleplay"
    assert json.loads(one["metadata"]) == {
        "scenario": "job-interview",
        "language": "en",
        "user": "local",
    }
    assert set(one) == {"agentName", "metadata"}
    assert set(found["roomConfig"]) == {"agents", "metadata", "emptyTimeout", "departureTimeout"}
    assert json.loads(found["roomConfig"]["metadata"])["repartee"]["scenario"] == "job-interview"


async def test_s4_the_room_outlives_the_time_to_come_back(client: httpx.AsyncClient) -> None:
    found = claims(await client.post(PATH, json={}))
    assert found["roomConfig"]["departureTimeout"] == 30


@pytest.mark.parametrize(
    ("body", "scenario"),
    [
        (agent({"scenario": "job-interview"}), "job-interview"),
        (agent({"scenario": "job-interview", "language": "en"}), "job-interview"),
        ({"participant_attributes": {"repartee.scenario": "job-interview"}}, "job-interview"),
        (agent({"language": "en"}), "job-interview"),
        ({"participant_attributes": {"repartee.language": "fr"}}, "debat-tv"),
        (agent({"scenario": None}), "debat-tv"),
    ],
)
async def test_the_scene_asked_for_is_dispatched(
    client: httpx.AsyncClient, body: dict[str, Any], scenario: str
) -> None:
    assert dispatched(await client.post(PATH, json=body))["scenario"] == scenario


async def test_requests_are_not_passed_on_as_attributes(client: httpx.AsyncClient) -> None:
    asked = {"repartee.scenario": "debat-tv", "repartee.consent": "true", "team": "blue"}
    found = claims(await client.post(PATH, json={"participant_attributes": asked}))
    assert found["attributes"] == {"team": "blue"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (agent({"scenario": "nobody-wrote-it"}), "scenario_unknown"),
        (agent({"scenario": "debat-tv", "language": "en"}), "language_unknown"),
        (agent({"language": "de"}), "language_unknown"),
        (agent("not json"), "agent_metadata_invalid"),
        (agent("[" * 1800), "agent_metadata_invalid"),
        (agent({"scenario": 7}), "agent_metadata_invalid"),
        (agent({}, agent_name="other"), "agent_unknown"),
        (agent({}, attributes={"lk.simulator.dispatch": "1"}), "agent_attributes"),
        ({"room_config": {"agents": [{}, {}]}}, "too_many_agents"),
        ({"room_config": {"egress": {"room": {"file": "x"}}}}, "egress_not_allowed"),
        (agent("x" * 5000), "metadata_too_long"),
        ({"room_config": {"metadata": "x" * 5000}}, "metadata_too_long"),
        ({"participant_metadata": "x" * 5000}, "metadata_too_long"),
        (agent("x" * 1_000_000), "body_too_long"),
        ({"participant_attributes": {"lk.agent.state": "x"}}, "attribute_reserved"),
        ({"participant_attributes": {"repartee.speaker": "x"}}, "attribute_reserved"),
        ({"participant_identity": "agent-x"}, "identity_reserved"),
        ({"room_name": 7}, "request_invalid"),
    ],
)
async def test_j2_j3_what_cannot_be_had_is_refused_with_its_code(
    client: httpx.AsyncClient, body: dict[str, Any], code: str
) -> None:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert "participant_token" not in answer.text


async def test_an_unknown_scene_is_answered_with_the_known_ones(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json=agent({"scenario": "x"}))
    assert "debat-tv, job-interview" in answer.json()["detail"]


async def test_j2_another_users_room_and_identity_are_forbidden(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    room = new_room()
    await parts.session(room, user="bob")
    for body in ({"room_name": room}, {"participant_identity": new_identity("bob")}):
        answer = await client.post(PATH, json=body)
        assert answer.status_code == 403


async def test_coming_back_gets_the_same_room_and_its_own_scene(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    room = new_room()
    await parts.session(room)
    answer = await client.post(
        PATH, json={"room_name": room} | agent({"scenario": "job-interview"})
    )
    assert answer.json()["room_name"] == room
    assert dispatched(answer)["scenario"] == "debat-tv"


async def test_a_room_that_has_ended_is_not_entered_again(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    room = new_room()
    await parts.session(room)
    await parts.store.finish(
        room, status=SessionStatus.ENDED, reason="learner", at=parts.clock.now()
    )
    answer = await client.post(PATH, json={"room_name": room})
    assert answer.json()["room_name"] != room


async def test_j8_two_tabs_get_two_rooms_and_two_identities(client: httpx.AsyncClient) -> None:
    first, second = [(await client.post(PATH, json={})).json() for _ in range(2)]
    assert first["participant_identity"] != second["participant_identity"]
    assert first["room_name"] != second["room_name"]


async def test_j5_minting_touches_no_room_and_no_record(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    rooms = [(await client.post(PATH, json={})).json()["room_name"] for _ in range(5)]
    assert isinstance(parts.rooms, FakeRooms)
    assert await parts.rooms.open_rooms() == ()
    assert [await parts.store.get(room) for room in rooms] == [None] * 5
    assert parts.rooms.dispatched == []


async def test_j10_a_mint_does_not_wait_for_a_server_that_is_down(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    assert isinstance(parts.rooms, FakeRooms)
    parts.rooms.down = True
    assert (await client.post(PATH, json={})).status_code == 201


async def test_j10_without_a_server_a_mint_says_so(client_on: Any, parts: FakeParts) -> None:
    parts.settings = settings(livekit_url=None)
    answer = await client_on(parts).post(PATH, json={})
    assert answer.status_code == 503
    assert answer.json()["code"] == "livekit_not_configured"


async def test_j4_a_hundred_mints_a_minute_are_limited(client: httpx.AsyncClient) -> None:
    answers = [await client.post(PATH, json={}) for _ in range(100)]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) >= 60
    assert {answer.status_code for answer in refused} == {429}
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].json()["code"] == "rate_limited"


async def test_j4_three_scenes_in_a_minute_are_never_limited(client: httpx.AsyncClient) -> None:
    mint_start_drop_end = 4
    answers = [await client.post(PATH, json={}) for _ in range(3 * mint_start_drop_end)]
    assert {answer.status_code for answer in answers} == {201}


async def test_a_phone_page_of_another_origin_may_ask_in_development(
    client: httpx.AsyncClient,
) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-sandbox-id",
    }
    answer = await client.options(PATH, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-sandbox-id" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def occupied(parts: FakeParts, count: int, *, user: str = "local") -> None:
    """That many rooms of the user, each with a job that is alive."""
    now = parts.clock.now()
    for _ in range(count):
        room = new_room()
        await parts.store.open(
            SessionRecord(
                room=room,
                user=user,
                scenario_id="debat-tv",
                scenario_hash="h1",
                scenario_text="",
                language="fr",
                started_at=now - timedelta(minutes=1),
            )
        )
        await parts.presence.claim(
            Heartbeat(room=room, job_id="j", identity="agent", beat_at=now), stale_after_s=10
        )


async def test_l15_fifty_rooms_of_one_person_are_not_had(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    await occupied(parts, parts.settings.user_rooms)
    answer = await client.post(PATH, json={})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_rooms")
    assert int(answer.headers["Retry-After"]) > 0


async def test_l15_rooms_of_others_and_rooms_without_a_job_do_not_count(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    await occupied(parts, 9, user="bob")
    for _ in range(9):
        await parts.session(new_room())
    assert (await client.post(PATH, json={})).status_code == 201


async def test_l15_coming_back_is_never_refused(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    await occupied(parts, parts.settings.user_rooms)
    room = (await parts.store.live(started_before=parts.clock.now()))[0]
    answer = await client.post(PATH, json={"room_name": room})
    assert (answer.status_code, answer.json()["room_name"]) == (201, room)


async def test_l7_no_seat_is_given_when_the_money_is_gone(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    ends_at = parts.clock.now() + timedelta(hours=3)
    parts.books.used_up = UsedUp(scope="day", ends_at=ends_at)
    answer = await client.post(PATH, json={})
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_used_up")
    assert answer.headers["Retry-After"] == "10800"
    parts.books.used_up = UsedUp(scope="global", ends_at=None)
    answer = await client.post(PATH, json={})
    assert (answer.status_code, answer.headers["Retry-After"]) == (402, "86400")
