"""What happens in a room besides talk: pages, guests, opinions of a model, a person who drops."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bench.house import House
from bench.person import Caption, Person
from bench.vendor import Vendor
from bench.vendor_json import json_answer
from tests.room._seat import LIMIT_S, Seat, exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTE = {
    "id": "note",
    "title": "La note <b>du 3 mars</b>",
    "text": "# Objet\n\nLe fret perd **12 %**.",
}


@pytest.fixture(autouse=True)
def _fresh_vendor(stub: Vendor) -> None:
    stub.words = 1
    stub.calls.clear()
    stub.transcripts.clear()


def roster(person: Person) -> list[str]:
    """Ids of who is in the room, as the agent says."""
    return [one["id"] for one in json.loads(person.attribute("repartee.roster") or "[]")]


def tracks(person: Person) -> list[str]:
    """Names of the voices that are published."""
    return sorted(one.name for one in person.agent().track_publications.values())


async def test_a_page_and_a_late_guest_reach_the_person_who_comes_back_too(house: House) -> None:
    async with seated(house, "salon") as seat:
        person = seat.person
        await seat.greeted()
        assert roster(person) == ["lise", "paul"]
        assert person.attribute("repartee.documents") == ""
        await seat.reply_to("Bonsoir.")
        await person.until(lambda: person.pages, limit_s=LIMIT_S)
        assert person.pages == [NOTE]
        assert json.loads(person.attribute("repartee.documents")) == [
            {"id": "note", "title": NOTE["title"]}
        ]
        await seat.quiet()
        assert tracks(person) == ["lise", "paul"]
        await seat.reply_to("Et maintenant ?")
        await person.until(lambda: roster(person) == ["lise", "paul", "zoe"], limit_s=LIMIT_S)
        await person.until(lambda: person.lines("zoe"), limit_s=LIMIT_S)
        assert tracks(person) == ["lise", "paul", "zoe"]
        assert person.heard["zoe"].at_s
        (line,) = person.lines("zoe")
        assert line.attributes["repartee.track"] in person.agent().track_publications

        await person.room.disconnect()
        fresh = await house.mint("duo", room_name=seat.ticket.room)
        async with Person(fresh.server_url, fresh.token) as again:
            await again.until(lambda: again.pages, limit_s=LIMIT_S)
            assert again.pages == [NOTE]
            assert roster(again) == ["lise", "paul", "zoe"]


async def test_s4_who_is_back_after_five_seconds_hears_one_sentence_of_where_they_are(
    house: House,
) -> None:
    async with seated(house, "salon") as seat:
        await seat.greeted()
        await seat.reply_to("Bonsoir.")
        await seat.quiet()
        known = len(await seat.turns())
        await seat.person.room.disconnect()
        await asyncio.sleep(5.0)
        fresh = await house.mint("duo", room_name=seat.ticket.room)
        async with Person(fresh.server_url, fresh.token) as again:
            back = Seat(house, fresh, again)
            recap = await back.line_after(0.0)
            await back.quiet()
            turns = (await seat.turns())[known:]
            assert [turn["kind"] for turn in turns] == ["recap"]
            assert turns[0]["text"] == recap.text
            answer = await back.reply_to("Merci, Paul.")
            assert answer.persona == "paul"
            assert (await again.command("state"))["turns"] == 2


async def test_s4_who_stays_away_for_longer_than_the_scene_allows_is_out_once(
    house: House,
) -> None:
    async with seated(house, "salon") as seat:
        await seat.greeted()
        await seat.person.room.disconnect()
        async with asyncio.timeout(LIMIT_S):
            while (await seat.session())["status"] == "live":  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.2)
        await exited(house, seat.ticket.room)
        assert (await seat.session())["end_reason"] == "left"
        assert len(seat.events("ended")) == 1


def opinion(patch: pytest.MonkeyPatch, speaker: str) -> None:
    """What the model says from now on when it is asked who of several speaks."""

    def answer(response_format: Mapping[str, Any], texts: Sequence[str]) -> str | None:
        asked = any("Who speaks now?" in text for text in texts)
        return json.dumps({"speaker": speaker}) if asked else json_answer(response_format, texts)

    patch.setattr("bench.vendor.json_answer", answer)


async def between_equals(seat: Seat) -> Caption:
    """The first turn is for whoever leads; on the second the others are equals."""
    await seat.greeted()
    await seat.reply_to("Good evening.")
    await seat.quiet()
    return await seat.reply_to("I have cared about this plan for a long time.")


async def test_a_model_chooses_between_equals(
    vendor_house: House, stub: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with seated(vendor_house, "equals") as seat:
        opinion(monkeypatch, "cora")
        answer = await between_equals(seat)
        decision = seat.events("decision")[-1]
        assert (answer.persona, decision["rung"]) == ("cora", "model")
        assert (decision["chosen"], decision["ignored"]) == (["cora"], False)


async def test_p5_a_choice_outside_the_cast_is_ignored(
    vendor_house: House, stub: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with seated(vendor_house, "equals") as seat:
        opinion(monkeypatch, "mallory")
        answer = await between_equals(seat)
        decision = seat.events("decision")[-1]
        assert (decision["rung"], decision["chosen"]) == ("score", [answer.persona])
        assert decision["tied"] == ["bert", "cora"]
        assert '"choosing.ignored"' in vendor_house.log("worker")
