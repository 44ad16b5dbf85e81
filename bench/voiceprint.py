"""What tells two voices apart, measured from sound: pitch, and the shape of the long-term spectrum.

A rough stand-in for listening: it knows nothing of accent or melody, so voices it calls apart are.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import hypot, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]

RATE_HZ = 24000
BANDS = 20
LOWEST_HZ, HIGHEST_HZ = 100.0, 7000.0
VOICED = 0.4
"""Autocorrelation at the pitch period, relative to lag 0, above which a frame counts as voiced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePrint:
    """`f0_hz` is the median pitch; `bands_db` the mean spectrum in 20 mel bands, mean removed."""

    f0_hz: float
    bands_db: tuple[float, ...]
    centroid_hz: float
    level: float

    def distance(self, other: "VoicePrint") -> float:
        """1 is a difference that most people notice: two semitones, or 6 dB of spectral shape."""
        semitones = 12 * abs(log2(self.f0_hz / other.f0_hz))
        shape_db = float(np.sqrt(np.mean((np.array(self.bands_db) - other.bands_db) ** 2)))
        return hypot(semitones / 2, shape_db / 6)


def voiceprint(pcm: bytes, rate_hz: int = RATE_HZ) -> VoicePrint:
    """The print of a second or more of PCM int16 mono. Raises: ValueError when unvoiced."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    spectrum, frequencies = _mean_power(samples, rate_hz)
    band = (frequencies > LOWEST_HZ) & (frequencies < HIGHEST_HZ)
    centroid = float((spectrum[band] * frequencies[band]).sum() / spectrum[band].sum())
    shape = _bands(spectrum, frequencies)
    return VoicePrint(
        f0_hz=_median_pitch(samples, rate_hz),
        bands_db=tuple(float(v) for v in shape - shape.mean()),
        centroid_hz=centroid,
        level=float(np.sqrt(np.mean(samples**2))),
    )


def _mean_power(samples: Numbers, rate_hz: int) -> tuple[Numbers, Numbers]:
    size = int(0.032 * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    return power.mean(axis=0), np.fft.rfftfreq(size, 1 / rate_hz)


def _bands(spectrum: Numbers, frequencies: Numbers) -> Numbers:
    mel = 2595 * np.log10(1 + frequencies / 700)
    edges = np.linspace(
        2595 * np.log10(1 + LOWEST_HZ / 700), 2595 * np.log10(1 + HIGHEST_HZ / 700), BANDS + 1
    )
    power = [spectrum[(mel >= low) & (mel < high)].mean() for low, high in pairwise(edges)]
    decibels: Numbers = 10 * np.log10(np.maximum(np.array(power), 1e-12))
    return decibels


def _median_pitch(samples: Numbers, rate_hz: int) -> float:
    size = int(0.04 * rate_hz)
    shortest, longest = int(rate_hz / 450), int(rate_hz / 60)
    found = []
    for start in range(0, len(samples) - size, size // 2):
        frame = samples[start : start + size]
        frame = frame - frame.mean()
        if np.sqrt(np.mean(frame**2)) < 0.01:
            continue
        power = np.abs(np.fft.rfft(frame, 2 * size)) ** 2
        correlation = np.fft.irfft(power)[:size]
        lag = shortest + int(np.argmax(correlation[shortest:longest]))
        if correlation[lag] > VOICED * correlation[0]:
            found.append(rate_hz / lag)
    if not found:
        raise ValueError("no voiced frame")
    return float(np.median(found))
