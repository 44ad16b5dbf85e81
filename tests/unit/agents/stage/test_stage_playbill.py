"""What the room sees besides words: attributes, and pages for the learner."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from livekit import rtc

from agents.stage.playbill import DOCUMENT_TOPIC, Playbill
from scenarios.happenings import Document
from tests.fakes.scenes import debate

NOTE = Document(title="La note", text="# Objet\n**12 %**")


class Participant:
    """Keeps what was set and sent; `down` while the server is away."""

    def __init__(self) -> None:
        self.attributes: dict[str, str] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.down = False

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        if self.down:
            raise OSError("no server")
        self.attributes |= attributes

    async def send_text(self, text: str, **options: Any) -> None:
        if self.down:
            raise OSError("no server")
        self.sent.append((text, options))


class Shown:
    """A playbill at work."""

    def __init__(self) -> None:
        self.participant = Participant()
        self.learner = "u-1-a"
        self.bill = Playbill(
            cast("rtc.LocalParticipant", self.participant), debate(), lambda: self.learner
        )
        self.tasks = [
            asyncio.ensure_future(work)
            for work in (self.bill.run_attributes(), self.bill.run_pages())
        ]

    def pages(self) -> list[tuple[str, list[str]]]:
        return [
            (json.loads(text)["id"], options["destination_identities"])
            for text, options in self.participant.sent
        ]


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    opened = Shown()
    yield opened
    for task in opened.tasks:
        task.cancel()
    await asyncio.gather(*opened.tasks, return_exceptions=True)


async def test_the_roster_names_who_is_there_and_nothing_of_what_they_know(shown: Shown) -> None:
    scenario = debate()
    first = scenario.cast[0]
    shown.bill.cast([first.id])
    await asyncio.sleep(0.1)
    roster = json.loads(shown.participant.attributes["repartee.roster"])
    assert roster == [{"id": first.id, "name": first.name, "title": first.title or ""}]


async def test_a_page_goes_to_the_learner_and_is_named_to_the_room(shown: Shown) -> None:
    shown.bill.document("note", NOTE)
    await asyncio.sleep(0.1)
    ((text, options),) = shown.participant.sent
    assert json.loads(text) == {"id": "note", "title": "La note", "text": NOTE.text}
    assert options == {"topic": DOCUMENT_TOPIC, "destination_identities": ["u-1-a"]}
    assert json.loads(shown.participant.attributes["repartee.documents"]) == [
        {"id": "note", "title": "La note"}
    ]


async def test_s4_who_comes_back_under_another_identity_gets_all_pages_again(shown: Shown) -> None:
    shown.bill.document("note", NOTE)
    shown.bill.document("mail", NOTE)
    await asyncio.sleep(0.1)
    shown.learner = "u-1-b"
    shown.bill.again()
    await asyncio.sleep(0.1)
    assert shown.pages()[2:] == [("note", ["u-1-b"]), ("mail", ["u-1-b"])]


async def test_a_server_that_is_away_costs_a_page_and_not_the_scene(shown: Shown) -> None:
    shown.participant.down = True
    shown.bill.document("note", NOTE)
    shown.bill.speaker("morel")
    await asyncio.sleep(0.1)
    shown.participant.down = False
    shown.bill.speaker("")
    shown.bill.again()
    await asyncio.sleep(0.1)
    assert shown.participant.attributes == {"repartee.speaker": ""}
    assert shown.pages() == [("note", ["u-1-a"])]
