"""One person's sound, cut into utterances by a quick voice detector of its own.

Owns when an utterance is recognised. At a short pause the words so far are recognised and given as
a preflight, on which an answer may be prepared; they become final when the pause lasts. Speech
that goes on is recognised again as a whole, so that a breath does not tear a sentence in two.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from livekit import rtc
from livekit.agents import APIConnectOptions, inference, stt, utils, vad

HEARING_RATE_HZ = 16000
PAUSE_S = 0.12
"""Silence after which words are recognised; the detector itself adds about as much again."""
FINAL_PAUSE_S = 0.40
"""Silence after which they are final: below it, people are often still thinking of a word."""
CHUNK_S = 25.0
"""A monologue is recognised in pieces of this length; engines hear 30 s at most."""

_LEAST_BYTES = HEARING_RATE_HZ // 10 * 2
"""A tenth of a second: no engine hears a word in less."""


class Recogniser(Protocol):
    """What utterances need of the one that hears them. `held` keeps what ends from the session."""

    pending: Callable[[], bool]
    patience_s: Callable[[str], float]
    on_speech: Callable[[], None]
    on_pause: Callable[[float], None]
    on_words: Callable[[], None]
    on_dropped: Callable[[], None]
    held: bool

    def words(self, pcm: bytes) -> Coroutine[Any, Any, str]:
        """What was said, "" for nothing."""
        ...

    def is_turn(self, text: str) -> bool:
        """Whether these words are more than a listener's."""
        ...

    def event(self, kind: stt.SpeechEventType, text: str) -> stt.SpeechEvent:
        """The framework's event for these words."""
        ...


class Utterances(stt.RecognizeStream):
    """The utterances of one person. The pieces of a long one are kept until it ends."""

    def __init__(
        self, ear: Recogniser, engine: "stt.STT[Any]", conn_options: APIConnectOptions
    ) -> None:
        super().__init__(stt=engine, conn_options=conn_options, sample_rate=HEARING_RATE_HZ)
        self._ear = ear
        self._audio = bytearray()
        self._pieces: list[asyncio.Task[str]] = []
        self._carried: list[str] = []
        self._open = False
        self._speaking = False
        self._recognising: asyncio.Task[None] | None = None

    async def so_far(self) -> str:
        """The words of the utterance that goes on, recognised now; "" when none does."""
        if not self._speaking:
            return ""
        self._set_aside()
        return await _words_of(self._pieces)

    def take(self) -> bool:
        """Takes what was recognised so far out of the utterance; False when it is over."""
        if self._speaking:
            self._pieces = []
        return self._speaking

    async def _metrics_monitor_task(self, event_aiter: object) -> None:
        """Times are measured where the words are; the framework's monitor has nothing to add."""

    async def _run(self) -> None:
        detector = inference.VAD(min_silence_duration=PAUSE_S).stream()
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._forward(detector), name="hearing.forward"),
            asyncio.create_task(self._listen(detector), name="hearing.listen"),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            if self._recognising is not None:
                tasks.append(self._recognising)
            await utils.aio.cancel_and_wait(*tasks, *self._pieces)
            await detector.aclose()

    async def _forward(self, detector: vad.VADStream) -> None:
        async for frame in self._input_ch:
            if isinstance(frame, rtc.AudioFrame):
                detector.push_frame(frame)
        detector.end_input()

    async def _listen(self, detector: vad.VADStream) -> None:
        async for event in detector:
            if event.type == vad.VADEventType.START_OF_SPEECH:
                self._speaking = True
                self._ear.on_speech()
                if not self._open:
                    self._open = True
                    self._audio = bytearray(_pcm(event.frames))
                await self._forget_guess()
            elif event.type == vad.VADEventType.INFERENCE_DONE and self._open:
                self._audio += _pcm(event.frames)
                if self._speaking and len(self._audio) >= CHUNK_S * HEARING_RATE_HZ * 2:
                    self._set_aside()
            elif event.type == vad.VADEventType.END_OF_SPEECH:
                self._speaking = False
                ended_s = time.monotonic() - event.silence_duration
                self._ear.on_pause(event.silence_duration)
                self._recognising = asyncio.create_task(
                    self._guess(bytes(self._audio), ended_s), name="hearing.guess"
                )

    async def _guess(self, pcm: bytes, ended_s: float) -> None:
        """Recognises at a pause; the words are final if the pause lasts, and forgotten if not."""
        last = await self._ear.words(pcm) if len(pcm) >= _LEAST_BYTES else ""
        text = _joined([await _words_of(self._pieces), last])
        if not self._ear.is_turn(text):
            text = ""
        if text:
            self._ear.on_words()
        if text and not self._ear.pending() and not self._ear.held:
            await self._may_go_on(_joined([*self._carried, text]), ended_s)
        self._open = False
        self._audio = bytearray()
        self._pieces = []
        if text:
            self._carried.append(text)
        if text and not self._ear.held:
            words, self._carried = _joined(self._carried), []
            self._send(stt.SpeechEventType.FINAL_TRANSCRIPT, words)
        else:
            self._ear.on_dropped()

    async def _may_go_on(self, text: str, ended_s: float) -> None:
        """Waits until the pause is long enough to be the end of these words.

        An answer is prepared at once, or late in a pause that is longer than most people's.
        """
        over_s = ended_s + FINAL_PAUSE_S + self._ear.patience_s(text)
        early_s = over_s - FINAL_PAUSE_S - time.monotonic()
        if early_s > 0:
            self._send(stt.SpeechEventType.INTERIM_TRANSCRIPT, text)
            await asyncio.sleep(early_s)
        left_s = over_s - time.monotonic()
        if left_s > 0:
            self._send(stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, text)
            await asyncio.sleep(left_s)

    async def _forget_guess(self) -> None:
        if self._recognising is not None:
            await utils.aio.cancel_and_wait(self._recognising)
            self._recognising = None

    def _set_aside(self) -> None:
        """Begins to recognise the sound so far as a piece of its own."""
        pcm, self._audio = bytes(self._audio), bytearray()
        if len(pcm) >= _LEAST_BYTES:
            self._pieces.append(asyncio.create_task(self._ear.words(pcm), name="hearing.piece"))

    def _send(self, kind: stt.SpeechEventType, text: str) -> None:
        self._event_ch.send_nowait(self._ear.event(kind, text))


async def _words_of(pieces: Sequence[asyncio.Task[str]]) -> str:
    """The words of the pieces in order. Cancelling leaves the pieces alone."""
    if pieces:
        await asyncio.wait(pieces)
    return _joined([piece.result() for piece in pieces])


def _joined(parts: Sequence[str]) -> str:
    return " ".join(part for part in parts if part)


def _pcm(frames: list[rtc.AudioFrame]) -> bytes:
    return b"".join(frame.data.tobytes() for frame in frames)
