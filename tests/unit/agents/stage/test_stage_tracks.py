"""Which track each voice is heard on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit import rtc

from agents.stage.tracks import Tracks


class Publishing:
    """A local participant that remembers the names of its tracks, in order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def publish_track(self, track: rtc.LocalAudioTrack, _: rtc.TrackPublishOptions) -> None:
        self.names.append(track.name)


@asynccontextmanager
async def published(*, shared: bool) -> AsyncIterator[tuple[Tracks, list[str]]]:
    participant = Publishing()
    tracks = Tracks(participant, ["morel", "roche"], shared=shared)  # type: ignore[arg-type]
    await tracks.publish()
    yield tracks, participant.names
    await tracks.aclose()


async def test_each_character_speaks_and_listens_on_its_own_track() -> None:
    async with published(shared=False) as (tracks, names):
        assert names == ["morel", "roche"]
        assert tracks.reactions == tracks.sources
        assert tracks.sources["morel"] is not tracks.sources["roche"]


async def test_shared_lines_have_one_track_and_reactions_a_second() -> None:
    async with published(shared=True) as (tracks, names):
        assert names == ["cast", "reactions"]
        assert tracks.sources["morel"] is tracks.sources["roche"]
        assert tracks.reactions["morel"] is tracks.reactions["roche"]
        assert tracks.reactions["morel"] is not tracks.sources["morel"]
