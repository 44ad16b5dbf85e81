"""What people say in room tests: recordings one after the other, and words that nobody recorded."""

import asyncio
import io
import wave

import numpy as np

from bench.recordings import RATE_HZ, Language, Pcm, recording, resample, silence, trim


def spoken(*names: str, language: Language = "en", pause_s: float = 0.0) -> Pcm:
    """Recordings one after the other, with that silence between."""
    parts = [recording(name, language) for name in names]
    between = [np.concatenate([part, silence(pause_s)]) for part in parts[:-1]]
    return np.concatenate([*between, parts[-1]])


async def said_in_french(words: str) -> Pcm:
    """These words in espeak-ng's voice, as int16 mono 48 kHz: the recorded people never say them.

    The embedded ears understand this voice in short words alone.
    """
    child = await asyncio.create_subprocess_exec(
        *("espeak-ng", "-v", "fr", "-s", "140", "--stdout", words),
        stdout=asyncio.subprocess.PIPE,
    )
    sound, _ = await child.communicate()
    with wave.open(io.BytesIO(sound)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(len(sound)), dtype=np.int16)
    return trim(resample(samples, rate_hz, RATE_HZ))
