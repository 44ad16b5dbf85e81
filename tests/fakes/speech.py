"""Ears and voices in memory: they say what they are told, and fail as they are told."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.core.errors import BackendError
from services.speech.audio import level
from services.speech.ports import SAMPLE_RATE_HZ, Language, VoiceChoice
from services.speech.spoken import plain

BLOCK_S = 0.04


@dataclass
class FakeEar:
    """Hears `texts` in turn, the last one again and again; "" in silence."""

    texts: Sequence[str] = ("bonjour",)
    name: str = "fake-ear"
    known: frozenset[Language] = frozenset({"fr", "en"})
    fault: BackendError | None = None
    delay_s: float = 0.0
    heard: list[Language] = field(default_factory=list)
    closed: bool = False

    def languages(self) -> frozenset[Language]:
        return self.known

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        self.heard.append(language)
        await asyncio.sleep(self.delay_s)
        if self.fault is not None:
            raise self.fault
        if language not in self.known:
            raise BackendError("unknown language", retryable=False)
        if level(pcm) < 0.003:
            return ""
        return self.texts[min(len(self.heard), len(self.texts)) - 1]

    async def aclose(self) -> None:
        self.closed = True


def tone(seconds: float, *, hz: float = 200.0, loudness: float = 0.3) -> bytes:
    """A steady tone as PCM int16 mono 24 kHz; loudness 0 is silence."""
    at = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (np.sin(2 * math.pi * hz * at) * loudness * 32767).astype("<i2").tobytes()


@dataclass
class FakeVoice:
    """Hums 0.06 s a character; may fail at once, after some seconds, stall, or give silence."""

    name: str = "fake"
    known: frozenset[Language] = frozenset({"fr", "en"})
    fails_after_s: float | None = None
    stalls_after_s: float | None = None
    loudness: float = 0.3
    endless: bool = False
    spoken: list[VoiceChoice] = field(default_factory=list)
    stopped: int = 0
    closed: bool = False

    def languages(self) -> frozenset[Language]:
        return self.known

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        if voice.language not in self.known:
            raise BackendError("unknown language", retryable=False)
        self.spoken.append(voice)
        given_s, wanted_s = 0.0, 0.06 * len(plain(text))
        block = tone(BLOCK_S, hz=200.0 * voice.pitch_ratio, loudness=self.loudness)
        try:
            while self.endless or given_s < wanted_s:
                if self.fails_after_s is not None and given_s >= self.fails_after_s:
                    raise BackendError("the fake voice fails")
                if self.stalls_after_s is not None and given_s >= self.stalls_after_s:
                    await asyncio.sleep(3600)
                await asyncio.sleep(0)
                yield block
                given_s += BLOCK_S
        finally:
            self.stopped += 1

    async def aclose(self) -> None:
        self.closed = True
