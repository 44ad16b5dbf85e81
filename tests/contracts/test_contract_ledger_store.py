"""What every ledger does: it books once, whole or not at all, and gives back what it was given."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.adapters.sql.store import SqlParts
from services.core.errors import BackendError
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Level, Usage
from services.llm.ports import LedgerStore
from services.llm.spec import Tier
from tests.fakes.booked import NOON, booked, many


@pytest.fixture
def ledger(parts: SqlParts) -> LedgerStore:
    return parts.ledger


async def test_empty_ledger_has_no_entries(ledger: LedgerStore) -> None:
    await ledger.add([])
    assert await ledger.entries() == ()


async def test_entry_comes_back_as_it_was_booked(ledger: LedgerStore) -> None:
    full = booked(
        "full",
        role=Role.CUT,
        tier=Tier.ADVANCED,
        level=Level.SHARED,
        usage=Usage(
            prompt_tokens=1,
            cached_tokens=2,
            cache_write_tokens=3,
            completion_tokens=4,
            estimated=True,
        ),
        cost_nano=9_000_000_000_000,
        list_nano=5,
        saved_nano=6,
        squeezed_tokens=7,
        squeezed_nano=8,
        refused_nano=10,
        predicted_tokens=9,
        fault="cut",
        currency="EUR",
    )
    bare = LedgerEntry(
        id="bare", call="c", at=NOON + timedelta(seconds=1), role=Role.LOST, task=full.task
    )
    await ledger.add([bare, full])
    assert await ledger.entries() == (full, bare)


async def test_known_id_changes_nothing(ledger: LedgerStore) -> None:
    await ledger.add([booked("a", cost_nano=1)])
    await ledger.add([booked("a", cost_nano=2), booked("b"), booked("b", cost_nano=3)])
    assert [(one.id, one.cost_nano) for one in await ledger.entries()] == [("a", 1), ("b", 36_420)]


async def test_many_writers_of_the_same_entries_book_each_once(ledger: LedgerStore) -> None:
    batch = [booked(f"e-{n:02}") for n in range(20)]
    await asyncio.gather(*(ledger.add(batch[n:] + batch[:n]) for n in range(8)))
    assert [one.id for one in await ledger.entries()] == [one.id for one in batch]


async def test_entries_are_told_oldest_first_since_a_moment_and_by_session(
    ledger: LedgerStore,
) -> None:
    late = booked("late", at=NOON + timedelta(microseconds=1), session="s-2")
    await ledger.add([late, booked("at-noon"), booked("early", at=NOON - timedelta(hours=1))])
    assert [one.id for one in await ledger.entries()] == ["early", "at-noon", "late"]
    assert [one.id for one in await ledger.entries(since=NOON)] == ["at-noon", "late"]
    assert [one.id for one in await ledger.entries(session="s-1")] == ["early", "at-noon"]
    assert [one.id for one in await ledger.entries(since=NOON, session="s-2")] == ["late"]


async def test_l10_any_zone_is_the_same_moment(ledger: LedgerStore) -> None:
    """02:30 of the hour that Paris lives twice: before and after the clocks go back."""
    summer, winter = (timezone(timedelta(hours=hours)) for hours in (2, 1))
    first = booked("first", at=datetime(2026, 10, 25, 2, 30, tzinfo=summer))
    second = booked("second", at=datetime(2026, 10, 25, 2, 30, tzinfo=winter))
    await ledger.add([second, first])
    found = await ledger.entries(since=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert [one.id for one in found] == ["first", "second"]
    assert [one.at.utcoffset() for one in found] == [timedelta(0)] * 2
    since = datetime(2026, 10, 25, 2, 30, tzinfo=winter)
    assert [one.id for one in await ledger.entries(since=since)] == ["second"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost_nano": -1},
        {"list_nano": -1},
        {"saved_nano": -1},
        {"squeezed_nano": -1},
        {"cost_nano": 0.5},
        {"cost_nano": 10**16},
        {"usage": Usage(prompt_tokens=-1)},
        {"usage": Usage(completion_tokens=10**40)},
        {"usage": Usage(cached_tokens=float("nan"))},  # type: ignore[arg-type]
        {"total_s": float("nan")},
        {"total_s": float("inf")},
        {"total_s": -0.1},
        {"overhead_s": float("nan")},
        {"first_token_s": -1.0},
        {"at": datetime(2026, 11, 21)},  # noqa: DTZ001
    ],
    ids=repr,
)
async def test_l12_impossible_amounts_are_refused_with_their_batch(
    ledger: LedgerStore, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BackendError) as caught:
        await ledger.add([booked("good"), replace(booked("wrong"), **wrong)])
    assert (caught.value.code, caught.value.retryable) == ("ledger_entry", False)
    assert await ledger.entries() == ()


async def test_amounts_at_their_bounds_are_booked(ledger: LedgerStore) -> None:
    least = booked("a", usage=Usage(), cost_nano=0, total_s=0.0, first_token_s=0.0)
    most = booked("b", cost_nano=10**15, total_s=1e6)
    await ledger.add([least, most])
    assert await ledger.entries() == (least, most)


async def test_thousands_are_booked_in_one_go(ledger: LedgerStore) -> None:
    entries = many(3000, rng=random.Random(1), spread=timedelta(days=1), until=NOON)
    await ledger.add(entries)
    assert sorted(one.id for one in await ledger.entries()) == sorted(one.id for one in entries)
