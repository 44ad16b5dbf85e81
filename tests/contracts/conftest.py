"""Every contract suite runs over the fake and over each real part."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.adapters.sql.store import SqlParts, open_sql
from tests.fakes.store import FakePresence, FakeSessionStore


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def parts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlParts]:
    """A store and a presence on an empty database."""
    if request.param == "fake":
        yield SqlParts(FakeSessionStore(), FakePresence())
        return
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    else:
        url = request.getfixturevalue("empty_postgres")
    async with open_sql(url) as opened:
        yield opened
