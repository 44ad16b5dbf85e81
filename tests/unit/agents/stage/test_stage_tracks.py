"""Which track each voice is heard on, and when the room learns of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from agents.stage.tracks import AUDIBLE_LIMIT_S, Tracks

PUBLISHING_S = 0.05


class Publication:
    """A track that somebody receives `received_s` after it was published."""

    def __init__(self, name: str, received_s: float) -> None:
        self.name = name
        self._received_s = received_s

    async def wait_for_subscription(self) -> None:
        await asyncio.sleep(self._received_s)


class Publishing:
    """A local participant that remembers the names of its tracks, in order."""

    def __init__(self, *, received_s: float = 0.1) -> None:
        self.refuses = 0
        self.received_s = received_s
        self.track_publications: dict[str, Publication] = {}

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.track_publications.values()]

    async def publish_track(
        self, track: rtc.LocalAudioTrack, _: rtc.TrackPublishOptions
    ) -> Publication:
        await asyncio.sleep(PUBLISHING_S)
        if self.refuses:
            self.refuses -= 1
            raise PublishTrackError("no")
        publication = Publication(track.name, self.received_s)
        self.track_publications[f"TR_{len(self.names)}"] = publication
        return publication


@asynccontextmanager
async def tracks_of(room: Publishing, *, shared: bool = False) -> AsyncIterator[Tracks]:
    cast = ["morel", "roche", "zoe"]
    tracks = Tracks(room, cast, shared=shared)  # type: ignore[arg-type]
    yield tracks
    await tracks.aclose()


async def seconds_until_audible(tracks: Tracks, persona: str) -> float:
    began_s = asyncio.get_running_loop().time()
    await tracks.audible(persona)
    return asyncio.get_running_loop().time() - began_s


async def test_each_character_speaks_and_listens_on_its_own_track() -> None:
    async with tracks_of(room := Publishing()) as tracks:
        await tracks.publish(["roche", "morel"])
        assert room.names == ["morel", "roche"]
        assert tracks.reactions == tracks.sources
        assert tracks.sources["morel"] is not tracks.sources["roche"]


async def test_nobody_learns_of_a_late_guest_from_a_track() -> None:
    async with tracks_of(room := Publishing()) as tracks:
        await tracks.publish(["morel", "roche"])
        assert tracks.sid("zoe") == ""
        await tracks.publish(["morel", "roche", "zoe"])
        assert room.names == ["morel", "roche", "zoe"]
        assert tracks.sid("zoe") == "TR_2"


async def test_tracks_that_are_asked_for_at_once_come_in_the_order_of_the_cast() -> None:
    async with tracks_of(room := Publishing()) as tracks:
        await asyncio.gather(
            tracks.publish(["roche", "morel"]), tracks.publish(["morel", "zoe", "roche"])
        )
        assert room.names == ["morel", "roche", "zoe"]


async def test_a_track_that_was_refused_is_tried_again_with_the_next_guest() -> None:
    async with tracks_of(room := Publishing()) as tracks:
        room.refuses = 1
        await tracks.publish(["morel", "roche"])
        assert room.names == ["roche"]
        await tracks.publish(["morel", "roche", "zoe"])
        assert room.names == ["roche", "morel", "zoe"]


async def test_a_guest_is_audible_once_the_track_is_received_and_no_later() -> None:
    async with tracks_of(Publishing(received_s=0.2)) as tracks:
        publishing = asyncio.create_task(tracks.publish(["zoe"]))
        waited_s = await seconds_until_audible(tracks, "zoe")
        assert waited_s == pytest.approx(PUBLISHING_S + 0.2)
        assert await seconds_until_audible(tracks, "zoe") == 0.0
        await publishing


@pytest.mark.parametrize(("present", "received_s"), [("zoe", 3600.0), ("roche", 0.1)])
async def test_a_line_waits_no_longer_for_a_track_that_nobody_receives(
    present: str, received_s: float
) -> None:
    async with tracks_of(Publishing(received_s=received_s)) as tracks:
        await tracks.publish([present])
        assert await seconds_until_audible(tracks, "zoe") == pytest.approx(AUDIBLE_LIMIT_S)
        assert await seconds_until_audible(tracks, "zoe") == 0.0


async def test_shared_lines_have_one_track_and_reactions_a_second() -> None:
    async with tracks_of(room := Publishing(), shared=True) as tracks:
        await tracks.publish(["morel", "roche"])
        await tracks.publish(["morel", "roche", "zoe"])
        assert room.names == ["cast", "reactions"]
        assert tracks.sources["morel"] is tracks.sources["zoe"]
        assert tracks.reactions["morel"] is tracks.reactions["zoe"]
        assert tracks.reactions["morel"] is not tracks.sources["morel"]
