"""What every purse does: it never lets more out than there is, and forgets nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.adapters.embedded.file import SharedFile
from services.adapters.embedded.purse import TABLES, SqlitePurse
from services.adapters.redis_shared.client import RedisLink
from services.adapters.redis_shared.purse import RedisPurse
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Usage
from services.llm.ports import Admission, BudgetLine, Hold, Purse
from services.llm.request import TaskType
from tests.fakes.clock import FakeClock
from tests.fakes.purse import FakePurse

CENT = 10_000_000
NOON = FakeClock().now()
SESSION = BudgetLine(key="session:s-1", scope="session", limit_nano=100 * CENT)
MIDNIGHT = NOON.replace(hour=0) + timedelta(days=1)
DAY = BudgetLine(key="day:2026-11-21", scope="day", limit_nano=500 * CENT, ends_at=MIDNIGHT)
BOTH = (SESSION, DAY)


@pytest.fixture(params=["fake", "sqlite", "redis"])
async def purse(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Purse]:
    """A purse in which nothing was ever spent."""
    clock = FakeClock()
    if request.param == "fake":
        yield FakePurse(clock)
    elif request.param == "sqlite":
        file = SharedFile(tmp_path, tables=TABLES)
        yield SqlitePurse(file, clock)
        await file.aclose()
    else:
        link = RedisLink(request.getfixturevalue("empty_redis"), timeout_s=5.0)
        yield RedisPurse(link, clock)
        await link.aclose()


def entry(id: str, cost_nano: int = CENT, role: Role = Role.SERVED) -> LedgerEntry:
    return LedgerEntry(
        id=id,
        call=f"call-{id}",
        at=NOON,
        role=role,
        task=TaskType.AGENT_RESPONSE,
        session="s-1",
        usage=Usage(prompt_tokens=700, completion_tokens=25),
        cost_nano=cost_nano,
        total_s=0.5,
    )


def hold(
    id: str,
    cents: int = 10,
    lines: tuple[BudgetLine, ...] = BOTH,
    *,
    draft_nano: int = 5 * CENT,
    lease_s: float = 120,
) -> Hold:
    return Hold(
        id=id,
        lines=lines,
        amount_nano=cents * CENT,
        draft=entry(id, draft_nano, Role.LOST),
        expires_at=NOON + timedelta(seconds=lease_s),
    )


async def spent(purse: Purse, line: BudgetLine = SESSION) -> int:
    return (await purse.spent([line]))[line.key]


async def test_untouched_budget_has_nothing_spent(purse: Purse) -> None:
    assert await purse.spent(BOTH) == {"session:s-1": 0, "day:2026-11-21": 0}


async def test_nothing_asked_is_nothing_spent(purse: Purse) -> None:
    assert await purse.spent(()) == {}


async def test_reserved_money_counts_in_every_budget_of_the_call(purse: Purse) -> None:
    admission = await purse.reserve([hold("a", 10)])
    assert admission.denied is None
    assert admission.shares == pytest.approx({"session:s-1": 0.10, "day:2026-11-21": 0.02})
    assert await purse.spent(BOTH) == {"session:s-1": 10 * CENT, "day:2026-11-21": 10 * CENT}


async def test_last_cent_may_be_reserved_and_none_beyond_it(purse: Purse) -> None:
    assert (await purse.reserve([hold("a", 100)])).denied is None
    assert (await purse.reserve([hold("b", 1)])).denied == "session"
    assert await spent(purse) == 100 * CENT


async def test_one_nano_too_much_is_denied(purse: Purse) -> None:
    over = replace(hold("a"), amount_nano=SESSION.limit_nano + 1)
    assert (await purse.reserve([over])).denied == "session"


async def test_denial_names_the_first_budget_too_small_and_takes_from_none(purse: Purse) -> None:
    await purse.reserve([hold("a", 495, (DAY,))])
    admission = await purse.reserve([hold("b", 10)])
    assert admission.denied == "day"
    assert admission.shares == pytest.approx({"session:s-1": 0.0, "day:2026-11-21": 0.99})
    assert await spent(purse) == 0


async def test_batch_is_reserved_whole(purse: Purse) -> None:
    batch = [hold("a", 40), hold("b", 40), hold("c", 20, (DAY,))]
    admission = await purse.reserve(batch)
    assert admission.denied is None
    assert await purse.spent(BOTH) == {"session:s-1": 80 * CENT, "day:2026-11-21": 100 * CENT}


async def test_batch_is_refused_whole(purse: Purse) -> None:
    batch = [hold("a", 40), hold("b", 40), hold("c", 40)]
    assert (await purse.reserve(batch)).denied == "session"
    assert await purse.spent(BOTH) == {"session:s-1": 0, "day:2026-11-21": 0}


async def test_batch_over_different_sessions_draws_on_each(purse: Purse) -> None:
    other = replace(SESSION, key="session:s-2")
    await purse.reserve([hold("a", 30, (SESSION, DAY)), hold("b", 60, (other, DAY))])
    assert await purse.spent((SESSION, other, DAY)) == {
        "session:s-1": 30 * CENT,
        "session:s-2": 60 * CENT,
        "day:2026-11-21": 90 * CENT,
    }


async def test_reserving_the_same_hold_again_changes_nothing(purse: Purse) -> None:
    """A reply that was lost may be asked for again."""
    await purse.reserve([hold("a", 60)])
    assert (await purse.reserve([hold("a", 60)])).denied is None
    assert await spent(purse) == 60 * CENT


async def test_settling_replaces_the_hold_by_the_cost(purse: Purse) -> None:
    await purse.reserve([hold("a", 60)])
    shares = await purse.settle(hold("a", 60), entry("a", 7 * CENT))
    assert shares == pytest.approx({"session:s-1": 0.07, "day:2026-11-21": 0.014})
    assert await spent(purse) == 7 * CENT


async def test_cost_above_the_hold_is_charged_and_shown(purse: Purse) -> None:
    await purse.reserve([hold("a", 100)])
    shares = await purse.settle(hold("a", 100), entry("a", 130 * CENT))
    assert shares["session:s-1"] == pytest.approx(1.3)


async def test_settling_twice_changes_nothing(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    await purse.settle(hold("a"), entry("a", 3 * CENT))
    shares = await purse.settle(hold("a"), entry("a", 9 * CENT))
    assert shares["session:s-1"] == pytest.approx(0.03)


async def test_settling_or_reserving_what_was_booked_changes_nothing(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    await purse.settle(hold("a"), entry("a", 3 * CENT))
    await purse.booked(["a"])
    await purse.settle(hold("a"), entry("a", 9 * CENT))
    await purse.reserve([hold("a")])
    assert await spent(purse) == 3 * CENT


async def test_hold_that_the_purse_never_heard_of_is_charged_in_full(purse: Purse) -> None:
    """Attempts of an outage are settled when the purse is back."""
    await purse.settle(hold("a"), entry("a", 8 * CENT))
    assert await purse.spent(BOTH) == {"session:s-1": 8 * CENT, "day:2026-11-21": 8 * CENT}
    await purse.settle(hold("a"), entry("a", 8 * CENT))
    assert await spent(purse) == 8 * CENT


async def test_reservation_that_comes_after_its_settlement_takes_nothing(purse: Purse) -> None:
    await purse.settle(hold("a"), entry("a", 0))
    await purse.reserve([hold("a")])
    assert await spent(purse) == 0


async def test_live_hold_is_no_orphan(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    assert list(await purse.orphans(NOON + timedelta(seconds=119))) == []


async def test_o8_expired_hold_is_settled_at_its_draft_and_returned_once(purse: Purse) -> None:
    await purse.reserve([hold("a", 10, draft_nano=4 * CENT)])
    later = NOON + timedelta(seconds=121)
    assert list(await purse.orphans(later)) == [entry("a", 4 * CENT, Role.LOST)]
    assert list(await purse.orphans(later)) == []
    assert await purse.spent(BOTH) == {"session:s-1": 4 * CENT, "day:2026-11-21": 4 * CENT}


async def test_o8_settled_entry_that_nobody_booked_is_returned_as_it_was(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    await purse.settle(hold("a"), entry("a", 3 * CENT))
    assert list(await purse.orphans(NOON + timedelta(seconds=10))) == []
    assert list(await purse.orphans(NOON + timedelta(seconds=20))) == [entry("a", 3 * CENT)]


async def test_orphan_that_was_not_booked_comes_back_later(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    assert len(await purse.orphans(NOON + timedelta(seconds=121))) == 1
    assert len(await purse.orphans(NOON + timedelta(seconds=160))) == 1


async def test_booked_orphan_is_forgotten(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    await purse.orphans(NOON + timedelta(seconds=121))
    await purse.booked(["a"])
    assert list(await purse.orphans(NOON + timedelta(hours=1))) == []


async def test_settling_after_the_lease_ran_out_keeps_purse_and_ledger_equal(purse: Purse) -> None:
    """The draft was booked: the ledger ignores the late entry, and so does the purse."""
    await purse.reserve([hold("a", draft_nano=4 * CENT)])
    await purse.orphans(NOON + timedelta(seconds=121))
    await purse.booked(["a"])
    await purse.settle(hold("a"), entry("a", 9 * CENT))
    assert await spent(purse) == 4 * CENT


async def test_booking_what_is_still_held_does_not_free_it(purse: Purse) -> None:
    await purse.reserve([hold("a")])
    await purse.booked(["a", "unknown"])
    assert await spent(purse) == 10 * CENT


async def test_hold_without_budgets_is_never_denied_and_charges_nobody(purse: Purse) -> None:
    await purse.reserve([hold("full", 100)])
    assert await purse.reserve([hold("a", 1000, ())]) == Admission(denied=None, shares={})
    assert await purse.settle(hold("a", 1000, ()), entry("a")) == {}
    assert await spent(purse) == 100 * CENT


async def test_o8_draft_of_a_call_without_budgets_is_an_orphan(purse: Purse) -> None:
    await purse.reserve([hold("a", 10, (), draft_nano=4 * CENT)])
    later = NOON + timedelta(seconds=121)
    assert list(await purse.orphans(later)) == [entry("a", 4 * CENT, Role.LOST)]
    await purse.booked(["a"])
    assert list(await purse.orphans(later + timedelta(minutes=1))) == []
    assert await purse.spent(BOTH) == {"session:s-1": 0, "day:2026-11-21": 0}


async def test_settled_call_without_budgets_waits_for_the_ledger(purse: Purse) -> None:
    await purse.reserve([hold("a", 10, ())])
    await purse.settle(hold("a", 10, ()), entry("a", 3 * CENT))
    await purse.reserve([hold("a", 10, ())])
    assert list(await purse.orphans(NOON + timedelta(seconds=20))) == [entry("a", 3 * CENT)]
    await purse.booked(["a"])
    assert list(await purse.orphans(NOON + timedelta(minutes=5))) == []


async def test_round_may_hold_calls_with_and_without_budgets(purse: Purse) -> None:
    batch = [hold("a", 40), hold("b", 500, ()), hold("c", 40)]
    assert (await purse.reserve(batch)).denied is None
    assert await spent(purse) == 80 * CENT


async def test_entry_waits_with_every_field(purse: Purse) -> None:
    full = replace(
        entry("a", 3 * CENT),
        persona="Zoé « la juge »",
        template="answer.fr@1",
        list_nano=2**52,
        fault="cut",
        first_token_s=0.123456789,
        calls=1,
    )
    await purse.settle(hold("a"), full)
    assert list(await purse.orphans(NOON + timedelta(seconds=20))) == [full]


async def test_sums_stay_exact_at_a_million_dollars(purse: Purse) -> None:
    rich = replace(DAY, limit_nano=10**15)
    first = replace(hold("a", lines=(rich,)), amount_nano=10**15 - 1)
    assert (await purse.reserve([first])).denied is None
    assert (await purse.reserve([replace(hold("b", lines=(rich,)), amount_nano=2)])).denied == "day"
    assert (await purse.reserve([replace(hold("c", lines=(rich,)), amount_nano=1)])).denied is None
    assert await spent(purse, rich) == 10**15


async def test_l7_of_200_calls_at_once_exactly_50_are_let_through(purse: Purse) -> None:
    line = replace(DAY, limit_nano=500 * CENT)
    admissions = await asyncio.gather(
        *(purse.reserve([hold(f"h-{n}", 10, (line,))]) for n in range(200))
    )
    assert sum(one.denied is None for one in admissions) == 50
    assert await spent(purse, line) == 500 * CENT


async def test_many_orphans_are_all_returned_by_asking_again(purse: Purse) -> None:
    line = replace(DAY, limit_nano=10_000 * CENT)
    for start in range(0, 250, 50):
        await purse.reserve([hold(f"h-{n}", 1, (line,)) for n in range(start, start + 50)])
    later, found = NOON + timedelta(seconds=121), set()
    while orphans := await purse.orphans(later):
        found |= {orphan.id for orphan in orphans}
        await purse.booked([orphan.id for orphan in orphans])
    assert found == {f"h-{n}" for n in range(250)}


async def test_counter_stays_for_two_days_after_its_window(purse: Purse) -> None:
    """Late settlements of the last calls still find it."""
    await purse.reserve([hold("a")])
    await purse.settle(hold("a"), entry("a", 3 * CENT))
    await purse.booked(["a"])
    await purse.orphans(MIDNIGHT + timedelta(days=1, hours=23))
    assert await spent(purse, DAY) == 3 * CENT
