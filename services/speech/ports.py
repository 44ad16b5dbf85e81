"""What the stage needs from speech engines: ears that recognise, engines that speak."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

SAMPLE_RATE_HZ = 24000
"""All voices leave their engine at this rate: LiveKit's resampler would drop frame tags."""

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceChoice:
    """One character's voice on one engine, fully decided: equal choices sound the same.

    `voice` is the engine's own name (`fr+f2`, `slt`); `pitch_ratio` and `pace_ratio` are relative
    to that voice's natural pitch and speed (1.0 leaves it alone).
    """

    engine: str
    voice: str
    language: Language
    pitch_ratio: float = 1.0
    pace_ratio: float = 1.0
    extra: dict[str, str] = field(default_factory=dict)


class VoiceEngine(Protocol):
    """Turns text into sound."""

    @property
    def name(self) -> str:
        """`espeak`, `flite`, `kokoro`, `openai`: the name used in `voice.engines` and in logs."""
        ...

    def languages(self) -> frozenset[Language]:
        """What it can speak on this machine; empty when it is not installed."""
        ...

    def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        """PCM int16 mono 24 kHz in blocks of 10 to 100 ms, as they come.

        Closing the iterator early stops the engine at once. Raises BackendError.
        """
        ...

    async def aclose(self) -> None:
        """Ends helper processes."""
        ...


class Ear(Protocol):
    """Turns one utterance into text."""

    @property
    def name(self) -> str:
        """`whisper-base`, `pocketsphinx`: shown on the page and in logs."""
        ...

    def languages(self) -> frozenset[Language]:
        """What it can recognise."""
        ...

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Text of an utterance given as PCM int16 mono 16 kHz; "" when nothing was said.

        Raises BackendError: `Refused`-like overload is BackendError(retryable=False, status=429).
        """
        ...

    async def aclose(self) -> None:
        """Closes connections and helper processes."""
        ...
