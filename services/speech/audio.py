"""Sound as numbers: resampling, trimming and block cutting for PCM int16 mono streams.

Owns what every voice engine needs between its own output and 24 kHz blocks. Decides nothing about
which engine speaks, and reads no files.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import gcd, isfinite

import numpy as np
from numpy.typing import NDArray

from services.core.errors import BackendError
from services.speech.ports import SAMPLE_RATE_HZ

Samples = NDArray[np.int16]

BLOCK_S = 0.04
"""Length of the blocks that leave an engine; a stage frame is 10 to 100 ms."""

SILENCE_LEVEL = 100
"""Samples within +-100 (-50 dBFS) count as silence: engines pad with exact or near zeros."""

_TAPS = 32
"""Filter length in input samples: 0.05 dB ripple to 0.9 of the band, images below -60 dB."""


@lru_cache(maxsize=8)
def _filter_bank(up: int, down: int) -> NDArray[np.float64]:
    """One windowed-sinc row for each of the `up` fractional positions, shape (up, _TAPS)."""
    cutoff = min(1.0, up / down) * 0.95
    offsets = np.arange(_TAPS)[None, :] - (_TAPS / 2 - 1)
    distance = offsets - (np.arange(up) / up)[:, None]
    window = np.kaiser(2049, 8.0)
    at = np.clip((distance / (_TAPS / 2) + 1.0) * 1024, 0, 2048)
    rows = np.sinc(distance * cutoff) * np.interp(at, np.arange(2049), window)
    bank: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return bank


class Resampler:
    """Changes the rate of one stream, block by block, with no click where blocks meet."""

    def __init__(self, from_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> None:
        divisor = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // divisor, from_hz // divisor
        self._bank = _filter_bank(self._up, self._down) if from_hz != to_hz else None
        self._tail = np.zeros(_TAPS // 2 - 1, dtype=np.float64)
        self._position = 0

    def feed(self, block: Samples) -> Samples:
        """The output that the input so far decides; the last 16 input samples wait for more."""
        if self._bank is None:
            return block
        held = np.concatenate((self._tail, block.astype(np.float64)))
        ready = (len(held) - _TAPS + 1) * self._up - self._position
        count = max(0, -(-ready // self._down))
        steps = self._position + np.arange(count) * self._down
        starts, phases = steps // self._up, steps % self._up
        windows = np.lib.stride_tricks.sliding_window_view(held, _TAPS) if count else None
        self._position += count * self._down
        used = min(self._position // self._up, len(held))
        self._position -= used * self._up
        self._tail = held[used:]
        if windows is None:
            return np.zeros(0, dtype=np.int16)
        out = np.einsum("ij,ij->i", windows[starts], self._bank[phases])
        rounded: Samples = np.clip(np.rint(out), -32768, 32767).astype(np.int16)
        return rounded

    def flush(self) -> Samples:
        """What is still held, at the end of the stream."""
        return self.feed(np.zeros(_TAPS // 2, dtype=np.int16))


class Trimmer:
    """Drops silence before the first sound and after the last, keeping `keep_s` at both ends."""

    def __init__(self, rate_hz: int = SAMPLE_RATE_HZ, *, keep_s: float = 0.05) -> None:
        self._keep = int(rate_hz * keep_s)
        self._held = np.zeros(0, dtype=np.int16)
        self._begun = False

    @property
    def heard_sound(self) -> bool:
        """Whether anything louder than silence has passed."""
        return self._begun

    def feed(self, block: Samples) -> Samples:
        """Sound up to the last loud sample; later silence is held until sound follows it."""
        self._held = np.concatenate((self._held, block))
        loud = np.flatnonzero(np.abs(self._held.astype(np.int32)) > SILENCE_LEVEL)
        if not len(loud):
            if not self._begun:
                self._held = self._held[-self._keep :]
            return np.zeros(0, dtype=np.int16)
        first = 0 if self._begun else max(0, int(loud[0]) - self._keep)
        last = int(loud[-1]) + 1
        self._begun = True
        out, self._held = self._held[first:last], self._held[last:]
        return out

    def flush(self) -> Samples:
        """The tail that is kept after the last sound."""
        return self._held[: self._keep] if self._begun else np.zeros(0, dtype=np.int16)


class BlockCutter:
    """Gathers samples into blocks of `BLOCK_S`; the last one may be shorter."""

    def __init__(self, rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._size = int(rate_hz * BLOCK_S)
        self._held = np.zeros(0, dtype=np.int16)

    def feed(self, samples: Samples) -> list[bytes]:
        """Whole blocks that are complete now."""
        held = np.concatenate((self._held, samples)) if len(self._held) else samples
        whole = len(held) // self._size * self._size
        self._held = held[whole:]
        return [held[i : i + self._size].tobytes() for i in range(0, whole, self._size)]

    def flush(self) -> list[bytes]:
        """The rest, if any."""
        return [self._held.tobytes()] if len(self._held) else []


class VoiceChain:
    """Engine output in, blocks of trimmed PCM int16 mono 24 kHz out."""

    def __init__(self, from_hz: int) -> None:
        self._resampler = Resampler(from_hz)
        self._trimmer = Trimmer()
        self._cutter = BlockCutter()

    def feed(self, samples: Samples) -> list[bytes]:
        """Blocks that are complete now."""
        return self._cutter.feed(self._trimmer.feed(self._resampler.feed(samples)))

    def flush(self) -> list[bytes]:
        """The end of the line. Raises BackendError when the engine gave only silence."""
        blocks = self._cutter.feed(self._trimmer.feed(self._resampler.flush()))
        if not self._trimmer.heard_sound:
            raise BackendError("the voice engine produced only silence")
        return [*blocks, *self._cutter.feed(self._trimmer.flush()), *self._cutter.flush()]


def pcm16(samples: NDArray[np.floating]) -> Samples:
    """Float samples in [-1, 1] as int16. Raises BackendError on NaN or infinity."""
    if not np.isfinite(samples).all():
        raise BackendError("the voice engine produced invalid samples")
    scaled: Samples = (np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
    return scaled


def gain_of(extra: Mapping[str, str]) -> float:
    """The loudness factor of a voice, 0 to 4. Raises BackendError when it is not a number."""
    try:
        gain = float(extra.get("gain", "1"))
    except ValueError:
        raise BackendError("the voice's gain is not a number", retryable=False) from None
    return min(4.0, max(0.0, gain)) if isfinite(gain) else 1.0


def amplified(samples: Samples, gain: float) -> Samples:
    """Louder or softer, held inside 16 bits."""
    if gain == 1.0:
        return samples
    scaled: Samples = np.clip(samples * np.float32(gain), -32768, 32767).astype(np.int16)
    return scaled


def duration_s(pcm: bytes, rate_hz: int = SAMPLE_RATE_HZ) -> float:
    """How long PCM int16 mono lasts."""
    return len(pcm) / 2 / rate_hz


def level(pcm: bytes) -> float:
    """Root mean square of PCM int16 mono on a scale of 0 to 1; 0 for no samples."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2)) / 32768.0) if len(samples) else 0.0
