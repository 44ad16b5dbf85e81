"""Budgets as the setting has them, and which of them a call draws on."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from services.core.errors import ConfigError
from services.llm.ledger.budgets import BudgetPlan, parse_budgets
from tests.fakes.money import CENT, DOLLAR

ALL = (
    "session=0.30, user=5, user/day=2, user/week=3, user/month=4, scenario=90, scenario/day=10,"
    "scenario/week=15, scenario/month=20, day=10, week=50, month=150, global=1000"
)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def keys(plan: BudgetPlan, now: datetime = NOW) -> list[str]:
    return [line.key for line in plan.lines(session="s-1", user="ada", scenario="tv", now=now)]


def test_setting_with_everything_gives_a_line_for_everything() -> None:
    assert keys(parse_budgets(ALL)) == [
        "session:s-1",
        "user:ada",
        "user:ada:2026-11-21",
        "user:ada:2026-W47",
        "user:ada:2026-11",
        "scenario:tv",
        "scenario:tv:2026-11-21",
        "scenario:tv:2026-W47",
        "scenario:tv:2026-11",
        "day:2026-11-21",
        "week:2026-W47",
        "month:2026-11",
        "global",
    ]


def test_line_carries_scope_limit_and_end() -> None:
    (line,) = parse_budgets("user/day=2.5").lines(user="ada", now=NOW)
    assert (line.scope, line.limit_nano) == ("user/day", 25 * DOLLAR // 10)
    assert line.ends_at == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("setting", ["", "  ", ",", " , "])
def test_empty_setting_has_no_budgets(setting: str) -> None:
    assert parse_budgets(setting).lines(session="s", user="u", scenario="x", now=NOW) == ()


@pytest.mark.parametrize(
    ("setting", "nano"),
    [("day=10", 10 * DOLLAR), ("day = $0.30", 30 * CENT), ("day=0.000000001", 1)],
)
def test_amounts_are_exact(setting: str, nano: int) -> None:
    assert parse_budgets(setting).budgets[0].limit_nano == nano


@pytest.mark.parametrize(
    ("setting", "part", "cause"),
    [
        ("day=10, nonsense", "nonsense", "no `=`"),
        ("daily=10", "daily=10", "no budget `daily`"),
        ("session/day=1", "session/day=1", "no budget `session/day`"),
        ("day=ten", "day=ten", "USD in decimals"),
        ("day=-1", "day=-1", "USD in decimals"),
        ("day=nan", "day=nan", "USD in decimals"),
        ("day=1e9", "day=1e9", "USD in decimals"),
        ("day=", "day=", "USD in decimals"),
        ("day=0", "day=0", "above 0"),
        ("day=1000001", "day=1000001", "up to 1000000"),
        ("day=1, day=2", "day=2", "twice"),
        ("global=1,000", "000", "no `=`"),
        ("day=١", "day=١", "USD in decimals"),
    ],
)
def test_error_names_part_cause_and_valid_names(setting: str, part: str, cause: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_budgets(setting)
    message = str(raised.value)
    assert message.startswith(f"REPARTEE_BUDGETS: `{part}`: ")
    assert cause in message
    assert "scenario/month" in message


def test_call_without_session_and_user_draws_on_the_global_windows_only() -> None:
    lines = parse_budgets(ALL).lines(now=NOW)
    assert [line.scope for line in lines] == ["day", "week", "month", "global"]


@pytest.mark.parametrize(
    ("setting", "author", "limit"),
    [
        ("", 30 * CENT, 30 * CENT),
        ("session=0.10", 30 * CENT, 10 * CENT),
        ("session=0.50", 30 * CENT, 30 * CENT),
        ("session=0.50", None, 50 * CENT),
    ],
)
def test_smaller_of_the_author_s_and_the_operator_s_session_limit_holds(
    setting: str, author: int | None, limit: int
) -> None:
    (line,) = parse_budgets(setting).lines(session="s-1", session_limit_nano=author, now=NOW)
    assert (line.key, line.limit_nano, line.ends_at) == ("session:s-1", limit, None)


def test_author_s_limit_without_a_session_is_nobody_s() -> None:
    assert parse_budgets("").lines(session_limit_nano=30 * CENT, now=NOW) == ()


def test_ids_cannot_forge_another_budget_s_key() -> None:
    """A user named `ada:2026-11-21` has a budget of their own."""
    plan = parse_budgets("user=5, user/day=2")
    odd = [line.key for line in plan.lines(user="ada:2026-11-21", now=NOW)]
    assert not set(odd) & {line.key for line in plan.lines(user="ada", now=NOW)}
    (key,) = (line.key for line in parse_budgets("user=1").lines(user="a b\n\ud800", now=NOW))
    assert key.isascii()
    assert not set(key) & set(" \n")


@pytest.mark.parametrize(
    ("now", "day", "week", "month"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "2026-12-31", "2026-W53", "2026-12"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-01-01", "2026-W53", "2027-01"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-01-04", "2027-W01", "2027-01"),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), "2028-02-29", "2028-W09", "2028-02"),
        (datetime(2026, 12, 31, 20, tzinfo=timezone(timedelta(hours=-5))),
         "2027-01-01", "2026-W53", "2027-01"),
    ],
)  # fmt: skip
def test_l10_windows_are_utc_s_at_the_edges_of_month_and_year(
    now: datetime, day: str, week: str, month: str
) -> None:
    plan = parse_budgets("day=1, week=1, month=1")
    assert keys(plan, now) == [f"day:{day}", f"week:{week}", f"month:{month}"]


@pytest.mark.parametrize(
    ("today", "ends"),
    [
        ("2026-01-31", ["2026-02-01", "2026-02-02", "2026-02-01"]),
        ("2026-12-31", ["2027-01-01", "2027-01-04", "2027-01-01"]),
        ("2026-11-23", ["2026-11-24", "2026-11-30", "2026-12-01"]),
    ],
)
def test_l10_windows_end_at_midnight_utc(today: str, ends: list[str]) -> None:
    now = datetime.fromisoformat(f"{today}T12:00:00Z")
    lines = parse_budgets("day=1, week=1, month=1").lines(now=now)
    assert [line.ends_at for line in lines] == [
        datetime.fromisoformat(f"{end}T00:00:00Z") for end in ends
    ]


def test_l10_summer_time_neither_splits_nor_joins_days() -> None:
    """In Paris 2026-10-25 has 25 hours: 02:30 comes twice, both in the same UTC day."""
    plan, paris = parse_budgets("day=1"), ZoneInfo("Europe/Paris")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=paris)
    assert keys(plan, first) == keys(plan, first.replace(fold=1)) == ["day:2026-10-25"]
    assert keys(plan, datetime(2026, 10, 25, 0, 30, tzinfo=paris)) == ["day:2026-10-24"]


def test_l10_clock_set_back_finds_the_earlier_window_again() -> None:
    plan = parse_budgets("day=1")
    before = keys(plan, datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    after = keys(plan, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    assert before != after
    assert keys(plan, datetime(2026, 11, 30, 23, 58, tzinfo=UTC)) == before


def test_same_question_of_the_same_day_gives_the_same_lines() -> None:
    plan = parse_budgets(ALL)
    first = plan.lines(session="s-1", user="ada", now=NOW)
    assert plan.lines(session="s-1", user="ada", now=NOW + timedelta(hours=1)) is first
    for number in range(1000):
        plan.lines(session=f"s-{number}", now=NOW)
    assert plan.lines(session="s-1", user="ada", now=NOW) == first
