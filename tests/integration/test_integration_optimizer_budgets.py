"""Budgets under many sessions in several processes, through the whole optimizer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.vendor import Delays, Vendor, vendor
from services.llm.ports import BudgetLine, Purse
from services.settings import load_settings
from tests.bills import assert_bills_are_booked
from tests.jobs import embedded, jobs, lines_of, purse_of, turns
from tests.wired import ledger, spent


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    async with vendor(delays=Delays(first_token_s=0.01, word_s=0.001)) as opened:
        yield opened


@pytest.fixture(params=["embedded", "redis"])
def environ(request: pytest.FixtureRequest, tmp_path: Path, stub: Vendor) -> dict[str, str]:
    """What every job of the house is started with."""
    told = embedded(tmp_path, stub)
    if request.param == "redis":
        told["REDIS_URL"] = str(request.getfixturevalue("empty_redis"))
    return told


async def test_l7_twenty_sessions_in_two_processes_never_pass_the_day(
    environ: dict[str, str], stub: Vendor
) -> None:
    """Neither when it is over nor at any moment before; and nobody is left without words."""
    environ["REPARTEE_BUDGETS"] = "session=1, day=0.002"
    settings = load_settings(environ)
    (line,) = lines_of(settings)
    seen: list[int] = []
    async with jobs(environ, 2) as pair, purse_of(settings) as purse:
        looking = asyncio.create_task(watched(purse, line, seen))
        answers = []
        for number in range(6):
            for name, job in zip("ab", pair, strict=True):
                sessions = [f"{name}-{n}" for n in range(10)]
                words = f"Question {number} ?"
                told = [turns(words, session=one, user=one)[0] for one in sessions]
                job.order("say", turns=told)
            answers += [outcome for job in pair for outcome in await job.heard()]
        for job in pair:
            assert await job.done("flush")
        looking.cancel()
        await asyncio.wait({looking})
    entries = await ledger(settings)
    total = sum(entry.cost_nano for entry in entries)
    assert len(answers) == 120
    assert all(outcome["text"] for outcome in answers)
    sources = Counter(outcome["source"] for outcome in answers)
    assert sources["understudy"] > 0
    assert sources["live"] > 20
    assert {o["fault"] for o in answers if o["source"] == "understudy"} == {"budget"}
    async with purse_of(settings) as purse:
        assert await spent(purse, (line,)) == [total]
    assert max(seen) <= line.limit_nano
    assert 0.4 * line.limit_nano < total <= line.limit_nano
    assert not assert_bills_are_booked(entries, stub)
    assert stub.bill().calls == sources["live"]


async def watched(purse: Purse, line: BudgetLine, seen: list[int]) -> None:
    """Notes again and again what of the budget is spent or held."""
    while True:
        seen += await spent(purse, (line,))
        await asyncio.sleep(0.01)


async def test_l15_fifty_sessions_of_one_user_have_one_purse_and_others_their_own(
    environ: dict[str, str], stub: Vendor
) -> None:
    environ["REPARTEE_BUDGETS"] = "session=1, user/day=0.001, day=10"
    settings = load_settings(environ)
    async with jobs(environ, 1) as (job,):
        for number in range(2):
            many = [turns(f"Encore {number} ?", session=f"s-{n}", user="ada")[0] for n in range(50)]
            greedy = await job.done("say", turns=many)
        (other,) = await job.done("say", turns=turns("Et moi ?", session="s-bob", user="bob"))
        assert await job.done("flush")
    entries = await ledger(settings)
    hers = sum(entry.cost_nano for entry in entries if entry.user == "ada")
    (line,) = [one for one in lines_of(settings, user="ada") if one.scope == "user/day"]
    assert 0 < hers <= line.limit_nano
    async with purse_of(settings) as purse:
        assert await spent(purse, (line,)) == [hers]
    assert all(outcome["text"] for outcome in greedy)
    assert "understudy" in {outcome["source"] for outcome in greedy}
    assert other["source"] == "live"
