"""The stats tell what the ledger holds: after a kill, over HTTP, from the time before it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from bench.vendor import vendor
from services.adapters.sql import migrations
from services.adapters.sql.store import SqlParts, open_sql
from services.api.app import create_app
from services.core.clock import SystemClock
from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.counterfactual import counterfactual
from services.llm.request import Message, Request, TaskType
from services.settings import load_settings
from services.stats.stats import Stats
from services.stats.views import LlmStats, Window
from services.wiring import open_services
from tests.fakes.booked import booked
from tests.integration.stats_worker import BATCH

_ROOT = Path(__file__).parents[2]
_OLD_USAGE = """
INSERT INTO usage (room, persona, task, source, model, prompt_tokens, cached_tokens,
  completion_tokens, estimated, first_token_s, total_s, fault, at)
VALUES
  ('s-1', 'morel', 'agent_response', 'live', 'gpt-6-luna', 700, 512, 25, false, 0.3, 0.8, NULL,
   '2026-11-20 09:30:00'),
  ('s-1', 'morel', 'agent_response', 'understudy', NULL, 0, 0, 0, true, NULL, 2.0, 'deadline',
   '2026-11-20 09:31:00'),
  ('s-1', NULL, 'orchestration', 'live', 'gpt-6-luna', 300, 0, 9, true, 0.2, 0.4, 'cancelled',
   '2026-11-20 09:32:00')
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'repartee.db'}"
    found: str = request.getfixturevalue("empty_postgres")
    return found


async def read(sql: SqlParts, window: Window = Window.ALL) -> LlmStats:
    return await Stats(sql.totals, sql.board, clock=SystemClock()).llm(window)


def assert_tells(stats: LlmStats, entries: tuple[LedgerEntry, ...]) -> None:
    """Every total is the sum over the rows."""
    hits = sum(entry.calls for entry in entries if entry.role is Role.CACHED)
    paid = [entry for entry in entries if entry.role not in {Role.CACHED, Role.DECK}]
    wanted = counterfactual(entries)
    assert stats.calls == sum(entry.calls for entry in entries)
    assert stats.cache_hits == hits
    assert stats.counterfactual.spent_nano == sum(entry.cost_nano for entry in entries)
    assert stats.total_savings_nano == wanted.saved_nano
    assert stats.tokens.prompt == sum(entry.usage.prompt_tokens for entry in paid)
    assert stats.avg_response_time == pytest.approx(
        sum(entry.total_s for entry in entries if entry.calls) / stats.calls, abs=1e-5
    )


async def test_o8_totals_equal_the_ledger_after_a_kill(url: str) -> None:
    async with open_sql(url):
        pass
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("stats_worker.py")),
        url,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = 0
    while told < 25:
        told = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    told += len(rest.split())
    async with open_sql(url) as sql:
        entries = await sql.ledger.entries()
        assert len(entries) % BATCH == 0
        assert len(entries) // BATCH in {told, told + 1}
        assert_tells(await read(sql), entries)
        assert_tells(await read(sql, Window.HOUR), entries)


async def test_o3_usage_from_before_the_ledger_is_in_it_without_a_price(url: str) -> None:
    async with _connected(url) as run:
        await run(lambda connection: migrations.upgrade(connection, to="0002"))
        await run(_execute, _OLD_USAGE)
    async with open_sql(url) as sql:
        entries = await sql.ledger.entries()
        stats = await read(sql)
    assert [(entry.role, entry.rule, entry.cost_nano) for entry in entries] == [
        (Role.SERVED, "unpriced", 0),
        (Role.UNDERSTUDY, "unpriced", 0),
        (Role.CANCELLED, "unpriced", 0),
    ]
    assert entries[0].usage.cached_tokens == 512
    assert entries[0].at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert [entry.session for entry in entries] == ["s-1"] * 3
    assert stats.total_savings == "$0.00"
    assert stats.latency.all.count == 0
    assert_tells(stats, entries)


async def test_open_house_tells_over_http_what_another_process_booked(url: str) -> None:
    async with open_services(load_settings({"DATABASE_URL": url})) as services:
        async with open_sql(url) as sql:
            await sql.ledger.add([booked("a", at=datetime.now(UTC), list_nano=10**10)])
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
            answer = await client.get("/api/llm/stats", params={"window": "1h"})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["calls"], found["total_savings"]) == (1, "$10.00")
    assert found["models_usage"] == {"gpt-6-luna": 1.0}


async def test_stats_over_http_are_the_vendor_s_own_bill(tmp_path: Path) -> None:
    """Four who ask the same share one call; the others' tokens are saved, not spent."""
    environment = {"OPENAI_API_KEY": "k", "REPARTEE_DATA_DIR": str(tmp_path)}
    async with vendor(at_once=True) as stub:
        settings = load_settings(environment | {"OPENAI_BASE_URL": stub.url})
        async with open_services(settings) as services:
            for number in range(5):
                await services.optimizer.respond(_question(number))
            await asyncio.gather(*(services.optimizer.respond(_question(9)) for _ in range(4)))
            await services.books.flush()
            transport = httpx.ASGITransport(app=create_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
                told = (await client.get("/api/llm/stats", params={"window": "1h"})).json()
        bill, shared = stub.bill(), stub.calls[-1]
    assert (bill.calls, told["calls"]) == (6, 9)
    assert (told["cache_misses"], told["cache_hits"]) == (6, 3)
    assert told["tokens"]["prompt"] == bill.prompt_tokens
    assert told["tokens"]["completion"] == bill.completion_tokens
    assert told["tokens_saved"] == 3 * (shared.prompt_tokens + shared.completion_tokens)
    assert told["cache"]["by_level"] == {"flight": 3}
    assert told["counterfactual"]["estimated_nano"] == 0


async def test_bookings_that_arrive_meanwhile_are_wholly_in_or_out(url: str) -> None:
    """All parts of one answer are of one moment."""
    async with open_sql(url) as sql:

        async def book() -> None:
            for number in range(60):
                await sql.ledger.add([booked(f"{number}-{n}", cost_nano=7) for n in range(5)])

        writing = asyncio.create_task(book())
        while not writing.done():
            stats = await read(sql)
            answers = sum(stats.rules.values())
            assert stats.calls == answers == stats.latency.all.count
            assert stats.counterfactual.spent_nano == 7 * answers
            assert sum(one.calls for one in stats.spending.by_session) == answers
            assert answers % 5 == 0
        await writing


def _question(number: int) -> Request:
    return Request(
        task=TaskType.CONVERSATION,
        messages=(Message("user", f"Question {number} : racontez."),),
        language="fr",
        session="s-1",
    )


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            yield connection.run_sync
    finally:
        await engine.dispose()


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
