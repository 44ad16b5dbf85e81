"""What a session established, over HTTP, through open services with a vendor on loopback."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bench.vendor import Delays, vendor
from scenarios.catalogue import LIBRARY
from services.api.app import create_app
from services.llm.cache.key import Tag
from services.sessions.ports import SessionStore
from services.sessions.records import SessionRecord, TurnRecord
from services.settings import Settings
from services.wiring import Services, open_services
from tests.fakes.memory import ROOM, draft
from tests.wired import ledger, settings_of

AT = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = "Nous publierons le rapport avant vendredi."
ANSWER = json.dumps(
    draft(promises=[{"who": "learner", "text": "publier le rapport", "to": "", "lines": [1]}])
)


async def play(store: SessionStore) -> None:
    text = (LIBRARY / "debat-tv" / "scenario.yaml").read_text("utf-8")
    await store.open(
        SessionRecord(
            room=ROOM,
            user="local",
            scenario_id="debat-tv",
            scenario_hash="h",
            scenario_text=text,
            language="fr",
            started_at=AT,
        )
    )
    said = TurnRecord(
        room=ROOM,
        turn_id="u0001",
        speaker="learner",
        speaker_name="Sam",
        text=WORDS,
        source="live",
        phase="ouverture",
        at=AT,
    )
    await store.save_turn(said, room=ROOM, scene=None)


async def analysed(services: Services) -> dict[str, Any]:
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        answer = await client.post("/api/memory/analyze", json={"session_id": ROOM})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def in_a_process(settings: Settings, *, begins: bool = False) -> dict[str, Any]:
    async with open_services(settings) as services:
        if begins:
            await play(services.store)
        return await analysed(services)


async def test_two_processes_make_one_call_and_the_session_pays_it(tmp_path: Path) -> None:
    async with vendor(delays=Delays.none()) as stub:
        stub.answers += [ANSWER] * 2
        settings = settings_of(tmp_path, stub.url)
        first = await in_a_process(settings, begins=True)
        second = await in_a_process(settings)
        assert len(stub.calls) == 1
    assert (first["source"], first["cached"], second["cached"]) == ("model", False, True)
    assert [one["text"] for one in first["speakers"][0]["promises"]] == ["publier le rapport"]
    assert second | {"cached": False} == first
    booked = [one for one in await ledger(settings) if one.calls]
    assert [(one.session, one.template) for one in booked] == [(ROOM, "memory.fr@2")]


async def test_d2_a_purge_of_the_session_makes_the_next_one_anew(tmp_path: Path) -> None:
    async with vendor(delays=Delays.none()) as stub:
        stub.answers += [ANSWER] * 2
        settings = settings_of(tmp_path, stub.url)
        await in_a_process(settings, begins=True)
        async with open_services(settings) as services:
            assert await services.shared.purge(services.keys.tag(Tag.SESSION, ROOM)) >= 1
        assert not (await in_a_process(settings))["cached"]
        assert len(stub.calls) == 2


async def test_a_house_without_a_key_answers_by_rules(tmp_path: Path) -> None:
    found = await in_a_process(settings_of(tmp_path), begins=True)
    assert found["source"] == "rules"
    assert [one["text"] for one in found["speakers"][0]["promises"]] == [WORDS]
