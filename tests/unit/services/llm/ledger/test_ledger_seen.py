"""What a process remembers of counters, for a purse that forgets them."""

from dataclasses import replace

import pytest

from services.llm.ledger.seen import Seen, distinct
from services.llm.ports import BudgetLine, Hold
from tests.fakes.booked import NOON, booked

DAY = BudgetLine(key="day", scope="day", limit_nano=1000)
USER = BudgetLine(key="user:ada", scope="user", limit_nano=500)


def hold(id: str, nano: int, *lines: BudgetLine) -> Hold:
    return Hold(id=id, lines=lines, amount_nano=nano, draft=booked(id), expires_at=NOON)


def test_counter_never_seen_begins_at_nothing() -> None:
    assert Seen().floor("day") == 0


def test_missing_counter_begins_at_what_was_last_seen() -> None:
    seen = Seen()
    assert seen.shares([DAY, USER], [250, 100]) == pytest.approx({"day": 0.25, "user:ada": 0.2})
    assert (seen.floor("day"), seen.floor("user:ada")) == (250, 100)


def test_own_holds_are_left_out_of_it_until_they_are_settled() -> None:
    seen, mine = Seen(), hold("a", 40, DAY, USER)
    seen.hold([mine])
    seen.hold([mine])
    seen.shares([DAY], [250])
    assert seen.floor("day") == 210
    seen.free(mine)
    seen.free(mine)
    assert seen.floor("day") == 250


def test_budget_of_nothing_is_used_up() -> None:
    assert Seen().shares([replace(DAY, limit_nano=0)], [0]) == {"day": 1.0}


def test_oldest_counters_are_let_go_when_there_are_too_many() -> None:
    seen = Seen()
    for number in range(5000):
        seen.shares([replace(DAY, key=f"day:{number}")], [7])
    assert (seen.floor("day:0"), seen.floor("day:4999")) == (0, 7)


def test_budgets_of_a_round_are_named_once_and_in_order() -> None:
    assert distinct([hold("a", 1, USER, DAY), hold("b", 1, DAY)]) == (USER, DAY)
