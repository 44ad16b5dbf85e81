"""Every contract suite runs over the fake and over each real part."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.adapters.sql.store import SqlParts, open_sql
from tests.fakes.ledger import FakeLedger
from tests.fakes.results import FakeResults
from tests.fakes.stats import FakeHealthBoard, FakeTotals
from tests.fakes.store import FakePresence, FakeSessionStore


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def parts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlParts]:
    """The ports on an empty database."""
    if request.param == "fake":
        ledger = FakeLedger()
        yield SqlParts(
            store=FakeSessionStore(),
            presence=FakePresence(),
            ledger=ledger,
            totals=FakeTotals(ledger),
            board=FakeHealthBoard(),
            experiments=FakeResults(ledger),
        )
        return
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    else:
        url = request.getfixturevalue("empty_postgres")
    async with open_sql(url) as opened:
        yield opened
