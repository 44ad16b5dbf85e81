"""These tests run in virtual time. `house` makes a House and checks its books at the end."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.fakes.calls import House
from tests.fakes.loop import VirtualTimeLoop
from tests.fakes.routes import FakeRoute


def pytest_asyncio_loop_factories() -> dict[str, type[VirtualTimeLoop]]:
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
async def house() -> AsyncIterator[Callable[..., House]]:
    """Makes houses; afterwards their books are checked and they are closed."""
    made: list[House] = []

    def make(*routes: FakeRoute, **more: Any) -> House:
        made.append(House(*routes, **more))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()
        one.check_books()
