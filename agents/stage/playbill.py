"""What the room sees of the scene besides words: who is there, who speaks, where it stands, and the
pages that are shown.

Owns the agent's attributes and the learner's documents. Nothing here is a secret: what is shown was
written by the author to be shown, at this moment of the scene.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence

from livekit import rtc

from scenarios.happenings import Document
from scenarios.schema import Scenario

DOCUMENT_TOPIC = "repartee.document"

log = logging.getLogger(__name__)


class Playbill:
    """The agent's attributes in one room, and the pages sent to one person.

    `learner` gives the identity that the person has now.
    """

    def __init__(
        self, participant: rtc.LocalParticipant, scenario: Scenario, learner: Callable[[], str]
    ) -> None:
        self._participant = participant
        self._scenario = scenario
        self._learner = learner
        self._attributes: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._pages: asyncio.Queue[str] = asyncio.Queue()
        self._documents: dict[str, Document] = {}

    def open(self) -> None:
        """The scene is there, and nobody speaks yet."""
        self._set({"repartee.scenario": self._scenario.id, "repartee.speaker": ""})

    def speaker(self, persona: str) -> None:
        """Who speaks, or nobody with ""."""
        self._set({"repartee.speaker": persona})

    def phase(self, phase: str) -> None:
        """Which phase is played."""
        self._set({"repartee.phase": phase})

    def cast(self, personas: Sequence[str]) -> None:
        """Who of the cast is in the room, in that order."""
        shown = [self._scenario.character(one) for one in personas]
        roster = [{"id": c.id, "name": c.name, "title": c.title or ""} for c in shown]
        self._set({"repartee.roster": _json(roster)})

    def document(self, event_id: str, document: Document) -> None:
        """Shows a page, and names it for whoever comes back."""
        self._documents[event_id] = document
        titles = [{"id": id, "title": one.title} for id, one in self._documents.items()]
        self._set({"repartee.documents": _json(titles)})
        self._pages.put_nowait(event_id)

    def again(self) -> None:
        """Sends all pages once more: the person is here under a new connection."""
        for event_id in self._documents:
            self._pages.put_nowait(event_id)

    async def run_attributes(self) -> None:
        """Sets attributes one after the other, the last of several waiting ones at once."""
        while True:
            attributes = await self._attributes.get()
            while not self._attributes.empty():
                attributes |= self._attributes.get_nowait()
            try:
                await self._participant.set_attributes(attributes)
            except Exception as error:  # noqa: BLE001 - the SDK raises bare errors; sound goes on
                log.warning("stage.attributes_failed", extra={"error": type(error).__name__})

    async def run_pages(self) -> None:
        """Sends pages in their order, until cancelled."""
        while True:
            event_id = await self._pages.get()
            document = self._documents[event_id]
            page = _json({"id": event_id, "title": document.title, "text": document.text})
            try:
                await self._participant.send_text(
                    page, topic=DOCUMENT_TOPIC, destination_identities=[self._learner()]
                )
            except Exception as error:  # noqa: BLE001 - as above; it is sent again on the return
                log.warning("stage.document_failed", extra={"error": type(error).__name__})

    def _set(self, attributes: dict[str, str]) -> None:
        self._attributes.put_nowait(attributes)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
