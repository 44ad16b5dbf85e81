"""Every refusal is problem+json with a stable code and nothing of the inside."""

from typing import Any

import httpx
import pytest

from services.core.errors import BackendError
from services.core.ids import new_room
from tests.fakes.parts import FakeParts


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/nothing.html", 404, "not_found"),
        ("GET", "/../services/settings.py", 404, "not_found"),
        ("GET", "/api/livekit/token", 405, "method_not_allowed"),
        ("DELETE", "/api/scenarios", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("OPTIONS", "/api/debate", 405, "method_not_allowed"),
        ("TRACE", "/api/scenarios", 405, "method_not_allowed"),
        ("GET", "/api/scenarios/none", 404, "scenario_unknown"),
        ("GET", f"/api/sessions/{new_room()}", 404, "session_unknown"),
        ("GET", "/api/sessions/%00", 404, "session_unknown"),
    ],
)
async def test_a_wrong_call_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert len(answer.content) < 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
async def test_a_wrong_method_is_told_the_right_one(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/api/livekit/token")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    ["{", "[]", "7", '"x"', "\x00", '{"room_name": {}}', "[" * 30_000, b"\xff\xfe{"],
    ids=("open", "list", "number", "text", "nul", "object", "deep", "not utf-8"),
)
async def test_an_unreadable_body_is_422_and_not_echoed(
    client: httpx.AsyncClient, body: str | bytes
) -> None:
    answer = await client.post("/api/livekit/token", content=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request_invalid"
    assert answer.json()["errors"]
    assert "input" not in answer.json()["errors"][0]


async def test_a_body_of_unknown_length_is_stopped_at_64_kib(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 1024

    answer = await client.post("/api/livekit/token", content=endless())
    assert answer.status_code == 422
    assert answer.json()["code"] == "body_too_long"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BackendError("secret of the store"), 503, "backend_unavailable"),
        (RuntimeError("secret of the program"), 500, "internal"),
    ],
)
async def test_a_fault_of_ours_is_a_problem_without_its_cause(
    client: httpx.AsyncClient,
    parts: FakeParts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
) -> None:
    async def broken(room: str) -> None:
        raise error

    monkeypatch.setattr(parts.store, "get", broken)
    answer = await client.get(f"/api/sessions/{new_room()}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text
    assert "secret" not in caplog.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
