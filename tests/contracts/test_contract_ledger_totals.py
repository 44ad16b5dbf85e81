"""What every summing of the ledger does: the same sums as plain Python, from one moment on."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.adapters.sql.store import SqlParts
from services.llm.entry import Role
from services.llm.request import TaskType
from services.llm.spec import Tier
from services.stats.ports import NOT_ASKED, Cell, Totals
from tests.fakes.booked import NOON, booked, many
from tests.fakes.stats import FakeTotals

KINDS = ("task", "tier", "provider", "model", "role", "source", "level")


def by_kind(cells: Sequence[Cell]) -> dict[Any, Cell]:
    return {tuple(getattr(cell, kind) for kind in KINDS): cell for cell in cells}


def assert_same(found: Totals, wanted: Totals) -> None:
    """Equal to the last unit; only seconds, which are floats, may be summed in another order."""
    cells = by_kind(found.cells)
    assert len(cells) == len(found.cells)
    assert cells.keys() == by_kind(wanted.cells).keys()
    for kinds, cell in by_kind(wanted.cells).items():
        for name in Cell.__slots__:
            if name == "total_s":
                assert cells[kinds].total_s == pytest.approx(cell.total_s)
            else:
                assert getattr(cells[kinds], name) == getattr(cell, name), (kinds, name)
    for kind, timed in wanted.timings.items():
        assert sorted(found.timings[kind], key=repr) == sorted(timed, key=repr)
    assert list(found.sessions) == list(wanted.sessions)
    assert list(found.characters) == list(wanted.characters)
    assert list(found.faults.items()) == list(wanted.faults.items())
    assert list(found.rules.items()) == list(wanted.rules.items())


async def test_empty_ledger_sums_to_nothing(parts: SqlParts) -> None:
    assert_same(
        await parts.totals.totals(since=None, top=5),
        Totals(timings={"total": (), "first_token": (), "overhead": ()}),
    )


@pytest.mark.parametrize("since", [None, NOON - timedelta(days=7), NOON - timedelta(hours=1)])
async def test_ten_thousand_rows_sum_as_plain_python_does(
    parts: SqlParts, since: datetime | None
) -> None:
    entries = many(10_000, rng=random.Random(7), spread=timedelta(days=30), until=NOON)
    await parts.ledger.add(entries)
    wanted = await FakeTotals(parts.ledger).totals(since=since, top=20)
    assert sum(cell.bookings for cell in wanted.cells) >= 10
    assert_same(await parts.totals.totals(since=since, top=20), wanted)


async def test_window_begins_at_its_first_moment(parts: SqlParts) -> None:
    just = timedelta(microseconds=1)
    await parts.ledger.add([booked("at", at=NOON), booked("before", at=NOON - just)])
    found = await parts.totals.totals(since=NOON, top=5)
    assert sum(cell.calls for cell in found.cells) == 1
    assert sum(timed.count for timed in found.timings["total"]) == 1
    assert [one.calls for one in found.sessions] == [1]
    assert found.rules == {"reaction": 1}


async def test_l10_window_at_a_month_s_edge_in_another_zone(parts: SqlParts) -> None:
    """Half past midnight of 1 November in Paris is still October in UTC, and in the window."""
    paris = timezone(timedelta(hours=1))
    await parts.ledger.add(
        [
            booked("october-in-utc", at=datetime(2026, 11, 1, 0, 30, tzinfo=paris)),
            booked("an-hour-before", at=datetime(2026, 10, 31, 23, 29, 59, tzinfo=paris)),
        ]
    )
    since = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    found = await parts.totals.totals(since=since, top=5)
    assert sum(cell.calls for cell in found.cells) == 1


async def test_longest_lists_are_bounded_and_begin_with_the_dearest(parts: SqlParts) -> None:
    await parts.ledger.add(
        [booked(f"e-{n}", session=f"s-{n}", persona=f"p-{n}", cost_nano=n) for n in range(50)]
    )
    found = await parts.totals.totals(since=None, top=3)
    assert [(one.name, one.cost_nano) for one in found.sessions] == [
        ("s-49", 49), ("s-48", 48), ("s-47", 47)
    ]  # fmt: skip
    assert [one.name for one in found.characters] == ["p-49", "p-48", "p-47"]


async def test_character_of_two_scenarios_is_two(parts: SqlParts) -> None:
    await parts.ledger.add([booked("a"), booked("b", scenario="jury", cost_nano=1)])
    found = await parts.totals.totals(since=None, top=5)
    assert [(one.name, one.scenario) for one in found.characters] == [
        ("morel", "debat-tv"), ("morel", "jury")
    ]  # fmt: skip


async def test_causes_are_those_of_calls_that_were_answered_from_elsewhere(
    parts: SqlParts,
) -> None:
    failed = {"role": Role.FAILED, "calls": 0, "source": ""}
    await parts.ledger.add(
        [
            booked("a1", call="a", fault="status_503", **failed),
            booked("a2", call="a", fault="status_503", **failed),
            booked("a3", call="a", fault="deadline", **failed),
            booked("a4", call="a", source="fallback"),
            booked("b1", call="b", role=Role.UNDERSTUDY, source="understudy", fault="deadline"),
            booked("c1", call="c", fault="cut", **failed),
            booked("c2", call="c", source="live"),
        ]
    )
    found = await parts.totals.totals(since=None, top=5)
    assert list(found.faults.items()) == [("deadline", 1), ("status_503", 1)]


async def test_answers_of_another_route_count_even_when_the_first_left_no_row(
    parts: SqlParts,
) -> None:
    failed = {"role": Role.FAILED, "calls": 0, "source": ""}
    later = {"at": NOON + timedelta(seconds=1)}
    await parts.ledger.add(
        [
            booked("open", call="a", source="fallback"),
            booked("cut", call="b", role=Role.CUT, source="fallback", fault="stall"),
            booked("late", call="c", role=Role.LATE, calls=0, source="", fault="silent"),
            booked("then", call="c", source="fallback", **later),
            booked("unfit", call="d", role=Role.UNFIT, calls=0, source="fallback", fault="guard"),
            booked("fits-not", call="d", source="fallback"),
            booked("begun", call="e", role=Role.CUT, source="live", fault="cut"),
            booked("ended", call="e", calls=0, source="fallback", **later),
            booked("after-open", call="f", fault="reset", **failed),
            booked("line", call="f", role=Role.DECK, source="deck", fault="open", **later),
            booked("avoided", call="g", role=Role.DECK, source="deck"),
            booked("keyless", call="h", role=Role.UNDERSTUDY, source="understudy"),
            booked("short", call="i", fault="length"),
        ]
    )
    found = await parts.totals.totals(since=None, top=9)
    assert found.faults == {NOT_ASKED: 3, "cut": 1, "open": 1, "silent": 1}


async def test_cheap_answers_are_counted_by_task_and_rule(parts: SqlParts) -> None:
    short = {"rule": "short_answer"}
    flawed = {"role": Role.FAILED, "calls": 0, "source": ""}
    await parts.ledger.add(
        [
            booked("good", **short),
            booked("empty", call="b", fault="empty", **short, **flawed),
            booked("b-again", call="b", **short),
            booked("c", call="c", **short),
            booked("unfit", call="c", role=Role.UNFIT, calls=0, fault="guard", **short),
            booked("late", role=Role.LATE, calls=0, fault="silent", **short),
            booked("cached", role=Role.CACHED, **short),
            booked("other-rule", rule="reaction"),
            booked("advanced", tier=Tier.ADVANCED, **short),
            booked("old", at=NOON - timedelta(days=2), **short),
            booked("talk", task=TaskType.CONVERSATION, rule="simple_conversation"),
        ]
    )
    found = await parts.totals.trials(since=NOON - timedelta(days=1))
    assert {(one.task, one.rule): (one.trials, one.repaired) for one in found} == {
        (TaskType.AGENT_RESPONSE, "short_answer"): (3, 2),
        (TaskType.CONVERSATION, "simple_conversation"): (1, 0),
    }
    assert {type(one.repaired) for one in found} == {int}


async def test_sums_are_whole_numbers_beyond_what_floats_hold(parts: SqlParts) -> None:
    await parts.ledger.add([booked(f"e-{n}", cost_nano=10**15 - 1) for n in range(20)])
    (cell,) = (await parts.totals.totals(since=None, top=1)).cells
    assert cell.cost_nano == 20 * (10**15 - 1)
    assert type(cell.cost_nano) is int
