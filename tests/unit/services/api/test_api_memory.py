"""`POST /api/memory/analyze`: what one's own session established."""

import asyncio
from typing import Any

import httpx
import pytest

from services.core.ids import new_room
from services.llm.cache.key import Keys, Tag
from services.llm.cache.stored import MARK
from services.sessions.records import TurnRecord
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.memory import analyst_on, answering, draft
from tests.fakes.optimizer import SECRET
from tests.fakes.parts import CANARY, FakeParts
from tests.fakes.shared_cache import FakeSharedCache
from tests.unit.services.api.conftest import MakeClient

URL = "/api/memory/analyze"
PROMISE = {"who": "learner", "text": "publier le rapport vendredi", "to": "morel", "lines": [1]}
DRAFT = draft(promises=[PROMISE], entities=[{"name": "12 %", "kind": "figure", "lines": [2]}])


@pytest.fixture
async def room(parts: FakeParts) -> str:
    room = (await parts.session(new_room())).room
    await say(parts, room, "u0001", "learner", "Nous publierons le rapport avant vendredi.")
    await say(parts, room, "a0001-1", "morel", "Il coûte 12 % de trop.")
    return room


@pytest.fixture
def model(parts: FakeParts) -> FakeChatModel:
    model = FakeChatModel(*answering(DRAFT))
    parts.analyst = analyst_on(model, parts.clock, store=parts.store)
    return model


async def say(parts: FakeParts, room: str, id: str, speaker: str, text: str) -> None:
    turn = TurnRecord(
        room=room,
        turn_id=id,
        speaker=speaker,
        speaker_name="Sam" if speaker == "learner" else "Claire Morel",
        text=text,
        source="live",
        phase="ouverture",
        at=parts.clock.now(),
    )
    await parts.store.save_turn(turn, room=room, scene=None)


async def ask(client: httpx.AsyncClient, room: str, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    return await client.post(URL, json={"session_id": room, **more}, headers=headers)


async def test_an_analysis_names_speakers_and_the_turns_each_item_stands_on(
    client: httpx.AsyncClient, room: str, model: FakeChatModel
) -> None:
    answer = await ask(client, room)
    assert answer.status_code == 200
    assert answer.json() == {
        "session_id": room,
        "turns": 2,
        "source": "model",
        "cached": False,
        "summary": "Le ministre promet des chiffres.",
        "concepts": [],
        "entities": [{"name": "12 %", "kind": "figure", "turns": [2]}],
        "speakers": [
            {
                "speaker": "learner",
                "name": "Sam",
                "positions": [],
                "promises": [{"text": "publier le rapport vendredi", "to": "morel", "turns": [1]}],
            },
            {"speaker": "morel", "name": "Claire Morel", "positions": [], "promises": []},
        ],
    }
    assert CANARY not in "".join(one.content for one in model.requests[0].messages)


async def test_the_same_again_is_cached_until_something_more_is_said(
    client: httpx.AsyncClient, parts: FakeParts, room: str, model: FakeChatModel
) -> None:
    cached = [(await ask(client, room)).json()["cached"] for _ in range(2)]
    forced = (await ask(client, room, force=True)).json()["cached"]
    await say(parts, room, "u0002", "learner", "Je le répète.")
    later = (await ask(client, room)).json()
    assert (cached, forced, later["cached"], later["turns"]) == ([False, True], False, False, 3)
    assert len(model.requests) == 3


async def test_without_a_model_the_answer_is_made_by_rules(
    client: httpx.AsyncClient, room: str
) -> None:
    found = (await ask(client, room)).json()
    assert found["source"] == "rules"
    assert found["speakers"][0]["promises"] == [
        {"text": "Nous publierons le rapport avant vendredi.", "to": None, "turns": [1]}
    ]


async def test_a_session_without_a_word_is_an_empty_analysis(
    client: httpx.AsyncClient, parts: FakeParts, model: FakeChatModel
) -> None:
    room = (await parts.session(new_room())).room
    found = (await ask(client, room)).json()
    assert (found["turns"], found["speakers"], model.requests) == (0, [], [])


@pytest.mark.parametrize("name", ["", "s-unknown", "../../etc", f"s-{0:032x}"])
async def test_somebody_else_s_session_is_answered_like_an_unknown_one(
    client: httpx.AsyncClient, parts: FakeParts, model: FakeChatModel, name: str
) -> None:
    theirs = (await parts.session(new_room(), user="eve")).room
    await say(parts, theirs, "u0001", "learner", "Un secret.")
    answers = [await ask(client, theirs), await ask(client, name)]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"session_unknown"}
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert model.requests == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"session_id": None},
        {"session_id": 7},
        {"session_id": "s" * 201},
        {"session_id": "s-1", "force": "yes"},
        {"session_id": "s-1", "force": 1},
        [],
    ],
)
async def test_a_request_that_cannot_be_read_is_a_problem(
    client: httpx.AsyncClient, body: object
) -> None:
    answer = await client.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request_invalid"


async def test_c4_fifty_equal_calls_at_once_make_one(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    model = FakeChatModel(*answering(DRAFT, first_s=0.01))
    parts.analyst = analyst_on(model, parts.clock, store=parts.store)
    answers = await asyncio.gather(*(ask(client, room) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(model.requests) == 1


async def test_an_idempotency_key_makes_a_forced_analysis_once(
    client_on: MakeClient, parts: FakeParts, room: str, model: FakeChatModel
) -> None:
    shared = FakeSharedCache(parts.clock)
    parts.shared, parts.keys = shared, Keys(SECRET)
    client = client_on(parts)
    answers = [(await ask(client, room, force=True, key="k1")).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(model.requests) == 1
    reused = await ask(client, room, force=False, key="k1")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_d2_what_a_key_keeps_goes_with_its_session_and_survives_a_sweep(
    client_on: MakeClient, parts: FakeParts, room: str, model: FakeChatModel
) -> None:
    shared = FakeSharedCache(parts.clock)
    parts.shared, parts.keys = shared, Keys(SECRET)
    await ask(client_on(parts), room, key="k1")
    assert MARK.startswith(b'{"schema":')
    assert await shared.sweep() == 0
    assert await shared.purge(Keys(SECRET).tag(Tag.SESSION, room)) == 1
