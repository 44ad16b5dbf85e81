"""What the coming days will probably cost, from what the past ones did.

Pure, over days of UTC. Days count from the first on which anything was spent up to yesterday; a day
without spending in between is a zero, today is not over and only bounds itself from below. What is
not known is not told as 0: from fewer than two days nothing is foretold.

Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 8.2 and 8.3:
Holt's linear trend, Holt-Winters' additive season. The weights are fixed: 0.3 for the level, so
that a week counts for nine tenths, and 0.1 for trend and season.
"""

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

WEEK = 7
FEWEST_DAYS = 2
TREND_DAYS = 4
SEASON_DAYS = 2 * WEEK
LOOKED_BACK = timedelta(days=10 * WEEK)
"""How much of the past is worth reading."""

_LEVEL, _TREND, _SEASON = 0.3, 0.1, 0.1

Method = Literal["unknown", "mean", "trend", "season"]
Ahead = Callable[[int], float]
"""The spending of the day that lies so many days after the last known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Nano-USD. `coming` are the seven days from tomorrow on; `month_nano` is the whole month of
    `today`, with what is spent already. When the method is `unknown` it is None, `coming` empty.
    """

    method: Method
    days: int
    month_ends: date
    month_nano: int | None = None
    coming: tuple[tuple[date, int], ...] = ()


def forecast(spent: Mapping[date, int], today: date) -> Forecast:
    """What is to be expected; `spent` is nano-USD by day."""
    past = _series(spent, today)
    month_ends = today.replace(day=calendar.monthrange(today.year, today.month)[1])
    method, ahead = _method(past)
    if ahead is None:
        return Forecast(method=method, days=len(past), month_ends=month_ends)
    expected = {
        today + timedelta(days=n): max(0, round(ahead(n + 1)))
        for n in range(max(WEEK, (month_ends - today).days) + 1)
    }
    expected[today] = max(expected[today], spent.get(today, 0))
    this_month = {day: nano for day, nano in spent.items() if _same_month(day, today)}
    this_month |= {day: nano for day, nano in expected.items() if _same_month(day, today)}
    return Forecast(
        method=method,
        days=len(past),
        month_ends=month_ends,
        month_nano=sum(this_month.values()),
        coming=tuple((day, expected[day]) for day in sorted(expected)[1 : WEEK + 1]),
    )


def _series(spent: Mapping[date, int], today: date) -> list[int]:
    """Whole days, without a gap, from the first on which anything was spent."""
    days = [day for day, nano in spent.items() if nano > 0 and day < today]
    if not days:
        return []
    first = min(days)
    return [spent.get(first + timedelta(days=n), 0) for n in range((today - first).days)]


def _same_month(day: date, today: date) -> bool:
    return (day.year, day.month) == (today.year, today.month)


def _method(past: Sequence[int]) -> tuple[Method, Ahead | None]:
    if len(past) < FEWEST_DAYS:
        return "unknown", None
    if len(past) < TREND_DAYS:
        mean = sum(past) / len(past)
        return "mean", lambda _: mean
    if len(past) < SEASON_DAYS:
        return "trend", holt(past)
    return "season", holt_winters(past)


def holt(past: Sequence[float]) -> Ahead:
    """Level and trend; it begins with the mean slope of the first four days."""
    level, trend = past[0], (past[TREND_DAYS - 1] - past[0]) / (TREND_DAYS - 1)
    for value in past[1:]:
        before, expected = level, level + trend
        level = expected + _LEVEL * (value - expected)
        trend += _TREND * (level - before - trend)
    return lambda n: level + n * trend


def holt_winters(past: Sequence[float]) -> Ahead:
    """Level, trend and what each day of the week adds; it begins with the first two weeks."""
    first, second = (sum(past[at : at + WEEK]) / WEEK for at in (0, WEEK))
    trend = (second - first) / WEEK
    middle = (WEEK - 1) / 2
    season = [past[n] - (first + (n - middle) * trend) for n in range(WEEK)]
    level = first + middle * trend
    for at in range(WEEK, len(past)):
        value, day, before = past[at], at % WEEK, level
        expected = level + trend + season[day]
        level += trend + _LEVEL * (value - expected)
        trend += _TREND * (level - before - trend)
        season[day] += _SEASON * (value - level - season[day])
    end = len(past)
    return lambda n: level + n * trend + season[(end + n - 1) % WEEK]
