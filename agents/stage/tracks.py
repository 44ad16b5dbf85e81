"""One microphone track per character, named by its id; or one for all (`REPARTEE_TRACKS=shared`).

Owns sources and publications. Sids are looked up by name each time: they change when the server
restarts.
"""

from collections.abc import Sequence

from livekit import rtc

from agents.stage.mux import QUEUE_MS
from services.speech.ports import SAMPLE_RATE_HZ

SHARED_TRACK = "cast"


class Tracks:
    """The cast's tracks in one room. `sources` maps a character's id to where its voice goes."""

    def __init__(self, participant: rtc.LocalParticipant, cast: Sequence[str], *, shared: bool):
        self._participant = participant
        self._names = {one: SHARED_TRACK if shared else one for one in cast}
        by_name = {
            name: rtc.AudioSource(SAMPLE_RATE_HZ, 1, queue_size_ms=QUEUE_MS)
            for name in dict.fromkeys(self._names.values())
        }
        self._by_name = by_name
        self.sources = {one: by_name[name] for one, name in self._names.items()}

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
