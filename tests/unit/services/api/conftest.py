"""The app on fakes, called in this process: no socket."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from services.api.app import create_app
from services.llm.cache.key import Keys
from tests.fakes.clock import FakeClock
from tests.fakes.parts import FakeCatalogue, FakeLoaded, FakeParts
from tests.fakes.scenes import board
from tests.fakes.scenes import debate as debate_scene
from tests.fakes.shared_cache import FakeSharedCache
from tests.unit.services.api.debates import FakeDebates

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


@pytest.fixture
def debates() -> FakeDebates:
    return FakeDebates()


@pytest.fixture
def house() -> FakeParts:
    """Two scenes, and a cache that keeps answers."""
    catalogue = FakeCatalogue((FakeLoaded(debate_scene()), FakeLoaded(board())))
    clock = FakeClock()
    shared = FakeSharedCache(clock)
    return FakeParts(catalogue=catalogue, clock=clock, shared=shared, keys=Keys(b"k" * 32))


@pytest.fixture
def hall(house: FakeParts, debates: FakeDebates) -> httpx.AsyncClient:
    app = create_app(house, debates=debates)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://studio")
