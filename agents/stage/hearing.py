"""Hearing: from the person's sound to words, through whichever ear is open.

Owns when an utterance is recognised. At a short pause the words so far are recognised and given as
a preflight, on which an answer may be prepared; they become final when the pause lasts. Speech
that goes on is recognised again as a whole, so that a breath does not tear a sentence in two.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Literal, Protocol

from livekit import rtc
from livekit.agents import (
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
    inference,
    stt,
    utils,
    vad,
)

from agents.manager.backchannels import is_backchannel
from services.core.errors import BackendError
from services.speech.ports import Language

HEARING_RATE_HZ = 16000
PAUSE_S = 0.12
"""Silence after which words are recognised; the detector itself adds about as much again."""
FINAL_PAUSE_S = 0.40
"""Silence after which they are final: below it, people are often still thinking of a word."""
CHUNK_S = 25.0
"""A monologue is recognised in pieces of this length; engines hear 30 s at most."""

_ONCE = APIConnectOptions(max_retry=0)

log = logging.getLogger(__name__)


class Hears(Protocol):
    """The ears of the machine, best first, as one."""

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Words of PCM int16 mono 16 kHz; "" for none. Raises BackendError when all are deaf."""
        ...


class Hearing(stt.STT[Literal["none"]]):
    """The session's recogniser.

    `on_deaf` is told when nothing can hear any more, `on_recognised` how long a recognition took.
    Set by the stage: `pending` tells whether a beat sounds or waits, when a mere "mm-hm" is not a
    turn; `on_pause` is told of a pause and how old it is, `on_words` that words were recognised.
    """

    def __init__(
        self,
        ears: Hears,
        *,
        language: Language,
        on_deaf: Callable[[], None],
        on_recognised: Callable[[float], None],
    ) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True, interim_results=True, offline_recognize=False
            )
        )
        self.language = language
        self.pending: Callable[[], bool] = lambda: False
        self.on_pause: Callable[[float], None] = lambda _: None
        self.on_words: Callable[[], None] = lambda: None
        self._ears = ears
        self._on_deaf = on_deaf
        self._on_recognised = on_recognised

    @property
    def model(self) -> str:
        return "repartee-hearing"

    async def words(self, pcm: bytes) -> str:
        """What was said, "" for nothing, for a backchannel, and when no ear works."""
        began_s = time.perf_counter()
        try:
            text = await self._ears.recognise(pcm, language=self.language)
        except BackendError as error:
            log.error("hearing.deaf", extra={"why": str(error)})
            self._on_deaf()
            return ""
        self._on_recognised(time.perf_counter() - began_s)
        if self.pending() and is_backchannel(text, self.language):
            return ""
        return text

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = _ONCE,
    ) -> stt.RecognizeStream:
        return _Utterances(self, conn_options)

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = _ONCE,
    ) -> stt.SpeechEvent:
        pcm = rtc.combine_audio_frames(buffer).data.tobytes()
        return self.event(stt.SpeechEventType.FINAL_TRANSCRIPT, await self.words(pcm))

    def event(self, kind: stt.SpeechEventType, text: str) -> stt.SpeechEvent:
        """The framework's event for these words."""
        data = stt.SpeechData(language=self.language, text=text, confidence=1.0)  # type: ignore[arg-type]
        return stt.SpeechEvent(type=kind, alternatives=[data])


class _Utterances(stt.RecognizeStream):
    """One person's sound, cut into utterances by a quick voice detector of its own."""

    def __init__(self, hearing: Hearing, conn_options: APIConnectOptions) -> None:
        super().__init__(stt=hearing, conn_options=conn_options, sample_rate=HEARING_RATE_HZ)
        self._hearing = hearing
        self._audio = bytearray()
        self._open = False
        self._speaking = False
        self._recognising: asyncio.Task[None] | None = None

    async def _metrics_monitor_task(self, event_aiter: object) -> None:
        """Times are measured where the words are; the framework's monitor has nothing to add."""

    async def _run(self) -> None:
        detector = inference.VAD(min_silence_duration=PAUSE_S).stream()
        tasks = [
            asyncio.create_task(self._forward(detector), name="hearing.forward"),
            asyncio.create_task(self._listen(detector), name="hearing.listen"),
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            if self._recognising is not None:
                tasks.append(self._recognising)
            await utils.aio.cancel_and_wait(*tasks)
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
                if not self._open:
                    self._open = True
                    self._audio = bytearray(_pcm(event.frames))
                await self._forget_guess()
            elif event.type == vad.VADEventType.INFERENCE_DONE and self._open:
                self._audio += _pcm(event.frames)
                if self._speaking and len(self._audio) >= CHUNK_S * HEARING_RATE_HZ * 2:
                    await self._take_chunk()
            elif event.type == vad.VADEventType.END_OF_SPEECH:
                self._speaking = False
                ended_s = time.monotonic() - event.silence_duration
                self._hearing.on_pause(event.silence_duration)
                self._recognising = asyncio.create_task(
                    self._guess(bytes(self._audio), ended_s), name="hearing.guess"
                )

    async def _guess(self, pcm: bytes, ended_s: float) -> None:
        """Recognises at a pause; the words are final if the pause lasts, and forgotten if not."""
        text = await self._hearing.words(pcm)
        if text:
            self._hearing.on_words()
        left_s = FINAL_PAUSE_S - (time.monotonic() - ended_s)
        if text and left_s > 0 and not self._hearing.pending():
            self._send(stt.SpeechEventType.PREFLIGHT_TRANSCRIPT, text)
            await asyncio.sleep(left_s)
        self._open = False
        self._audio = bytearray()
        if text:
            self._send(stt.SpeechEventType.FINAL_TRANSCRIPT, text)

    async def _forget_guess(self) -> None:
        if self._recognising is not None:
            await utils.aio.cancel_and_wait(self._recognising)
            self._recognising = None

    async def _take_chunk(self) -> None:
        pcm, self._audio = bytes(self._audio), bytearray()
        if text := await self._hearing.words(pcm):
            self._send(stt.SpeechEventType.FINAL_TRANSCRIPT, text)

    def _send(self, kind: stt.SpeechEventType, text: str) -> None:
        self._event_ch.send_nowait(self._hearing.event(kind, text))


def _pcm(frames: list[rtc.AudioFrame]) -> bytes:
    return b"".join(frame.data.tobytes() for frame in frames)
