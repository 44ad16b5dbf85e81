"""What every SessionStore does."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.adapters.sql.store import SqlParts
from services.core.errors import NotFound
from services.llm.outcome import Source
from services.sessions.ports import SessionStore
from services.sessions.records import (
    SessionEvent,
    SessionRecord,
    SessionStatus,
    TurnRecord,
)

NOW = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def store(parts: SqlParts) -> SessionStore:
    return parts.store


def session(room: str = "s-1", **more: Any) -> SessionRecord:
    values: dict[str, Any] = {
        "room": room,
        "user": "ana",
        "scenario_id": "debat-tv",
        "scenario_hash": "ab" * 32,
        "scenario_text": "schema: 1\ntitle: Le débat télévisé 🎤\n",
        "language": "fr",
        "started_at": NOW,
    }
    return SessionRecord(**values | more)


def turn(turn_id: str = "t1", **more: Any) -> TurnRecord:
    values: dict[str, Any] = {
        "room": "s-1",
        "turn_id": turn_id,
        "speaker": "morel",
        "speaker_name": "Claire Morel",
        "text": "Bonsoir à tous.",
        "source": "live",
        "phase": "ouverture",
        "at": NOW,
    }
    return TurnRecord(**values | more)


async def test_opened_session_reads_back_whole(store: SessionStore) -> None:
    wanted = session(scene={"phase": "ouverture", "said": [1, 2]})
    assert await store.open(wanted) == wanted
    assert await store.get("s-1") == wanted


async def test_opening_again_returns_the_first_record(store: SessionStore) -> None:
    first = await store.open(session())
    assert await store.open(session(user="ben", scenario_hash="cd" * 32)) == first


async def test_unknown_room_has_no_session_turns_events_or_usage(store: SessionStore) -> None:
    assert await store.get("s-9") is None
    assert await store.turns("s-9") == ()
    assert await store.events("s-9") == ()


async def test_turns_come_back_in_the_order_they_were_written(store: SessionStore) -> None:
    await store.open(session())
    wanted = tuple(turn(f"t{n}", at=NOW - timedelta(seconds=n), cut=n == 1) for n in range(3))
    for each in wanted:
        await store.save_turn(each, room="s-1", scene=None)
    assert await store.turns("s-1") == wanted


async def test_turn_and_scene_are_written_together(store: SessionStore) -> None:
    await store.open(session())
    await store.save_turn(turn(), room="s-1", scene={"turns": 1})
    found = await store.get("s-1")
    assert found is not None
    assert found.scene == {"turns": 1}
    assert len(await store.turns("s-1")) == 1


async def test_s2_writing_a_turn_twice_keeps_the_first(store: SessionStore) -> None:
    await store.open(session())
    await store.save_turn(turn(text="Bonsoir."), room="s-1", scene=None)
    await store.save_turn(turn(text="Encore."), room="s-1", scene=None)
    assert [each.text for each in await store.turns("s-1")] == ["Bonsoir."]


async def test_scene_alone_can_be_written_and_none_leaves_it(store: SessionStore) -> None:
    await store.open(session())
    await store.save_turn(None, room="s-1", scene={"paused": True})
    await store.save_turn(turn(), room="s-1", scene=None)
    found = await store.get("s-1")
    assert found is not None
    assert found.scene == {"paused": True}


async def test_turn_of_a_room_never_opened_is_refused(store: SessionStore) -> None:
    with pytest.raises(NotFound):
        await store.save_turn(turn(), room="s-1", scene={})
    assert await store.turns("s-1") == ()


async def test_same_turn_id_in_two_rooms_is_two_turns(store: SessionStore) -> None:
    for room in ("s-1", "s-2"):
        await store.open(session(room))
        await store.save_turn(turn(room=room), room=room, scene=None)
    assert [len(await store.turns(room)) for room in ("s-1", "s-2")] == [1, 1]


async def test_finish_ends_once_and_keeps_the_first_reason(store: SessionStore) -> None:
    await store.open(session())
    end = NOW + timedelta(minutes=5)
    assert await store.finish("s-1", status=SessionStatus.ENDED, reason="learner", at=end)
    assert not await store.finish("s-1", status=SessionStatus.FAILED, reason="crash", at=end)
    found = await store.get("s-1")
    assert found is not None
    assert (found.status, found.end_reason, found.ended_at) == (
        SessionStatus.ENDED,
        "learner",
        end,
    )


async def test_live_sessions_are_listed_from_the_oldest_and_ended_ones_are_not(
    store: SessionStore,
) -> None:
    for minutes, room in ((1, "s-late"), (3, "s-old"), (2, "s-mid"), (4, "s-over")):
        await store.open(session(room, started_at=NOW - timedelta(minutes=minutes)))
    await store.finish("s-over", status=SessionStatus.ENDED, reason="ended", at=NOW)
    assert await store.live(started_before=NOW) == ("s-old", "s-mid", "s-late")
    assert await store.live(started_before=NOW - timedelta(seconds=90)) == ("s-old", "s-mid")


async def test_live_rooms_of_one_person(store: SessionStore) -> None:
    for room, user in (("s-1", "ada"), ("s-2", "bob"), ("s-3", "ada")):
        await store.open(session(room, user=user, started_at=NOW - timedelta(minutes=1)))
    await store.finish("s-3", status=SessionStatus.ENDED, reason="ended", at=NOW)
    assert await store.live(started_before=NOW, user="ada") == ("s-1",)
    assert await store.live(started_before=NOW, user="eve") == ()


async def test_finishing_an_unknown_room_is_false(store: SessionStore) -> None:
    assert not await store.finish("s-9", status=SessionStatus.ENDED, reason="x", at=NOW)


async def test_events_are_numbered_by_room_from_one(store: SessionStore) -> None:
    first = await store.add_event(SessionEvent(room="s-1", kind="started", at=NOW))
    second = await store.add_event(
        SessionEvent(room="s-1", kind="phase", at=NOW, data={"phase": "ouverture"})
    )
    other = await store.add_event(SessionEvent(room="s-2", kind="started", at=NOW))
    assert (first.seq, second.seq, other.seq) == (1, 2, 1)
    assert await store.events("s-1") == (first, second)
    assert await store.events("s-1", after_seq=1) == (second,)
    assert await store.events("s-1", after_seq=2) == ()


async def test_events_added_at_once_get_distinct_numbers(store: SessionStore) -> None:
    added = await asyncio.gather(
        *(store.add_event(SessionEvent(room="s-1", kind="k", at=NOW)) for _ in range(12))
    )
    assert sorted(event.seq for event in added) == list(range(1, 13))


async def test_words_of_an_enum_are_stored_as_plain_words(store: SessionStore) -> None:
    await store.open(session())
    await store.save_turn(turn(source=Source.UNDERSTUDY), room="s-1", scene=None)
    assert [each.source for each in await store.turns("s-1")] == ["understudy"]


async def test_long_text_and_odd_characters_come_back_whole(store: SessionStore) -> None:
    await store.open(session())
    said = "« L'été, 12 % » \u202f🎤 ' ; -- \\ \n" * 500
    await store.save_turn(turn(text=said), room="s-1", scene={"said": [said]})
    assert [each.text for each in await store.turns("s-1")] == [said]


async def test_m10_characters_no_database_holds_cost_no_turn(store: SessionStore) -> None:
    await store.open(session())
    await store.save_turn(
        turn(text="Oui\x00 \ud800non", speaker_name="A\x00na"), room="s-1", scene=None
    )
    (kept,) = await store.turns("s-1")
    assert (kept.text, kept.speaker_name) == ("Oui non", "Ana")


async def test_times_come_back_aware_and_equal_from_any_zone(store: SessionStore) -> None:
    from_paris = NOW.astimezone(tz=None)
    opened = await store.open(session(started_at=from_paris))
    assert opened.started_at == NOW
    assert opened.started_at.tzinfo is not None
