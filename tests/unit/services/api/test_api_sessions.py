"""State, transcript and events of one's own session."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest

from services.api.events import told
from services.api.health import Drain
from services.core.ids import new_room
from services.sessions.records import SessionEvent, SessionStatus, TurnRecord
from tests.fakes.parts import CANARY, FakeParts
from tests.fakes.rooms import FakeRooms


@pytest.fixture
async def room(parts: FakeParts) -> str:
    return (await parts.session(new_room())).room


def turn(parts: FakeParts, room: str, **fields: object) -> TurnRecord:
    plain = TurnRecord(
        room=room,
        turn_id="t1",
        speaker="morel",
        speaker_name="Claire Morel",
        text="Bonsoir.",
        source="understudy",
        phase="ouverture",
        at=parts.clock.now(),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


async def happen(parts: FakeParts, room: str, *kinds: str) -> None:
    for kind in kinds:
        event = SessionEvent(room=room, kind=kind, at=parts.clock.now(), data={"phase": "p\n1"})
        await parts.store.add_event(event)


async def end(parts: FakeParts, room: str) -> None:
    await parts.store.finish(
        room, status=SessionStatus.ENDED, reason="learner", at=parts.clock.now()
    )


async def test_a_session_says_where_it_stands(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    await parts.store.save_turn(turn(parts, room), room=room, scene=None)
    answer = await client.get(f"/api/sessions/{room}")
    assert answer.json() == {
        "room": room,
        "scenario": {"id": "debat-tv", "title": "Scène debat-tv"},
        "language": "fr",
        "status": "live",
        "phase": "ouverture",
        "turns": 1,
        "started_at": "2026-11-21T09:00:00Z",
        "ended_at": None,
        "end_reason": None,
    }
    assert CANARY not in answer.text


async def test_the_transcript_says_who_said_what(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    await parts.store.save_turn(turn(parts, room), room=room, scene=None)
    mine = turn(parts, room, turn_id="t2", speaker="learner", speaker_name="Ada", cut=True)
    await parts.store.save_turn(mine, room=room, scene=None)
    body = (await client.get(f"/api/sessions/{room}/transcript")).json()
    assert (body["room"], body["scenario"]["id"], body["status"]) == (room, "debat-tv", "live")
    assert body["turns"][0] == {
        "turn_id": "t1",
        "speaker": "morel",
        "speaker_name": "Claire Morel",
        "text": "Bonsoir.",
        "source": "understudy",
        "phase": "ouverture",
        "at": "2026-11-21T09:00:00Z",
        "cut": False,
        "kind": "answer",
    }
    assert [(one["speaker"], one["cut"]) for one in body["turns"]] == [
        ("morel", False),
        ("learner", True),
    ]


async def test_p9_markup_in_a_line_stays_text(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    said = "<img src=x onerror=alert(1)> =cmd() <break time='10h'/>"
    await parts.store.save_turn(turn(parts, room, text=said), room=room, scene=None)
    answer = await client.get(f"/api/sessions/{room}/transcript")
    assert answer.json()["turns"][0]["text"] == said
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_there_is_no_debrief_yet(client: httpx.AsyncClient, room: str) -> None:
    answer = await client.get(f"/api/sessions/{room}/debrief")
    assert (answer.status_code, answer.json()["code"]) == (404, "debrief_not_available")


async def test_ending_twice_ends_once_and_closes_the_room(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    assert isinstance(parts.rooms, FakeRooms)
    parts.rooms.join(room, "u-local-0")
    first = await client.post(f"/api/sessions/{room}/end")
    second = await client.post(f"/api/sessions/{room}/end")
    assert first.json() == second.json()
    assert (first.json()["status"], first.json()["end_reason"]) == ("ended", "learner")
    assert parts.rooms.deleted == [room]
    assert [event.kind for event in await parts.store.events(room)] == ["ended"]


async def test_events_of_an_ended_session_are_told_and_the_stream_ends(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    await happen(parts, room, "phase", "ended")
    await end(parts, room)
    answer = await client.get(f"/api/sessions/{room}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    _, first, second, rest = answer.text.split("\n\n")
    assert first.split("\n")[:2] == ["id: 1", "event: phase"]
    assert json.loads(first.split("\n")[2].removeprefix("data: "))["phase"] == "p\n1"
    assert second.startswith("id: 2\nevent: ended\n")
    assert rest == ""


@pytest.mark.parametrize(("last", "told_ids"), [("1", [2, 3]), ("3", []), ("x", [1, 2, 3])])
async def test_last_event_id_is_where_the_stream_goes_on(
    client: httpx.AsyncClient, parts: FakeParts, room: str, last: str, told_ids: list[int]
) -> None:
    await happen(parts, room, "a", "b", "c")
    await end(parts, room)
    answer = await client.get(f"/api/sessions/{room}/events", headers={"Last-Event-ID": last})
    ids = [int(line[4:]) for line in answer.text.splitlines() if line.startswith("id: ")]
    assert ids == told_ids


async def test_what_only_a_replay_needs_is_not_told(
    client: httpx.AsyncClient, parts: FakeParts, room: str
) -> None:
    await happen(parts, room, "move", "decision", "move", "mood")
    await end(parts, room)
    answer = await client.get(f"/api/sessions/{room}/events")
    told_kinds = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    assert told_kinds == ["decision", "mood"]
    assert [one.kind for one in await parts.store.events(room)].count("move") == 2


async def test_a_new_event_reaches_an_open_stream(parts: FakeParts, room: str) -> None:
    stream = told(parts.store, room, after_seq=0, drain=Drain())
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    await happen(parts, room, "phase")
    assert (await waiting).startswith("id: 1\nevent: phase\n")
    await stream.aclose()


async def test_o6_a_drain_ends_open_streams(parts: FakeParts, room: str) -> None:
    drain = Drain()
    stream = told(parts.store, room, after_seq=0, drain=drain)
    await anext(stream)
    drain.begin()
    assert [one async for one in stream] == []
