"""Several jobs as real processes: equal calls at once, kill -9 in mid-answer, a full disk."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench.vendor import Delays, Vendor, vendor
from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.llm.entry import LedgerEntry, Role
from services.settings import Settings, load_settings
from services.wiring import open_services
from tests.bills import PROMPT_RATIO, assert_bills_are_booked
from tests.integration.purse_worker import books_of
from tests.jobs import embedded, jobs, lines_of, log_of, purse_of, turns
from tests.wired import LINE, ledger, spent, stats

QUICK = Delays(first_token_s=0.01, word_s=0.001)
SLOW = Delays(first_token_s=0.05, word_s=0.2)


class Later(SystemClock):
    """An hour from now: every lease has run out."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    async with vendor(delays=QUICK) as opened:
        yield opened


@pytest.fixture(params=["embedded", "redis"])
def environ(request: pytest.FixtureRequest, tmp_path: Path, stub: Vendor) -> dict[str, str]:
    """What every job of the house is started with."""
    told = embedded(tmp_path, stub)
    if request.param == "redis":
        told["REDIS_URL"] = str(request.getfixturevalue("empty_redis"))
    return told


async def counted(settings: Settings) -> list[int]:
    """What the purse says of session, user and day."""
    async with purse_of(settings) as purse:
        return await spent(purse, lines_of(settings, session="s-1", user="ada"))


async def told_by_stats(settings: Settings) -> int:
    """What `GET /api/llm/stats` of another process says was spent."""
    async with open_services(settings) as services:
        found = await stats(services)
    return int(found["counterfactual"]["spent_nano"])


async def test_c4_equal_calls_in_two_processes_are_a_call_each_at_most(
    environ: dict[str, str], stub: Vendor
) -> None:
    """Each process has its own flight; afterwards one answer serves both."""
    same = turns("Bonsoir ?", use_cache=True, scope="scenario", persona=None)
    async with jobs(environ, 2) as pair:
        for job in pair:
            job.order("say", turns=same * 25)
        answers = [outcome for job in pair for outcome in await job.heard()]
        asked = stub.counts["chat"]
        assert 1 <= asked <= 2
        sources = Counter(outcome["level"] or outcome["source"] for outcome in answers)
        assert sources["live"] == asked
        assert sum(sources.values()) == 50
        assert set(sources) <= {"live", "flight", "process", "shared"}
        assert len({outcome["text"] for outcome in answers}) == 1
        for job in pair:
            (again,) = await job.done("say", turns=same)
            assert again["source"] == "cached"
        assert stub.counts["chat"] == asked


async def test_o8_kill_9_in_mid_answer_leaves_stats_ledger_purse_and_bill_in_step(
    environ: dict[str, str], stub: Vendor
) -> None:
    """What the killed one had under way is booked as lost when its lease is over."""
    settings = load_settings(environ)
    async with jobs(environ, 2) as (victim, neighbour):
        for job, name in ((victim, "a"), (neighbour, "b")):
            await job.done("say", turns=turns(*(f"Avant {name}{n} ?" for n in range(4))))
            assert await job.done("flush")
        stub.delays = SLOW
        victim.order("say", turns=turns("Vous m'entendez ?", "Et vous, madame, encore ?"))
        await under_way(stub, 2)
        await victim.kill()
        await stub.settled()
        entries = await ledger(settings)
        assert not [entry for entry in entries if entry.role is Role.LOST]
        assert await told_by_stats(settings) == sum(entry.cost_nano for entry in entries)
        assert not assert_bills_are_booked(entries, stub).booked
        assert stub.bill().calls == len(entries) == 8
        held = await counted(settings)
        assert min(held) > sum(entry.cost_nano for entry in entries), "held until the lease ends"
        stub.delays = QUICK
        await neighbour.done("say", turns=turns("Après ?"))
        assert await neighbour.done("flush")
        await recovered(settings)
    entries = await ledger(settings)
    total = sum(entry.cost_nano for entry in entries)
    assert await told_by_stats(settings) == total
    assert await counted(settings) == [total] * 3
    assert_lost(entries, stub)


async def under_way(stub: Vendor, count: int) -> None:
    """Waits until so many answers have begun and none of them has ended."""
    async with asyncio.timeout(30):
        while sum(c.completion_tokens > 3 for c in stub.calls if c.end == "open") < count:  # noqa: ASYNC110 - the vendor gives no sign
            await asyncio.sleep(0.01)


async def recovered(settings: Settings) -> None:
    """What any process does every ten seconds, done an hour later."""
    async with purse_of(settings) as purse, open_sql(settings.database_url) as sql:
        books = books_of(purse, sql.ledger, clock=Later())
        await books.recover()
        assert await books.recover() == 0


def assert_lost(entries: tuple[LedgerEntry, ...], stub: Vendor) -> None:
    """Two lost ones: prompts within the estimate, and words as if all had been said."""
    lost = [entry for entry in entries if entry.role is Role.LOST]
    rest = assert_bills_are_booked(entries, stub)
    assert len(lost) == len(rest.booked) == len(rest.billed) == 2
    for billed, booked in zip(rest.billed, rest.booked, strict=True):
        assert billed.prompt / PROMPT_RATIO <= booked.prompt <= billed.prompt * PROMPT_RATIO
        assert billed.completion <= booked.completion == 160
    assert stub.bill().calls == len(entries) - 2


async def test_o4_full_disk_stops_no_answer_and_loses_no_booking(
    tmp_path: Path, stub: Vendor
) -> None:
    """Ledger, purse and cache can write nothing; it is alarmed, and made good afterwards."""
    environ = embedded(tmp_path, stub)
    settings = load_settings(environ)
    async with jobs(environ, 1) as (job,):
        before = await job.done("say", turns=turns(*(f"Avant {n} ?" for n in range(5))))
        assert await job.done("flush")
        await job.done("fill_disk")
        full = []
        for number in range(30):
            words = turns(f"Plein {number} ?", f"Plein, encore {number} ?", use_cache=True)
            full += await job.done("say", turns=words)
        assert not await job.done("flush")
        assert await job.done("waiting") > 0
        await job.done("free_disk")
        async with asyncio.timeout(30):
            while not await job.done("flush"):  # noqa: ASYNC110 - a disk gives no sign
                await asyncio.sleep(0.1)
        after = await job.done("say", turns=turns("Après ?"))
        assert await job.done("flush")
        answers = [*before, *full, *after]
    assert {outcome["source"] for outcome in answers} == {"live"}
    assert LINE not in {outcome["text"] for outcome in answers}
    entries = await ledger(settings)
    assert not assert_bills_are_booked(entries, stub)
    assert stub.bill().calls == len(entries) == len(answers) == 66
    total = sum(entry.cost_nano for entry in entries)
    assert await counted(settings) == [total] * 3
    log = await asyncio.to_thread(log_of(environ).read_text, "utf-8")
    for event in ("llm.ledger_away", "llm.ledger_back", "llm.purse_away", "llm.purse_back"):
        assert f'"event": "{event}"' in log
    assert "Plein" not in log, "nothing that was said"
