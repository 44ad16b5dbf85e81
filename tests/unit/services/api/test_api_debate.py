"""`POST /api/debate`: what is refused, and what comes back as JSON."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.api.app import create_app
from services.llm.ledger.till import UsedUp
from tests.fakes.parts import FakeCatalogue, FakeLoaded, FakeParts
from tests.fakes.scenes import debate as debate_scene
from tests.unit.services.api.debates import ASKED, FakeDebates


async def refused(hall: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await hall.post("/api/debate", json=body)
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


async def test_a_debate_comes_back_in_the_order_of_speakers(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    answer = await hall.post("/api/debate", json=ASKED)
    found = answer.json()
    assert answer.status_code == 200
    assert [[line["agent"] for line in one["lines"]] for one in found["rounds"]] == [
        ["roche", "castan"],
        ["roche", "castan"],
    ]
    assert [one["parallel"] for one in found["rounds"]] == [True, False]
    assert found["synthesis"]["agent"] == "castan"
    assert (found["partial"], found["cost"]) == (False, "$0.0008")
    assert debates.held == [("debat", ("roche", "castan"), 2, "Payer la route ?", "local")]


async def test_a_speaker_who_fails_is_named_and_the_others_are_there(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    debates.failing = ("roche",)
    found = (await hall.post("/api/debate", json=ASKED)).json()
    assert found["partial"] is True
    assert [line["error"] for line in found["rounds"][0]["lines"]] == [{"code": "status_503"}, None]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agentOrder": ["roche", "nobody"]}, "agent_unknown"),
        ({"agentOrder": ["roche", "okafor"]}, "agent_unknown"),
        ({"agentOrder": ["roche", "roche"]}, "agent_repeated"),
        ({"agentOrder": []}, "agents_missing"),
        ({"rounds": 0}, "request_invalid"),
        ({"rounds": 50}, "request_invalid"),
        ({"rounds": -1}, "request_invalid"),
        ({"rounds": "3"}, "request_invalid"),
        ({"topic": ""}, "request_invalid"),
        ({"topic": " \n "}, "request_invalid"),
        ({"topic": "\x00\x1b\x07"}, "request_invalid"),
        ({"topic": "\u200b\ufeff\u202e"}, "request_invalid"),
        ({"topic": "a" * 1501}, "request_invalid"),
        ({"topic": "a" * 100_000}, "body_too_long"),
        ({"language": "de"}, "request_invalid"),
        ({"scenario": "nowhere"}, "scenario_unknown"),
        ({"scenario": "debat", "language": "en"}, "language_unknown"),
    ],
)
async def test_bad_input_is_refused_with_its_cause(
    hall: httpx.AsyncClient, debates: FakeDebates, change: dict[str, Any], code: str
) -> None:
    found = await refused(hall, ASKED | change)
    assert (found["status"], found["code"]) == (422, code)
    assert debates.held == []


async def test_an_unknown_speaker_is_named_with_those_who_are_known(
    hall: httpx.AsyncClient,
) -> None:
    detail = (await refused(hall, ASKED | {"agentOrder": ["nobody"]}))["detail"]
    assert "'nobody'" in detail
    assert "morel, roche, kerbrat, castan" in detail


async def test_a_thousand_unknown_speakers_make_a_short_refusal(hall: httpx.AsyncClient) -> None:
    order = [f"nobody-{number}" for number in range(1000)]
    detail = (await refused(hall, ASKED | {"agentOrder": order}))["detail"]
    assert "'nobody-5', 994 more not in one scene" in detail


async def test_control_characters_in_a_topic_go_and_the_rest_stays(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    asked = ASKED | {"topic": " Payer\x00 la\x1b route\n\u202f? 👩\u200d🔧 "}
    answer = (await hall.post("/api/debate", json=asked)).json()
    assert answer["topic"] == debates.held[0][3] == "Payer la route\n\u202f? 👩\u200d🔧"


async def test_a_field_out_of_range_is_named(hall: httpx.AsyncClient) -> None:
    errors = (await refused(hall, ASKED | {"rounds": 50}))["errors"]
    assert [one["field"] for one in errors] == ["body.rounds"]


async def test_without_an_order_the_whole_cast_of_the_language_debates(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    await hall.post("/api/debate", json={"topic": "Roads?", "language": "en"})
    assert debates.held[0][:3] == ("board", ("okafor", "whitfield", "bell", "raman"), 2)


async def test_a_late_guest_debates_only_where_their_id_is_known(debates: FakeDebates) -> None:
    comes = {"id": "comes", "when": {"turns": 2}, "by": "castan", "do": "arrive"}
    scene = FakeLoaded(debate_scene(events=[comes]))
    app = create_app(FakeParts(catalogue=FakeCatalogue((scene,))), debates=debates)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as hall:
        unknown = await refused(hall, ASKED | {"agentOrder": ["nobody"]})
        await hall.post("/api/debate", json={"topic": "Payer la route ?"})
        await hall.post("/api/debate", json=ASKED)
    assert "castan" not in json.dumps(unknown)
    assert [order for _, order, *_ in debates.held] == [
        ("morel", "roche", "kerbrat"),
        ("roche", "castan"),
    ]


async def test_an_order_finds_the_scene_that_has_all_of_them(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    await hall.post("/api/debate", json={"topic": "Roads?", "agentOrder": ["bell", "raman"]})
    assert debates.held[0][0] == "board"


async def test_the_same_key_is_one_debate_and_another_request_under_it_is_refused(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = await hall.post("/api/debate", json=ASKED, headers=headers)
    again = await hall.post("/api/debate", json=ASKED, headers=headers)
    other = await hall.post("/api/debate", json=ASKED | {"rounds": 3}, headers=headers)
    assert first.json() == again.json()
    assert len(debates.held) == 1
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_fourth_debate_at_once_is_refused_as_a_problem(
    hall: httpx.AsyncClient, debates: FakeDebates, accept: str
) -> None:
    debates.gate = asyncio.Semaphore(0)
    headers = {"Accept": accept}
    calls = [
        asyncio.create_task(hall.post("/api/debate", json=ASKED, headers=headers)) for _ in range(4)
    ]
    (refused, *_), running = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    debates.open()
    held = await asyncio.gather(*running)
    assert (refused.result().status_code, refused.result().json()["code"]) == (
        429,
        "too_many_debates",
    )
    assert [one.status_code for one in held] == [200, 200, 200]
    assert (await hall.post("/api/debate", json=ASKED)).status_code == 200


async def test_l7_a_used_up_budget_refuses_before_anything_is_asked(
    hall: httpx.AsyncClient, house: FakeParts, debates: FakeDebates
) -> None:
    house.books.used_up = UsedUp(scope="day", ends_at=None)
    answer = await hall.post("/api/debate", json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_used_up")
    assert debates.held == []


async def test_a_process_without_a_cast_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/debate", json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (503, "debate_unavailable")
