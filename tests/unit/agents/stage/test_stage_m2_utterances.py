"""M2: ten minutes of speech are recognised in pieces, none is lost, and what they cost is bound."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest
from livekit import rtc
from livekit.agents import inference, stt, utils, vad

from agents.stage.hearing import Hearing, Hears
from agents.stage.utterances import HEARING_RATE_HZ
from services.speech.ports import Language

MINUTES_10_S = 600
FRAME_S = 0.5
PAUSE_S = 0.12
HEARD_AT_MOST_S = 30.0
"""What the engines hear of one piece; the rest of a longer one were lost."""


class Detector:
    """A voice detector that takes every frame for speech, but for those of nothing but zeros."""

    def __init__(self) -> None:
        self._events: utils.aio.Chan[vad.VADEvent] = utils.aio.Chan()
        self._speaking = False

    def push_frame(self, frame: rtc.AudioFrame) -> None:
        loud = bool(frame.data[0])
        if loud and not self._speaking:
            self._tell(vad.VADEventType.START_OF_SPEECH, [])
        self._tell(vad.VADEventType.INFERENCE_DONE, [frame])
        if self._speaking and not loud:
            self._tell(vad.VADEventType.END_OF_SPEECH, [], silence_s=PAUSE_S)
        self._speaking = loud

    def end_input(self) -> None:
        self._events.close()

    async def aclose(self) -> None:
        """Nothing is open."""

    def __aiter__(self) -> AsyncIterator[vad.VADEvent]:
        return self._events.__aiter__()

    def _tell(
        self, kind: vad.VADEventType, frames: list[rtc.AudioFrame], silence_s: float = 0.0
    ) -> None:
        self._events.send_nowait(
            vad.VADEvent(
                type=kind,
                samples_index=0,
                timestamp=0.0,
                speech_duration=0.0,
                silence_duration=silence_s,
                frames=frames,
            )
        )


@dataclass
class Ears:
    """Each frame's value is its word; `heard_s` is how much sound each recognition was given."""

    heard_s: list[float] = field(default_factory=list)

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        self.heard_s.append(len(pcm) / 2 / HEARING_RATE_HZ)
        size = int(FRAME_S * HEARING_RATE_HZ) * 2
        values = [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), size)]
        await asyncio.sleep(0.2)
        return " ".join(f"w{value}" for value in values if value)


@dataclass
class Speech:
    """A person at a microphone, and what came of it."""

    stream: stt.RecognizeStream
    hearing: Hearing
    ears: Ears
    finals: list[str] = field(default_factory=list)
    spoken: int = 0

    async def speak(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.spoken += 1
            await self._frame(self.spoken)

    async def pause(self, seconds: float = FRAME_S) -> None:
        for _ in range(round(seconds / FRAME_S)):
            await self._frame(0)

    async def listen(self) -> None:
        async for event in self.stream:
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                self.finals.append(event.alternatives[0].text)

    async def _frame(self, value: int) -> None:
        samples = int(FRAME_S * HEARING_RATE_HZ)
        data = value.to_bytes(2, "little") * samples
        self.stream.push_frame(rtc.AudioFrame(data, HEARING_RATE_HZ, 1, samples))
        await asyncio.sleep(FRAME_S)

    @property
    def words(self) -> str:
        return " ".join(f"w{n}" for n in range(1, self.spoken + 1))


@pytest.fixture
async def speech(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Speech]:
    monkeypatch.setattr(
        inference, "VAD", lambda **_: type("Vad", (), {"stream": lambda _: Detector()})()
    )
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    monkeypatch.setattr("agents.stage.utterances.time", clock)
    ears = Ears()
    hearing = Hearing(
        cast("Hears", ears), language="en", on_deaf=lambda: None, on_recognised=lambda _: None
    )
    one = Speech(hearing.stream(), hearing, ears)
    listening = asyncio.create_task(one.listen())
    yield one
    await one.stream.aclose()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_m2_ten_minutes_without_a_breath_are_heard_in_pieces_and_each_second_once(
    speech: Speech,
) -> None:
    await speech.speak(MINUTES_10_S)
    assert speech.finals == []
    await speech.pause(3.0)
    assert speech.finals == [speech.words]
    assert max(speech.ears.heard_s) <= HEARD_AT_MOST_S
    assert sum(speech.ears.heard_s) <= MINUTES_10_S + 3 * FRAME_S


async def test_m2_what_is_asked_for_in_between_is_not_recognised_again(speech: Speech) -> None:
    for _ in range(40):
        await speech.speak(15)
        await speech.hearing.words_so_far()
    words = await speech.hearing.words_so_far()
    assert words == speech.words
    assert speech.hearing.take()
    known = speech.spoken
    await speech.speak(2)
    await speech.pause(3.0)
    assert speech.finals == [" ".join(f"w{n}" for n in range(known + 1, speech.spoken + 1))]
    assert sum(speech.ears.heard_s) <= MINUTES_10_S + 2 + 3 * FRAME_S


async def test_m2_breaths_cost_no_more_than_a_pieces_length_each(speech: Speech) -> None:
    """At a breath the piece is recognised once more as a whole, and never what is before it."""
    breath_s = 10
    speech.hearing.patience_s = lambda _: 60.0
    for _ in range(MINUTES_10_S // breath_s):
        await speech.speak(breath_s - FRAME_S)
        await speech.pause(FRAME_S)
    assert speech.finals == []
    assert max(speech.ears.heard_s) <= HEARD_AT_MOST_S
    assert sum(speech.ears.heard_s) <= MINUTES_10_S * (1 + HEARD_AT_MOST_S / breath_s / 2)
    await speech.pause(62.0)
    assert speech.finals == [speech.words]
