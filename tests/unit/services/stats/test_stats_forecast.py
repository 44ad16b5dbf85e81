"""What the coming days will cost, against figures that were worked out by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from services.stats.days import KEPT_S, Days
from services.stats.forecast import forecast, holt, holt_winters
from tests.fakes.booked import booked
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.stats import FakeTotals

MONDAY = date(2026, 11, 2)
USD = 10**9


def days(*nano: int, first: date = MONDAY) -> dict[date, int]:
    return {first + timedelta(days=n): one for n, one in enumerate(nano)}


def after(spent: Mapping[date, int]) -> date:
    return max(spent) + timedelta(days=1)


@pytest.mark.parametrize("spent", [{}, days(5 * USD), days(0, 0, 5 * USD), days(0, 0, 0)])
def test_l14_from_none_or_one_day_nothing_is_foretold(spent: dict[date, int]) -> None:
    found = forecast(spent, after(spent) if spent else MONDAY)
    assert (found.method, found.month_nano, found.coming) == ("unknown", None, ())
    assert found.days == (1 if any(spent.values()) else 0)


def test_l14_day_that_is_not_over_is_no_day_to_foretell_from() -> None:
    spent = days(5 * USD, 7 * USD)
    assert forecast(spent, max(spent)).method == "unknown"
    assert forecast(spent, after(spent)).method == "mean"


def test_two_and_three_days_are_told_by_their_mean() -> None:
    spent = days(4 * USD, 8 * USD)
    found = forecast(spent, date(2026, 11, 4))
    assert found.coming == tuple((date(2026, 11, 5 + n), 6 * USD) for n in range(7))
    assert found.month_ends == date(2026, 11, 30)
    assert found.month_nano == 12 * USD + 27 * 6 * USD


def test_holt_s_trend_by_hand() -> None:
    """10, 20, 30 and 50 begin at 10 with 40/3 a day.

    20 for 23.33333: level 22.33333, trend 13.33333 + 0.1 * (12.33333 - 13.33333) = 13.23333.
    30 for 35.56667: level 33.89667, trend 13.23333 + 0.1 * (11.56333 - 13.23333) = 13.06633.
    50 for 46.96300: level 47.87410, trend 13.06633 + 0.1 * (13.97743 - 13.06633) = 13.15744.
    """
    ahead = holt([10, 20, 30, 50])
    assert [ahead(n) for n in (1, 2)] == pytest.approx([61.03154, 74.18899], abs=1e-5)


def test_straight_line_goes_on_straight() -> None:
    ahead = holt([10.0 + 3 * n for n in range(10)])
    assert [ahead(n) for n in (1, 7)] == pytest.approx([40.0, 58.0])


def test_week_that_repeats_itself_goes_on_repeating() -> None:
    week = [10.0, 20.0, 30.0, 40.0, 50.0, 5.0, 6.0]
    ahead = holt_winters(week * 3)
    assert [ahead(n) for n in range(1, 15)] == pytest.approx(week * 2)


def test_growing_week_goes_on_growing() -> None:
    week = [10.0, 20.0, 30.0, 40.0, 50.0, 5.0, 6.0]
    values = [week[n % 7] + 2 * n for n in range(24)]
    ahead = holt_winters(values[:17])
    assert [ahead(n) for n in range(1, 8)] == pytest.approx(values[17:])


def test_holt_winters_by_hand() -> None:
    """Two weeks of 7 on Mondays and 0 else, then a Monday of 17.

    The level is 1, the season 6 and -1; 17 is 10 above: the level rises by 3, the trend by 0.1 * 3,
    the season by 0.1 * (17 - 4 - 6).
    """
    ahead = holt_winters([7.0, *[0.0] * 6, 7.0, *[0.0] * 6, 17.0])
    assert ahead(1) == pytest.approx(4 + 0.3 - 1)
    assert ahead(7) == pytest.approx(4 + 7 * 0.3 + 6.7)


@pytest.mark.parametrize(
    ("count", "method"), [(3, "mean"), (4, "trend"), (13, "trend"), (14, "season")]
)
def test_more_days_allow_a_better_method(count: int, method: str) -> None:
    spent = days(*[USD] * count)
    found = forecast(spent, after(spent))
    assert (found.method, found.days) == (method, count)
    assert [nano for _, nano in found.coming] == [USD] * 7


def test_days_without_spending_count_once_the_first_day_is_there() -> None:
    gaps = {MONDAY: 6 * USD, MONDAY + timedelta(days=2): 3 * USD}
    found = forecast(gaps, MONDAY + timedelta(days=3))
    assert (found.days, found.coming[0][1]) == (3, 3 * USD)
    empty_before = {MONDAY - timedelta(days=5): 0, **gaps}
    assert forecast(empty_before, MONDAY + timedelta(days=3)) == found


def test_falling_spending_ends_at_nothing_and_never_below() -> None:
    spent = days(*(USD * n for n in (50, 30, 10, 0)))
    found = forecast(spent, after(spent))
    assert min(nano for _, nano in found.coming) == 0
    assert found.month_nano is not None
    assert found.month_nano >= 90 * USD


def test_month_holds_what_is_spent_and_what_is_to_come() -> None:
    spent = {**days(*[USD] * 10, first=date(2026, 10, 25)), date(2026, 11, 4): 0}
    found = forecast(spent, date(2026, 11, 4))
    assert found.month_nano == 3 * USD + 27 * USD


def test_today_costs_at_least_what_it_has_cost() -> None:
    spent = days(USD, USD)
    quiet, dear = (forecast(spent | {MONDAY + timedelta(days=2): n}, MONDAY + timedelta(days=2))
                   for n in (USD // 2, 5 * USD))  # fmt: skip
    assert quiet.month_nano == 2 * USD + 27 * USD
    assert dear.month_nano == 2 * USD + 5 * USD + 26 * USD
    assert dear.coming == quiet.coming


@pytest.mark.parametrize(
    ("today", "ends", "left"),
    [
        (date(2026, 11, 30), date(2026, 11, 30), 0),
        (date(2026, 12, 1), date(2026, 12, 31), 30),
        (date(2027, 2, 28), date(2027, 2, 28), 0),
        (date(2028, 2, 28), date(2028, 2, 29), 1),
        (date(2026, 12, 31), date(2026, 12, 31), 0),
    ],
)
def test_l10_month_s_edge(today: date, ends: date, left: int) -> None:
    spent = days(*[USD] * 3, first=today - timedelta(days=3))
    found = forecast(spent, today)
    earlier = sum(day.month == today.month for day in spent)
    assert found.month_ends == ends
    assert found.month_nano == (earlier + 1 + left) * USD
    assert [day for day, _ in found.coming] == [today + timedelta(days=n) for n in range(1, 8)]


def test_amounts_are_whole_nano_dollars() -> None:
    spent = days(1, 2, 4, 8, 16)
    found = forecast(spent, after(spent))
    assert all(type(nano) is int for _, nano in found.coming)
    assert type(found.month_nano) is int


class CountedTotals(FakeTotals):
    """Keeps from when on days were asked for."""

    def __init__(self, ledger: FakeLedger) -> None:
        super().__init__(ledger)
        self.asked: list[datetime] = []

    async def days(self, *, since: datetime) -> Mapping[date, int]:
        self.asked.append(since)
        return await super().days(since=since)


async def read(at: Sequence[datetime], spent_at: Sequence[datetime]) -> list[Mapping[date, int]]:
    clock, ledger = FakeClock(at[0]), FakeLedger()
    one = Days(FakeTotals(ledger), clock)
    found: list[Mapping[date, int]] = []
    for moment, spent in zip(at, spent_at, strict=True):
        clock.advance((moment - clock.now()).total_seconds())
        await ledger.add([booked(f"e-{len(found)}", at=spent, cost_nano=1)])
        found.append(dict((await one.spent())[1]))
    return found


async def test_today_is_always_as_of_now() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    at = [noon, noon + timedelta(seconds=5)]
    assert await read(at, at) == [{noon.date(): 1}, {noon.date(): 2}]


async def test_l10_day_that_ended_a_moment_ago_is_read_whole() -> None:
    late = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    spent_at = [late, late + timedelta(seconds=50)]
    found = await read([late, late + timedelta(minutes=2)], spent_at)
    assert found[1] == {date(2026, 11, 30): 2}


async def test_past_is_read_again_every_ten_minutes() -> None:
    clock = FakeClock(datetime(2026, 11, 21, 12, tzinfo=UTC))
    totals = CountedTotals(FakeLedger())
    one = Days(totals, clock)
    for seconds in (0, 10, KEPT_S - 11, 1):
        clock.advance(seconds)
        await one.spent()
    past, today = datetime(2026, 9, 12, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    assert totals.asked == [past, today, today, past]
