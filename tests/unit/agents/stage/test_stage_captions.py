"""Captions: attributed, word by word as heard, and never in the way of a voice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from agents.manager.beats import Beat, BeatKind
from agents.stage.captions import Captions
from agents.stage.performance import Performance
from tests.fakes.audio_source import settle

TEXT = "Bonsoir et bienvenue à tous les deux"


@dataclass
class Stream:
    """What one text stream carried."""

    attributes: dict[str, str]
    sender: str | None
    written: list[str] = field(default_factory=list)
    closing: dict[str, str] | None = None
    closed: bool = False

    async def write(self, text: str) -> None:
        self.written.append(text)

    async def aclose(self, *, attributes: dict[str, str] | None = None) -> None:
        self.closing, self.closed = attributes, True


class Participant:
    """A local participant that keeps its streams; `broken` refuses to open one."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.broken = False

    async def stream_text(
        self, *, topic: str, attributes: dict[str, str], sender_identity: str | None = None
    ) -> Stream:
        assert topic == "lk.transcription"
        if self.broken:
            raise RuntimeError("the connection is gone")
        self.streams.append(Stream(attributes, sender_identity))
        return self.streams[-1]


@dataclass
class House:
    captions: Captions
    participant: Participant


@pytest.fixture
async def house() -> AsyncIterator[House]:
    participant = Participant()
    captions = Captions(
        participant,  # type: ignore[arg-type]
        names={"morel": "Claire Morel", "roche": "Paul Roche"},
        lead="morel",
        track_sid=lambda persona: f"TR_{persona}",
    )
    running = asyncio.create_task(captions.run())
    yield House(captions, participant)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def roche_speaks(*, heard_s: float = 0.0, sent_s: float = 4.0) -> Performance:
    beat = Beat(id="t7-1", persona="roche", kind=BeatKind.ANSWER, phase="debat")
    performance = Performance(key="t7-1.3", beat=beat, text=TEXT, source="live")
    performance.sent_s, performance.heard_s = sent_s, heard_s
    return performance


async def test_caption_that_closes_tells_what_served_the_line_in_the_end(house: House) -> None:
    performance = roche_speaks()
    house.captions.start(performance)
    performance.source = "fallback"
    house.captions.finish(performance)
    await settle()

    (stream,) = house.participant.streams
    assert stream.attributes["repartee.source"] == "live"
    assert stream.closing is not None
    assert stream.closing == stream.attributes | {
        "lk.transcription_final": "true",
        "repartee.source": "fallback",
    }


async def test_caption_names_character_turn_voice_and_source(house: House) -> None:
    house.captions.start(roche_speaks())
    await settle()

    assert house.participant.streams[0].attributes == {
        "lk.segment_id": "t7-1.3",
        "lk.transcription_final": "false",
        "lk.transcribed_track_id": "TR_morel",
        "repartee.persona": "roche",
        "repartee.persona_name": "Paul Roche",
        "repartee.turn_id": "t7-1",
        "repartee.track": "TR_roche",
        "repartee.source": "live",
    }


async def test_words_appear_as_they_are_heard_and_join_to_the_line(house: House) -> None:
    performance = roche_speaks()
    house.captions.start(performance)
    for heard_s in (1.0, 2.0, 3.0):
        performance.heard_s = heard_s
        house.captions.progress(performance)
    await settle()
    stream = house.participant.streams[0]
    assert "".join(stream.written) == "Bonsoir et bienvenue à tous"

    house.captions.finish(performance)
    await settle()
    assert "".join(stream.written) == TEXT
    assert stream.closing is not None
    assert stream.closing["lk.transcription_final"] == "true"


async def test_cut_line_shows_no_word_that_was_not_heard(house: House) -> None:
    performance = roche_speaks()
    house.captions.start(performance)
    performance.heard_s, performance.cut = 2.0, True
    house.captions.finish(performance)
    await settle()

    stream = house.participant.streams[0]
    assert "".join(stream.written) == performance.heard_text()
    assert stream.closed


async def test_line_that_no_voice_could_speak_is_shown_at_once(house: House) -> None:
    performance = roche_speaks()
    performance.silent = True
    house.captions.start(performance)
    house.captions.progress(performance)
    await settle()

    assert "".join(house.participant.streams[0].written) == TEXT


async def test_performance_that_never_sounded_has_no_caption(house: House) -> None:
    house.captions.finish(roche_speaks())
    await settle()

    assert house.participant.streams == []


async def test_broken_stream_loses_its_caption_and_nothing_else(house: House) -> None:
    house.participant.broken = True
    lost = roche_speaks()
    house.captions.start(lost)
    await settle()
    house.participant.broken = False
    house.captions.finish(lost)
    house.captions.start(roche_speaks())
    await settle()

    assert len(house.participant.streams) == 1


async def test_words_of_the_learner_come_back_under_their_identity(house: House) -> None:
    for text, final in (("Bon", False), ("Bonsoir", True), ("Et après ?", True)):
        await house.captions.learner("u-local-1", text, track_sid="TR_me", final=final)

    streams = house.participant.streams
    assert {stream.sender for stream in streams} == {"u-local-1"}
    segments = [stream.attributes["lk.segment_id"] for stream in streams]
    assert segments[0] == segments[1] != segments[2]
    assert [s.attributes["lk.transcription_final"] for s in streams] == ["false", "true", "true"]
