"""Recorded people: Debian's telephone announcers, French and English, as PCM for a microphone.

Owns where the recordings lie and their transcripts; the packages are installed where tests run
(`asterisk-core-sounds-{fr,en}` and `-wav`, CC-BY-SA 3.0), and nothing of them is shipped.
"""

import gzip
import wave
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

RATE_HZ = 48000
Pcm = npt.NDArray[np.int16]
Language = Literal["fr", "en"]

_SOUNDS = Path("/usr/share/asterisk/sounds")
_FOLDER = {"fr": _SOUNDS / "fr_CA_f_June", "en": _SOUNDS / "en_US_f_Allison"}
_QUIET = 0.01
"""Share of full scale under which a recording's edges count as silence."""


@cache
def transcripts(language: Language) -> dict[str, str]:
    """Name of a recording -> what is said in it."""
    package = Path(f"/usr/share/doc/asterisk-core-sounds-{language}")
    (file,) = package.glob(f"core-sounds-{language}*.txt.gz")
    lines = gzip.decompress(file.read_bytes()).decode("utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return {name.strip(): text.strip() for name, text in pairs}


def recording(name: str, language: Language) -> Pcm:
    """A recording as int16 mono 48 kHz, trimmed to the speech itself.

    Raises: FileNotFoundError when the package is not installed or has no such recording.
    """
    path = _FOLDER[language] / f"{name}.wav"
    with wave.open(str(path)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    return trim(resample(samples, rate_hz, RATE_HZ))


def resample(samples: Pcm, from_hz: int, to_hz: int) -> Pcm:
    """Band-limited by the Fourier method: exact for the short clips that people say here."""
    count = round(len(samples) * to_hz / from_hz)
    spectrum = np.fft.rfft(samples.astype(np.float64))
    resized = np.zeros(count // 2 + 1, dtype=np.complex128)
    kept = min(len(spectrum), len(resized))
    resized[:kept] = spectrum[:kept]
    wide = np.fft.irfft(resized, count) * (count / len(samples))
    return np.clip(wide, -32768, 32767).astype(np.int16)


def trim(samples: Pcm) -> Pcm:
    """Without the silence before and after: the end of the clip is the end of the speech."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET * 32768)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def silence(seconds: float) -> Pcm:
    """So much of nothing."""
    return np.zeros(int(seconds * RATE_HZ), dtype=np.int16)
