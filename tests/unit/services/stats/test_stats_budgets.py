"""The budgets that stand for everybody are read from the purse, under the plan's own keys."""

from datetime import UTC, datetime, timedelta

from services.llm.entry import LedgerEntry
from services.llm.ledger.budgets import parse_budgets
from services.llm.ports import Hold
from services.stats.budgets import PurseBudgets
from tests.fakes.booked import booked
from tests.fakes.clock import FakeClock
from tests.fakes.purse import FakePurse

NEW_YEAR_S_EVE = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)


def hold(entry: LedgerEntry, now: datetime) -> Hold:
    plan = parse_budgets("session=1, user/day=2, day=10, month=100")
    return Hold(
        id=entry.id,
        lines=plan.lines(session="s-1", user="ada", now=now),
        amount_nano=5 * 10**8,
        draft=entry,
        expires_at=now + timedelta(minutes=1),
    )


async def test_only_budgets_of_everybody_are_told() -> None:
    clock = FakeClock(NEW_YEAR_S_EVE)
    purse, told = FakePurse(clock), dict[str, float]()
    await purse.reserve([hold(booked("a"), clock.now())])
    plan = parse_budgets("session=1, user/day=2, day=10, month=100")
    budgets = PurseBudgets(plan, purse, on_share=told.__setitem__)
    states = await budgets.states(clock.now())
    assert [(state.scope, state.spent_nano) for state in states] == [
        ("day", 5 * 10**8), ("month", 5 * 10**8)
    ]  # fmt: skip
    assert told == {"day": 0.05, "month": 0.005}


async def test_l10_a_new_day_and_month_begin_at_midnight_utc() -> None:
    clock = FakeClock(NEW_YEAR_S_EVE)
    purse = FakePurse(clock)
    await purse.reserve([hold(booked("a"), clock.now())])
    budgets = PurseBudgets(parse_budgets("day=10, month=100"), purse)
    assert {state.ends_at for state in await budgets.states(clock.now())} == {
        datetime(2027, 1, 1, tzinfo=UTC)
    }
    clock.advance(60)
    assert [state.spent_nano for state in await budgets.states(clock.now())] == [0, 0]


async def test_without_budgets_the_purse_is_not_asked() -> None:
    clock = FakeClock()
    purse = FakePurse(clock)
    assert await PurseBudgets(parse_budgets(""), purse).states(clock.now()) == ()
    assert purse.asked == []
