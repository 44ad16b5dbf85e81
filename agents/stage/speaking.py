"""From a character's words to frames of its voice: clause by clause, never silent for want of one
engine. Owns frames and pacing of text; which engine speaks is the voices' affair.
"""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Protocol

from livekit import rtc

from agents.stage.clauses import ClauseSplitter, ends_sentence
from agents.stage.performance import CHARACTERS_PER_S, Performance
from services.core.errors import BackendError
from services.speech.ports import SAMPLE_RATE_HZ

FRAME_SAMPLES = SAMPLE_RATE_HZ // 50
"""20 ms: what a pause or a cut can be fine to."""

OPENS_SENTENCE = "opens_sentence"
"""In the `userdata` of a frame that another sentence of the same line begins with: a listener may
react before it."""

_FRAME_BYTES = FRAME_SAMPLES * 2
_SILENT_PACE = 0.5
"""A line that stands as text alone holds the floor for half the time it would take to say."""

log = logging.getLogger(__name__)


class CastVoices(Protocol):
    """Each character's voice, whichever engine it comes from."""

    def speak(self, persona: str, text: str) -> AsyncGenerator[bytes, None]:
        """PCM int16 mono 24 kHz. Raises BackendError when no engine can speak."""
        ...


async def frames_of(
    performance: Performance, words: AsyncIterator[str], voices: CastVoices
) -> AsyncIterator[rtc.AudioFrame]:
    """The sound of a performance as 20 ms frames tagged with its key, as early as possible.

    A clause that no engine speaks is given as silence, so that its caption has a place in the
    queue; `performance.silent` is set when there was no sound before it either.
    """
    ended = False
    async for clause in _clauses(words):
        opens, ended = ended, ends_sentence(clause)
        async for frame in _say(performance, clause, voices):
            if opens:
                frame.userdata[OPENS_SENTENCE] = True
                opens = False
            yield frame
    if performance.sent_s == 0 and not performance.text.strip():
        yield _frame(performance, bytes(_FRAME_BYTES))


async def _clauses(words: AsyncIterator[str]) -> AsyncIterator[str]:
    splitter = ClauseSplitter()
    async for word in words:
        for clause in splitter.feed(word):
            yield clause
    for clause in splitter.flush():
        yield clause


async def _say(
    performance: Performance, clause: str, voices: CastVoices
) -> AsyncIterator[rtc.AudioFrame]:
    if not performance.silent:
        rest = b""
        try:
            async with aclosing(voices.speak(performance.persona, clause)) as blocks:
                async for block in blocks:
                    rest += block
                    while len(rest) >= _FRAME_BYTES:
                        yield _frame(performance, rest[:_FRAME_BYTES])
                        rest = rest[_FRAME_BYTES:]
            if rest:
                yield _frame(performance, rest.ljust(_FRAME_BYTES, b"\0"))
            return
        except BackendError as error:
            performance.silent = performance.voice_s is None
            log.error("speech.no_voice", extra={"persona": performance.persona, "why": str(error)})
    duration_s = _SILENT_PACE * len(clause) / CHARACTERS_PER_S
    for _ in range(max(5, int(duration_s * 50))):
        yield _frame(performance, bytes(_FRAME_BYTES))


def _frame(performance: Performance, pcm: bytes) -> rtc.AudioFrame:
    if performance.voice_s is None:
        performance.voice_s = time.monotonic()
    return rtc.AudioFrame(
        data=pcm,
        sample_rate=SAMPLE_RATE_HZ,
        num_channels=1,
        samples_per_channel=FRAME_SAMPLES,
        userdata={"performance": performance.key},
    )
