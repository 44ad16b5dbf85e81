"""Ramps in place of clicks: the end of sound that is taken away, the start of sound that goes on.
Pure; PCM int16 mono 24 kHz in LiveKit's frames.
"""

from collections.abc import Sequence

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from services.speech.audio import SILENCE_LEVEL, Samples
from services.speech.ports import SAMPLE_RATE_HZ

FADE_S = 0.06
"""From a voice to silence: short enough to be a stop, long enough to be no click."""

RISE_S = 0.02


def samples_of(frame: rtc.AudioFrame) -> Samples:
    """The frame's samples, int16 (n,); not a copy."""
    return np.frombuffer(frame.data, dtype=np.int16)


def frame_of(samples: Samples, userdata: dict[str, object] | None = None) -> rtc.AudioFrame:
    """A frame of these samples."""
    return rtc.AudioFrame(
        data=samples.tobytes(),
        sample_rate=SAMPLE_RATE_HZ,
        num_channels=1,
        samples_per_channel=len(samples),
        userdata=userdata or {},
    )


def is_silent(samples: Samples) -> bool:
    """Whether nobody would hear the difference if it were left out."""
    return not len(samples) or int(np.abs(samples.astype(np.int32)).max()) <= SILENCE_LEVEL


def falling(samples: Samples) -> Samples:
    """The same sound, from as loud as it is to nothing at its end: half a period of a cosine."""
    return _shaped(samples, _rising(len(samples))[::-1])


def fallen(frames: Sequence[rtc.AudioFrame], samples: int) -> rtc.AudioFrame | None:
    """The first so many samples of these frames as they fall silent; None if they are."""
    if not frames:
        return None
    sound = np.concatenate([samples_of(frame) for frame in frames])[:samples]
    return None if is_silent(sound) else frame_of(falling(sound))


def risen(frame: rtc.AudioFrame) -> rtc.AudioFrame:
    """The frame with a soft start of `RISE_S`, or of its own length when it is shorter."""
    sound = samples_of(frame).copy()
    rise = min(len(sound), int(RISE_S * SAMPLE_RATE_HZ))
    sound[:rise] = _shaped(sound[:rise], _rising(rise))
    return frame_of(sound, frame.userdata)


def without_head(frame: rtc.AudioFrame, samples: int) -> rtc.AudioFrame:
    """The frame without its first samples."""
    return frame_of(samples_of(frame)[samples:], frame.userdata) if samples else frame


def _rising(samples: int) -> NDArray[np.float32]:
    """From 0 to almost 1, shape (samples,)."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(samples) / max(samples, 1))).astype(np.float32)


def _shaped(samples: Samples, by: NDArray[np.float32]) -> Samples:
    shaped: Samples = np.rint(samples * by).astype(np.int16)
    return shaped
