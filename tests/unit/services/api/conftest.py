"""The app on fakes, called in this process: no socket."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from services.api.app import create_app
from tests.fakes.parts import FakeParts

MakeClient = Callable[[FakeParts], httpx.AsyncClient]


@pytest.fixture
def parts() -> FakeParts:
    return FakeParts()


@pytest.fixture
async def client_on() -> AsyncIterator[MakeClient]:
    """Opens a client on an app with these parts."""
    opened: list[httpx.AsyncClient] = []

    def make(parts: FakeParts) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=create_app(parts), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://studio")
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
def client(client_on: MakeClient, parts: FakeParts) -> httpx.AsyncClient:
    return client_on(parts)
