"""Jobs and workers are killed while words are paid for: stats, ledger and bills stay in step."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from bench.vendor import Delays
from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.budgets import BudgetPlan
from tests.bills import PROMPT_RATIO, assert_bills_are_booked, attempts
from tests.integration.purse_worker import books_of, opened_purse
from tests.room._processes import kill, players, worker
from tests.room._rivals import Rivals, rivals
from tests.room._seat import LIMIT_S, Seat, exited, seated
from tests.wired import spent

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAST_BACK_S = 60.0
MOST_WORDS_TOKENS = 700
"""What any call of a scene asks for at most: all of it is booked for one that was lost."""


class Later(SystemClock):
    """An hour from now: every lease has run out."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rivals]:
    async with rivals(tmp_path_factory.mktemp("ledger")) as opened:
        yield opened


async def booked(pair: Rivals) -> tuple[LedgerEntry, ...]:
    """The ledger, once every call that has ended is in it."""
    await pair.settled()
    async with asyncio.timeout(LIMIT_S):
        while True:
            entries = await pair.entries()
            calls = [c for v in (pair.first, pair.second) for c in v.calls if c.route == "chat"]
            if len(attempts(entries)) >= sum(call.end == "complete" for call in calls):
                return entries
            await asyncio.sleep(0.05)


async def quiet_books(pair: Rivals) -> None:
    """Waits until the scene asks nobody for anything: its deck is filled."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            before = pair.first.counts["chat"]
            await pair.settled()
            await asyncio.sleep(0.7)
            if pair.first.counts["chat"] == before:
                return


async def in_mid_answer(pair: Rivals, seat: Seat, words: str) -> None:
    """Types a turn and returns when the vendor is saying the answer."""
    pair.first.delays, pair.first.words = Delays(word_s=0.25), 40
    await seat.person.write(words)

    def begun() -> bool:
        return any(c.end == "open" and c.completion_tokens > 3 for c in pair.first.calls)

    await seat.person.until(begun, limit_s=LIMIT_S)


async def back(pair: Rivals, seat: Seat, known: int) -> None:
    """Waits until another job plays on, and has booked what it needs."""
    pair.first.delays, pair.first.words = Delays(), 7

    def again() -> bool:
        return len(pair.house.log("worker").split('"received job request"')) > known

    await seat.person.until(again, limit_s=CAST_BACK_S)
    await seat.person.until(lambda: seat.person.attribute("repartee.phase"), limit_s=CAST_BACK_S)
    await quiet_books(pair)


def jobs(pair: Rivals) -> int:
    return len(pair.house.log("worker").split('"received job request"'))


async def assert_stats_are_the_ledger(pair: Rivals) -> tuple[LedgerEntry, ...]:
    """What operators are told is what stands in the ledger, whoever wrote it."""
    entries = await booked(pair)
    found = await pair.house.call("GET", "/api/llm/stats?window=all")
    assert found["counterfactual"]["spent_nano"] == sum(entry.cost_nano for entry in entries)
    assert found["calls"] == sum(entry.calls for entry in entries)
    return entries


async def recovered(pair: Rivals) -> int:
    """What any process of the house does every ten seconds, done an hour later."""
    folder, url = pair.settings.data_dir, pair.settings.database_url
    async with opened_purse(str(folder)) as purse, open_sql(url) as sql:
        return await books_of(purse, sql.ledger, clock=Later()).recover()


async def spent_by(pair: Rivals, room: str) -> int:
    """What the purse says of the session's own budget."""
    lines = BudgetPlan().lines(session=room, session_limit_nano=1, now=SystemClock().now())
    async with opened_purse(str(pair.settings.data_dir)) as purse:
        (amount,) = await spent(purse, lines)
    return amount


async def test_o8_killed_job_and_killed_worker_leave_books_that_agree_with_the_bills(
    pair: Rivals,
) -> None:
    async with seated(pair.house, "duo") as seat:
        await seat.greeted()
        await seat.reply_to("Who pays for the harbour, Ben?")
        await quiet_books(pair)
        await booked(pair)
        for crash, words in ((players, "And who would build it, Ada?"), (worker, "How, Ben?")):
            known = jobs(pair)
            await in_mid_answer(pair, seat, words)
            found = crash(pair.house)
            kill(*(found if isinstance(found, list) else [found]))
            entries = await assert_stats_are_the_ledger(pair)
            rest = assert_bills_are_booked(entries, pair.first, pair.second)
            crashes = 1 + (crash is worker)
            assert len(rest.billed) == crashes
            assert len(rest.booked) < crashes, "this one's lease is not over yet"
            await back(pair, seat, known)
            await seat.reply_to("And now, Ada?")
        room = seat.ticket.room
    await exited(pair.house, room)
    await pair.settled()
    await recovered(pair)
    entries = await assert_stats_are_the_ledger(pair)
    lost = [entry for entry in entries if entry.role is Role.LOST]
    assert len(lost) == 2
    assert all(entry.usage.estimated for entry in lost)
    rest = assert_bills_are_booked(entries, pair.first, pair.second)
    assert len(rest.billed) == len(rest.booked)
    prompts = sorted(one.prompt for one in rest.billed)
    for theirs, ours in zip(prompts, sorted(one.prompt for one in rest.booked), strict=True):
        assert theirs / PROMPT_RATIO <= ours <= theirs * PROMPT_RATIO
    assert sum(e.usage.completion_tokens for e in lost) <= 2 * MOST_WORDS_TOKENS
    assert await spent_by(pair, room) == sum(e.cost_nano for e in entries if e.session == room)
    assert await recovered(pair) == 0
