"""What a room shows of its scene: each character's track, captions, who is there and who speaks.

Owns the three of them for one room. What happens is told to it; it decides nothing.
"""

import asyncio

from livekit import rtc

from agents.stage.captions import Captions
from agents.stage.participants import Learner, microphone_sid
from agents.stage.performance import Performance
from agents.stage.playbill import Playbill
from agents.stage.tracks import Tracks
from scenarios.schema import Scenario


class Scenery:
    """The scene as the room sees and reads it. `shared` gives the cast one track for all."""

    def __init__(
        self, room: rtc.Room, scenario: Scenario, learner: Learner, *, shared: bool
    ) -> None:
        cast = _lead_first(scenario)
        self._room = room
        self._learner = learner
        self.tracks = Tracks(room.local_participant, cast, shared=shared)
        self.captions = Captions(
            room.local_participant,
            names={one.id: one.name for one in scenario.cast},
            lead=cast[0],
            track_sid=self.tracks.sid,
        )
        self.playbill = Playbill(room.local_participant, scenario, lambda: learner.identity)

    async def run(self) -> None:
        """Sends what is to be shown, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for work in (
                self.captions.run(),
                self.playbill.run_attributes(),
                self.playbill.run_pages(),
            ):
                tasks.create_task(work)

    def started(self, performance: Performance) -> None:
        """A line begins to sound."""
        self.captions.start(performance)
        self.playbill.speaker(performance.persona)

    def finished(self, performance: Performance) -> None:
        """A line is over, heard to its end or cut."""
        self.captions.finish(performance)
        self.playbill.speaker("")

    async def learner_said(self, words: str, final: bool) -> None:
        """What the person says, so far or in the end."""
        identity = self._learner.identity
        sid = microphone_sid(self._room, identity)
        await self.captions.learner(identity, words, track_sid=sid, final=final)

    async def aclose(self) -> None:
        """Frees the tracks."""
        await self.tracks.aclose()


def _lead_first(scenario: Scenario) -> list[str]:
    """The cast's ids, whoever opens the scene before the others."""
    lead = scenario.lead_of(scenario.phases[0])
    return sorted([one.id for one in scenario.cast], key=lambda id: id != lead)
