"""`POST /api/debate`: what is refused, what comes back, as JSON and as a stream."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from scenarios.schema import Scenario
from services.api.app import create_app
from services.llm.cache.key import Keys
from services.llm.ledger.till import UsedUp
from tests.fakes.clock import FakeClock
from tests.fakes.parts import FakeCatalogue, FakeLoaded, FakeParts
from tests.fakes.scenes import board
from tests.fakes.scenes import debate as debate_scene
from tests.fakes.shared_cache import FakeSharedCache

ASKED = {"topic": "Payer la route ?", "rounds": 2, "agentOrder": ["roche", "castan"]}


@dataclass(frozen=True, kw_only=True)
class Line:
    round: int | None
    agent: str
    name: str = "Somebody"
    text: str = "A line."
    source: str = "live"
    fault: str | None = None
    cost_nano: int = 150_000


@dataclass
class FakeDebates:
    """Holds any debate at once, or line by line at a `gate`; whoever is in `failing` fails."""

    failing: Sequence[str] = ()
    gate: asyncio.Semaphore | None = None
    told: int = 0
    halfway: asyncio.Event = field(default_factory=asyncio.Event)
    held: list[tuple[str, tuple[str, ...], int, str, str]] = field(default_factory=list)

    async def hold(
        self, scenario: Scenario, *, order: Sequence[str], rounds: int, topic: str, user: str
    ) -> AsyncGenerator[Line, None]:
        self.held.append((scenario.id, tuple(order), rounds, topic, user))
        for number in range(1, rounds + 1):
            for agent in reversed(order) if number == 1 else order:
                if self.gate is not None:
                    await self.gate.acquire()
                self.told += 1
                if self.told == 2:
                    self.halfway.set()
                fault = "status_503" if agent in self.failing else None
                yield Line(round=number, agent=agent, fault=fault)
        yield Line(round=None, agent=order[-1], text="In short.")

    def open(self) -> None:
        """Lets all lines through."""
        assert self.gate is not None
        for _ in range(100):
            self.gate.release()


@pytest.fixture
def debates() -> FakeDebates:
    return FakeDebates()


@pytest.fixture
def parts() -> FakeParts:
    catalogue = FakeCatalogue((FakeLoaded(debate_scene()), FakeLoaded(board())))
    clock = FakeClock()
    shared = FakeSharedCache(clock)
    return FakeParts(catalogue=catalogue, clock=clock, shared=shared, keys=Keys(b"k" * 32))


@pytest.fixture
def hall(parts: FakeParts, debates: FakeDebates) -> httpx.AsyncClient:
    app = create_app(parts, debates=debates)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://studio")


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
    ("change", "code"),
    [
        ({"agentOrder": ["roche", "nobody"]}, "agent_unknown"),
        ({"agentOrder": ["roche", "okafor"]}, "agent_unknown"),
        ({"agentOrder": ["roche", "roche"]}, "agent_repeated"),
        ({"agentOrder": []}, "agents_missing"),
        ({"rounds": 0}, "request_invalid"),
        ({"rounds": 50}, "request_invalid"),
        ({"rounds": "3"}, "request_invalid"),
        ({"topic": ""}, "request_invalid"),
        ({"topic": " \n "}, "request_invalid"),
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
    parts: FakeParts,
    debates: FakeDebates,
    headers: dict[str, str],
    told: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.api.debate.GONE_S", 0.01)
    debates.gate, gone = asyncio.Semaphore(2), asyncio.Event()
    call = asyncio.create_task(called(create_app(parts, debates=debates), headers, gone))
    await debates.halfway.wait()
    gone.set()
    if told > 2:
        debates.open()
    await call
    debates.open()
    await asyncio.sleep(0)
    assert debates.told == told


async def test_l7_a_used_up_budget_refuses_before_anything_is_asked(
    hall: httpx.AsyncClient, parts: FakeParts, debates: FakeDebates
) -> None:
    parts.books.used_up = UsedUp(scope="day", ends_at=None)
    answer = await hall.post("/api/debate", json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (402, "budget_used_up")
    assert debates.held == []


async def test_a_process_without_a_cast_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/debate", json=ASKED)
    assert (answer.status_code, answer.json()["code"]) == (503, "debate_unavailable")


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
