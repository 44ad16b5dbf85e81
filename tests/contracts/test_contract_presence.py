"""What every Presence does: one job a room until it leaves or falls silent (failures.md S6, S2)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.adapters.sql.store import SqlParts
from services.sessions.ports import Presence
from services.sessions.records import Heartbeat

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def presence(parts: SqlParts) -> Presence:
    return parts.presence


def beat(job: str, *, after_s: float = 0.0) -> Heartbeat:
    return Heartbeat(
        room="s-1", job_id=job, identity=f"agent-{job}", beat_at=NOW + timedelta(seconds=after_s)
    )


async def test_empty_room_can_be_claimed(presence: Presence) -> None:
    assert await presence.get("s-1") is None
    assert await presence.claim(beat("a"), stale_after_s=3)
    assert await presence.get("s-1") == beat("a")


async def test_s6_second_job_is_turned_away(presence: Presence) -> None:
    assert await presence.claim(beat("a"), stale_after_s=3)
    assert not await presence.claim(beat("b", after_s=3), stale_after_s=3)
    assert await presence.get("s-1") == beat("a")


async def test_s6_of_many_claims_at_once_one_wins(presence: Presence) -> None:
    won = await asyncio.gather(*(presence.claim(beat(f"j{n}"), stale_after_s=3) for n in range(10)))
    assert sum(won) == 1


async def test_s2_stale_room_is_taken_over_and_the_old_job_learns_it(presence: Presence) -> None:
    await presence.claim(beat("a"), stale_after_s=3)
    assert await presence.claim(beat("b", after_s=3.5), stale_after_s=3)
    assert not await presence.beat("s-1", "a", NOW + timedelta(seconds=4))
    assert await presence.get("s-1") == beat("b", after_s=3.5)


async def test_beating_keeps_the_room(presence: Presence) -> None:
    await presence.claim(beat("a"), stale_after_s=3)
    assert await presence.beat("s-1", "a", NOW + timedelta(seconds=2))
    assert not await presence.claim(beat("b", after_s=4), stale_after_s=3)


async def test_released_room_is_free_at_once(presence: Presence) -> None:
    await presence.claim(beat("a"), stale_after_s=3)
    await presence.release("s-1", "a")
    left = await presence.get("s-1")
    assert left is not None
    assert left.released
    assert not await presence.beat("s-1", "a", NOW)
    assert await presence.claim(beat("b"), stale_after_s=3)


async def test_holder_may_claim_again(presence: Presence) -> None:
    await presence.claim(beat("a"), stale_after_s=3)
    assert await presence.claim(beat("a", after_s=1), stale_after_s=3)


async def test_stranger_cannot_release_the_room(presence: Presence) -> None:
    await presence.claim(beat("a"), stale_after_s=3)
    await presence.release("s-1", "b")
    assert not await presence.claim(beat("b"), stale_after_s=3)
