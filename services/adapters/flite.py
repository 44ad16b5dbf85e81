"""English voices by flite, one child process a line.

Flite writes its file only when a sentence is whole, so a line begins after 10 to 80 ms; the file is
anonymous memory. Text goes in by stdin: an argument would stand in the process list.
"""

import asyncio
import contextlib
import os
import shutil
import struct
from collections.abc import AsyncIterator

import numpy as np

from services.core.errors import BackendError, BackendTimeout
from services.speech.audio import VoiceChain, amplified, gain_of
from services.speech.ports import Language, VoiceChoice
from services.speech.spoken import plain

_NATURAL_F0_HZ = {"slt": 168.0, "rms": 103.0, "awb": 125.0, "kal16": 93.0, "kal": 93.0}
"""What `int_f0_target_mean` must be to leave a voice as it is (measured, flite 2.2)."""

_FIXED_PITCH = frozenset({"rms"})
"""Voices that ignore `int_f0_target_mean`."""

_HEADER_BYTES = 44
LINE_S = 10.0
"""Time for one line; a minute of speech takes under a second."""


class FliteVoices:
    """The `flite` engine: slt, rms, awb, kal16."""

    def __init__(self, program: str = "flite") -> None:
        self._program = shutil.which(program)

    @property
    def name(self) -> str:
        """`flite`."""
        return "flite"

    def languages(self) -> frozenset[Language]:
        """English, or none without flite or without Linux's anonymous files."""
        able = self._program and hasattr(os, "memfd_create")
        return frozenset({"en"}) if able else frozenset()

    def _command(self, voice: VoiceChoice, output: str) -> list[str]:
        if voice.voice not in _NATURAL_F0_HZ or voice.language != "en":
            raise BackendError("flite has no such voice in that language", retryable=False)
        stretch = 1.0 / min(2.5, max(0.4, voice.pace_ratio))
        settings = ["-voice", voice.voice, "--setf", f"duration_stretch={stretch:.3f}"]
        if voice.pitch_ratio != 1.0 and voice.voice not in _FIXED_PITCH:
            f0_hz = _NATURAL_F0_HZ[voice.voice] * min(2.0, max(0.5, voice.pitch_ratio))
            settings += ["--setf", f"int_f0_target_mean={f0_hz:.0f}"]
        return [self._program or "flite", *settings, "-f", "/dev/stdin", "-o", output]

    async def speak(self, text: str, voice: VoiceChoice) -> AsyncIterator[bytes]:
        """Blocks of PCM int16 mono 24 kHz; closing early kills the child. Raises: BackendError."""
        words = plain(text)
        sound = os.memfd_create("flite")
        try:
            command = self._command(voice, f"/proc/self/fd/{sound}")
            if not words:
                return
            await _run(command, words, sound)
            with os.fdopen(os.dup(sound), "rb") as file:
                file.seek(0)
                wave = file.read()
        finally:
            os.close(sound)
        for block in _blocks(wave, gain_of(voice.extra)):
            yield block

    async def aclose(self) -> None:
        """Nothing: each line's child has ended with its line."""


async def _run(command: list[str], words: str, sound: int) -> None:
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(sound,),
        )
    except OSError as error:
        raise BackendError(f"flite does not start: {error.strerror}") from None
    try:
        async with asyncio.timeout(LINE_S):
            await child.communicate(words.encode("ascii", "replace"))
    except TimeoutError:
        raise BackendTimeout("flite did not finish its line") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        raise BackendError(f"flite ended with code {child.returncode}")


def _blocks(wave: bytes, gain: float) -> list[bytes]:
    if len(wave) <= _HEADER_BYTES or wave[:4] != b"RIFF":
        raise BackendError("flite gave no sound")
    channels, rate_hz = struct.unpack_from("<HI", wave, 22)
    if channels != 1:
        raise BackendError("flite gave an unknown sound format")
    data = wave[_HEADER_BYTES : len(wave) & ~1]
    chain = VoiceChain(rate_hz)
    samples = amplified(np.frombuffer(data, dtype="<i2").astype(np.int16), gain)
    return [*chain.feed(samples), *chain.flush()]
