"""Alive and ready, part by part."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from services.api.app import create_app
from services.core.errors import BackendError
from tests.fakes.parts import FakeParts

AppAndClient = tuple[FastAPI, httpx.AsyncClient]


@pytest.fixture
async def app_client(parts: FakeParts) -> AsyncIterator[AppAndClient]:
    app = create_app(parts)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        yield app, client


def failing(answer: httpx.Response) -> list[str]:
    return [part["name"] for part in answer.json()["parts"] if part["status"] == "fail"]


async def test_a_whole_studio_is_ready(app_client: AppAndClient, parts: FakeParts) -> None:
    app, client = app_client
    app.state.pulse.livekit_ok_s = parts.clock.monotonic_s()
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], failing(answer)) == (200, True, [])


async def test_livekit_counts_for_5_s_after_its_last_answer(
    app_client: AppAndClient, parts: FakeParts
) -> None:
    app, client = app_client
    assert failing(await client.get("/readyz")) == ["livekit"]
    app.state.pulse.livekit_ok_s = parts.clock.monotonic_s()
    parts.clock.advance(5)
    assert failing(await client.get("/readyz")) == []
    parts.clock.advance(1)
    answer = await client.get("/readyz")
    assert (answer.status_code, failing(answer)) == (503, ["livekit"])


async def test_a_store_that_fails_is_named(
    app_client: AppAndClient, parts: FakeParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client = app_client

    async def broken(room: str) -> None:
        raise BackendError("no")

    monkeypatch.setattr(parts.store, "get", broken)
    assert "store" in failing(await client.get("/readyz"))


async def test_s1_rooms_that_wait_for_a_cast_are_a_warning(
    app_client: AppAndClient, parts: FakeParts
) -> None:
    app, client = app_client
    app.state.pulse.livekit_ok_s = parts.clock.monotonic_s()
    app.state.pulse.rooms_waiting = 2
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert {"name": "agents", "status": "warn"}.items() <= answer.json()["parts"][2].items()


async def test_o6_a_drain_drops_readiness_and_not_liveness(
    app_client: AppAndClient, parts: FakeParts
) -> None:
    app, client = app_client
    app.state.pulse.livekit_ok_s = parts.clock.monotonic_s()
    app.state.drain.begin()
    assert failing(await client.get("/readyz")) == ["process"]
    assert (await client.get("/healthz")).json() == {"status": "ok"}
