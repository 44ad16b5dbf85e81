"""What the ledger tells of experiments and days: the same as plain Python, on every database."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from services.adapters.sql.store import SqlParts
from services.llm.entry import LedgerEntry, Role
from services.llm.experiments.results import BLOCK
from services.stats.buckets import bucket_of
from tests.fakes.booked import NOON, booked, many
from tests.fakes.results import FakeResults

LABELS = ["luna-nova/control", "luna-nova/nova"]
END = NOON + timedelta(days=1)


def tried(id: str, variant: str | None = "nova", **fields: Any) -> LedgerEntry:
    return booked(id, variant=variant and f"luna-nova/{variant}", **fields)


def mixed(count: int) -> list[LedgerEntry]:
    """Entries of every kind, of both variants, of another experiment and of none."""
    rng = random.Random(11)
    return [
        tried(
            f"t-{one.id}",
            call=one.call,
            at=one.at,
            role=one.role,
            source=one.source,
            model=rng.choice([one.model, None]),
            fault=one.fault,
            session=one.session,
            calls=one.calls,
            cost_nano=one.cost_nano,
            first_token_s=one.first_token_s,
            variant=rng.choice(["control", "nova", "other", None]),
        )
        for one in many(count, rng=rng, spread=timedelta(hours=9), until=NOON)
    ]


async def test_thousands_of_answers_are_counted_as_plain_python_does(parts: SqlParts) -> None:
    await parts.ledger.add(mixed(3000))
    oracle = FakeResults(parts.ledger)
    for since in (None, NOON - timedelta(hours=3)):
        found = await parts.experiments.rows(LABELS, since=since, until=NOON)
        wanted = await oracle.rows(LABELS, since=since, until=NOON)
        assert len(found) > 50
        assert sorted(found, key=repr) == sorted(wanted, key=repr)
        arms = await parts.experiments.arms(LABELS, since=since)
        plain = await oracle.arms(LABELS, since=since)
        assert sorted(arms, key=repr) == sorted(plain, key=repr)


async def test_attempts_behind_an_answer_are_not_counted(parts: SqlParts) -> None:
    await parts.ledger.add(
        [
            tried("failed", role=Role.FAILED, calls=0, source="", fault="status_503"),
            tried("answer", source="fallback", model="small", provider="mistral"),
        ]
    )
    (row,) = await parts.experiments.rows(LABELS, since=None, until=END)
    assert (row.label, row.role, row.source) == ("luna-nova/nova", "served", "fallback")
    assert (row.model, row.fault, row.calls) == ("mistral/small", None, 1)
    assert row.block == NOON


async def test_block_begins_at_ten_minutes_of_utc_whatever_the_zone(parts: SqlParts) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    await parts.ledger.add([tried("a", at=datetime(2026, 11, 21, 17, 49, 59, 999_999, india))])
    (row,) = await parts.experiments.rows(LABELS, since=None, until=END)
    assert row.block == datetime(2026, 11, 21, 12, 10, tzinfo=UTC)


async def test_rows_are_those_from_since_to_before_until(parts: SqlParts) -> None:
    just = timedelta(microseconds=1)
    await parts.ledger.add(
        [
            tried("before", at=NOON - just),
            tried("first", at=NOON),
            tried("last", at=NOON + BLOCK - just),
            tried("after", at=NOON + BLOCK),
        ]
    )
    (row,) = await parts.experiments.rows(LABELS, since=NOON, until=NOON + BLOCK)
    assert row.calls == 2


async def test_arm_counts_sessions_money_and_its_own_model_s_first_words(
    parts: SqlParts,
) -> None:
    await parts.ledger.add(
        [
            tried("a", session="s-1", first_token_s=0.2, cost_nano=1),
            tried("b", session="s-1", first_token_s=0.2, cost_nano=2),
            tried("c", session="s-2", source="fallback", first_token_s=3.0, cost_nano=4),
            tried("d", session="s-2", role=Role.CACHED, source="cached", cost_nano=0),
            tried("e", session="s-3", role=Role.FAILED, calls=0, source="", cost_nano=10**15 - 1),
            tried("f", "other", session="s-4"),
        ]
    )
    (arm,) = await parts.experiments.arms(LABELS, since=None)
    assert (arm.label, arm.sessions) == ("luna-nova/nova", 3)
    assert (arm.cost_nano, type(arm.cost_nano)) == (10**15 + 6, int)
    assert arm.first_token == {bucket_of(0.2): 2}


async def test_l13_variant_comes_back_as_it_was_booked(parts: SqlParts) -> None:
    await parts.ledger.add([tried("a"), tried("b", None)])
    assert [one.variant for one in await parts.ledger.entries()] == ["luna-nova/nova", None]


async def test_l14_days_are_those_of_utc_with_all_that_was_spent(parts: SqlParts) -> None:
    paris = timezone(timedelta(hours=1))
    await parts.ledger.add(
        [
            booked("a", at=datetime(2026, 11, 1, 0, 30, tzinfo=paris), cost_nano=10**15 - 1),
            booked("b", at=datetime(2026, 10, 31, 1, 0, tzinfo=UTC), cost_nano=10**15 - 1),
            booked("c", at=datetime(2026, 11, 1, 0, 0, tzinfo=UTC), cost_nano=5),
            booked("failed", at=NOON, role=Role.FAILED, calls=0, cost_nano=7),
            booked("before", at=datetime(2026, 10, 30, 23, 59, 59, tzinfo=UTC), cost_nano=9),
        ]
    )
    assert await parts.totals.days(since=datetime(2026, 10, 31, tzinfo=UTC)) == {
        date(2026, 10, 31): 2 * 10**15 - 2,
        date(2026, 11, 1): 5,
        date(2026, 11, 21): 7,
    }
