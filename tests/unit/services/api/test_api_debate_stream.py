"""`POST /api/debate` as a stream, and what becomes of a debate whose client leaves."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from tests.fakes.parts import FakeParts
from tests.unit.services.api.debates import ASKED, FakeDebates


async def test_a_stream_tells_each_line_as_it_is_ready(hall: httpx.AsyncClient) -> None:
    headers = {"Accept": "text/event-stream"}
    answer = await hall.post("/api/debate", json=ASKED, headers=headers)
    messages = [one.split("\n") for one in answer.text.strip().split("\n\n")]
    kinds = [one[0].removeprefix("event: ") for one in messages]
    assert kinds == ["round", "line", "line", "round", "line", "line", "synthesis", "done"]
    first = json.loads(messages[1][1].removeprefix("data: "))
    assert (first["agent"], first["round"]) == ("castan", 1)
    assert json.loads(messages[-1][1].removeprefix("data: "))["cost"] == "$0.0008"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("Text/Event-Stream", "text/event-stream; charset=utf-8"),
        ("application/json;q=0.5, text/event-stream; q=0.9", "text/event-stream; charset=utf-8"),
        ("text/event-stream;q=0", "application/json"),
        ("application/json, text/event-stream; Q=0.000", "application/json"),
        ("text/event-streams", "application/json"),
        ("*/*", "application/json"),
        ("", "application/json"),
    ],
)
async def test_a_stream_is_for_whoever_names_it(
    hall: httpx.AsyncClient, accept: str, kind: str
) -> None:
    answer = await hall.post("/api/debate", json=ASKED, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


async def test_a_stream_under_a_key_is_told_again_and_held_once(
    hall: httpx.AsyncClient, debates: FakeDebates
) -> None:
    headers = {"Idempotency-Key": "abc", "Accept": "text/event-stream"}
    first = await hall.post("/api/debate", json=ASKED, headers=headers)
    again = await hall.post("/api/debate", json=ASKED, headers=headers)
    whole = await hall.post("/api/debate", json=ASKED, headers={"Idempotency-Key": "abc"})
    assert len(debates.held) == 1
    assert kinds_of(again) == kinds_of(first)
    assert whole.json()["synthesis"]["text"] == "In short."


async def test_a_stream_under_a_key_of_another_request_is_refused(hall: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "abc", "Accept": "text/event-stream"}
    await hall.post("/api/debate", json=ASKED, headers=headers)
    other = await hall.post("/api/debate", json=ASKED | {"rounds": 3}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def kinds_of(answer: httpx.Response) -> list[str]:
    """The events of a stream, in order."""
    lines = answer.text.splitlines()
    return [one.removeprefix("event: ") for one in lines if one.startswith("event: ")]


async def called(app: FastAPI, headers: dict[str, str], gone: asyncio.Event) -> None:
    """A call by a client that is there until `gone`."""
    sent = {"host": "studio", "content-type": "application/json"} | headers
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/debate",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
    read = iter([{"type": "http.request", "body": json.dumps(ASKED).encode()}])

    async def receive() -> dict[str, Any]:
        if (message := next(read, None)) is not None:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        return None

    await app(scope, receive, send)


@pytest.mark.parametrize(
    ("headers", "told"),
    [({}, 2), ({"Accept": "text/event-stream"}, 2), ({"Idempotency-Key": "abc"}, 4)],
)
async def test_a_debate_ends_with_its_client_unless_a_second_try_may_come(
    house: FakeParts,
    debates: FakeDebates,
    headers: dict[str, str],
    told: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.api.debate.GONE_S", 0.01)
    debates.gate, gone = asyncio.Semaphore(2), asyncio.Event()
    call = asyncio.create_task(called(create_app(house, debates=debates), headers, gone))
    await debates.halfway.wait()
    gone.set()
    if told > 2:
        debates.open()
    await call
    debates.open()
    await asyncio.sleep(0)
    assert debates.told == told
