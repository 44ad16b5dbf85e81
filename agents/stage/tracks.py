"""One microphone track per character, named by its id; or one for all (`REPARTEE_TRACKS=shared`).

Owns sources and publications. Sids are looked up by name each time: they change when the server
restarts.
"""

from collections.abc import Sequence

from livekit import rtc

from agents.stage.outlet import QUEUE_MS
from services.speech.ports import SAMPLE_RATE_HZ

SHARED_TRACK = "cast"
REACTIONS_TRACK = "reactions"
"""With one track for all lines, listeners' reactions have their own: a source cannot mix."""


class Tracks:
    """The cast's tracks in one room.

    `sources` maps a character's id to where its lines go, `reactions` to where it is heard while
    it listens: its own track, or the shared one for reactions.
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
        self.sources = {one: by_name[name] for one, name in self._names.items()}
        self.reactions = (
            dict.fromkeys(self._names, by_name[REACTIONS_TRACK]) if shared else self.sources
        )

    async def publish(self) -> None:
        """Publishes in the cast's order, the lead first, one by one.

        Stock clients animate and caption the first microphone they see; publishing together
        would leave to chance which one that is.
        """
        for name, source in self._by_name.items():
            track = rtc.LocalAudioTrack.create_audio_track(name, source)
            await self._participant.publish_track(
                track,
                rtc.TrackPublishOptions(
                    source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=True, red=False
                ),
            )

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
