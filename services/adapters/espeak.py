"""Voices by espeak-ng, one child process a line: French and English, nothing shared, GPL apart.

Text goes in by stdin as plain words; sound comes out as it is made, about 500 times faster than
real time, the first of it after 8 ms.
"""

import asyncio
import contextlib
import logging
import shutil
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path

import numpy as np

from services.core.errors import BackendError
from services.speech.audio import VoiceChain, gain_of
from services.speech.ports import Language, VoiceChoice
from services.speech.spoken import plain

logger = logging.getLogger(__name__)

WORDS_PER_MINUTE = 160
"""The pace that 1.0 stands for; espeak-ng's own 175 is hurried."""

_PITCH_STEPS = (0, 20, 35, 50, 65, 80, 99)
_PITCH_RATIOS = (0.667, 0.77, 0.874, 1.0, 1.16, 1.342, 1.64)
"""Measured median F0 relative to `-p 50` (fr and fr+f2, espeak-ng 1.51)."""

_BASES: Mapping[str, Language] = {
    "fr": "fr",
    "fr-be": "fr",
    "fr-ch": "fr",
    "en-us": "en",
    "en-gb-x-rp": "en",
    "en-029": "en",
    "en-gb-scotland": "en",
}
"""Names under which variants work: `en-gb+f2` is silently the plain voice."""

_READ_BYTES = 4096
FIRST_SOUND_S = 3.0


def _pitch_step(ratio: float) -> int:
    return round(float(np.interp(ratio, _PITCH_RATIOS, _PITCH_STEPS)))


def variants(program: str) -> frozenset[str]:
    """The voice variants of the installed data folder; empty when there is none."""
    found = [
        entry.name
        for root in (
            Path("/usr/lib"),
            Path("/usr/share"),
            Path("/usr/local/share"),
            _beside(program),
        )
        for folder in (root, *root.glob("*-linux-gnu"))
        if (entries := folder / "espeak-ng-data" / "voices" / "!v").is_dir()
        for entry in entries.iterdir()
    ]
    return frozenset(found)


def _beside(program: str) -> Path:
    return Path(program).resolve().parent.parent / "share"


class EspeakVoices:
    """The `espeak` engine. Voices are `language[+variant]`, as in `fr+f2`."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = shutil.which(program)
        self._variants = variants(self._program) if self._program else frozenset()

    @property
    def name(self) -> str:
        """`espeak`."""
        return "espeak"

    def languages(self) -> frozenset[Language]:
        """Both, or none when espeak-ng is not installed."""
        return frozenset({"fr", "en"}) if self._program else frozenset()

    def _command(self, voice: VoiceChoice) -> list[str]:
        base, _, variant = voice.voice.partition("+")
        if _BASES.get(base) != voice.language or (variant and variant not in self._variants):
            raise BackendError("espeak has no such voice in that language", retryable=False)
        amplitude = round(100 * gain_of(voice.extra))
        pace = round(WORDS_PER_MINUTE * min(2.5, max(0.5, voice.pace_ratio)))
        settings = ["-v", voice.voice, "-p", str(_pitch_step(voice.pitch_ratio))]
        settings += ["-s", str(pace), "-a", str(min(200, amplitude))]
        return [self._program or "espeak-ng", "--stdin", "--stdout", "-z", "-b", "1", *settings]

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        """Blocks of PCM int16 mono 24 kHz; closing early kills the child. Raises: BackendError."""
        words = plain(text)
        command = self._command(voice)
        if not words:
            return
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise BackendError(f"espeak-ng does not start: {error.strerror}") from None
        try:
            async with contextlib.aclosing(_sound(child, words)) as blocks:
                async for block in blocks:
                    yield block
        finally:
            await _end(child)

    async def aclose(self) -> None:
        """Nothing: each line's child has ended with its line."""


async def _sound(child: asyncio.subprocess.Process, words: str) -> AsyncGenerator[bytes, None]:
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        child.stdin.write(words.encode())
        child.stdin.write_eof()
    rate_hz = await _wav_rate(child.stdout)
    chain, odd = VoiceChain(rate_hz), b""
    while data := await child.stdout.read(_READ_BYTES):
        data = odd + data
        even = len(data) & ~1
        data, odd = data[:even], data[even:]
        for block in chain.feed(np.frombuffer(data, dtype="<i2").astype(np.int16)):
            yield block
    if await child.wait() != 0:
        raise BackendError(f"espeak-ng ended with code {child.returncode}")
    for block in chain.flush():
        yield block


async def _wav_rate(stream: asyncio.StreamReader) -> int:
    """The rate in a canonical WAV header, whose sizes are not yet known. Raises: BackendError."""
    try:
        async with asyncio.timeout(FIRST_SOUND_S):
            header = await stream.readexactly(44)
    except (asyncio.IncompleteReadError, TimeoutError):
        raise BackendError("espeak-ng gave no sound") from None
    channels, rate_hz = struct.unpack_from("<HI", header, 22)
    if header[:4] != b"RIFF" or header[36:40] != b"data" or channels != 1:
        raise BackendError("espeak-ng gave an unknown sound format")
    return int(rate_hz)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.stdout is not None:
        await child.stdout.read()  # a pipe that was not read to its end stays open
