"""One microphone track per character, named by its id; or one for all (`REPARTEE_TRACKS=shared`).

Owns sources and publications. A name tells that somebody is there: nobody's track is in the room
before they are. Sids are looked up by name each time: they change when the server restarts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence

from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from agents.stage.outlet import QUEUE_MS
from services.speech.ports import SAMPLE_RATE_HZ

SHARED_TRACK = "cast"
REACTIONS_TRACK = "reactions"
"""With one track for all lines, listeners' reactions have their own: a source cannot mix."""

AUDIBLE_LIMIT_S = 1.0
"""A line waits no longer for somebody to receive its track: maybe nobody does."""

log = logging.getLogger(__name__)


class Tracks:
    """The cast's tracks in one room.

    `cast` are all who may ever speak, the lead first. `sources` maps a character's id to where its
    lines go, `reactions` to where it is heard while it listens: its own track, or the shared one
    for reactions.
    """

    def __init__(self, participant: rtc.LocalParticipant, cast: Sequence[str], *, shared: bool):
        self._participant = participant
        self._names = {one: SHARED_TRACK if shared else one for one in cast}
        names = [*self._names.values(), *([REACTIONS_TRACK] if shared else [])]
        by_name = {
            name: rtc.AudioSource(SAMPLE_RATE_HZ, 1, queue_size_ms=QUEUE_MS)
            for name in dict.fromkeys(names)
        }
        self._by_name = by_name
        self._publishing = asyncio.Lock()
        self._published: dict[str, rtc.LocalTrackPublication] = {}
        self._there = {name: asyncio.Event() for name in by_name}
        self._received: set[str] = set()
        self.sources = {one: by_name[name] for one, name in self._names.items()}
        self.reactions = (
            dict.fromkeys(self._names, by_name[REACTIONS_TRACK]) if shared else self.sources
        )

    async def publish(self, personas: Iterable[str]) -> None:
        """Publishes what these need and is not there yet, in the cast's order, one by one.

        Stock clients animate and caption the first microphone they see; publishing together
        would leave to chance which one that is. A track that the room refuses is tried again with
        the next guest; its character speaks all the same.
        """
        wanted = {self._names[one] for one in personas}
        if SHARED_TRACK in wanted:
            wanted.add(REACTIONS_TRACK)
        async with self._publishing:
            for name, source in self._by_name.items():
                if name in wanted and name not in self._published:
                    await self._publish(name, source)

    async def audible(self, persona: str) -> None:
        """Returns once a character's track is received in the room, or `AUDIBLE_LIMIT_S` later.

        Sound on a track that nobody receives yet is lost.
        """
        name = self._names[persona]
        if name in self._received:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AUDIBLE_LIMIT_S):
                await self._there[name].wait()
                await self._published[name].wait_for_subscription()
        self._received.add(name)

    async def _publish(self, name: str, source: rtc.AudioSource) -> None:
        track = rtc.LocalAudioTrack.create_audio_track(name, source)
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=True, red=False
        )
        try:
            self._published[name] = await self._participant.publish_track(track, options)
        except PublishTrackError as error:
            log.warning("track.not_published", extra={"error": type(error).__name__})
            return
        self._there[name].set()

    def sid(self, persona: str) -> str:
        """The sid of a character's track at this moment, "" while it is not published."""
        name = self._names[persona]
        for sid, publication in self._participant.track_publications.items():
            if publication.name == name:
                return sid
        return ""

    async def aclose(self) -> None:
        """Frees the sources."""
        for source in self._by_name.values():
            await source.aclose()
