"""Short sounds made before they are needed: listeners' reactions, voiced while nobody waits.

Owns which are kept and when they are made. Bounded: the one unused for longest makes room.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import aclosing

import numpy as np

from agents.stage.speaking import CastVoices
from services.core.errors import BackendError
from services.speech.audio import Samples, duration_s

KEPT = 64
"""At 43 kB each at most, under 3 MB a session."""

VOICING_LIMIT_S = 5.0
"""An engine that takes longer for a word or two has better things to do."""

FASTEST_CHARACTERS_PER_S = 25.0
"""No voice says a text faster (French and English on espeak-ng: up to 23), so longer ones are not
tried: nobody is asked to voice what cannot be used."""

_LOOK_S = 0.2

log = logging.getLogger(__name__)


class Clips:
    """A session's pre-voiced sounds by character and text, none longer than `longest_s`.

    `idle` tells whether nothing else needs the voices now; it is asked before each sound.
    """

    def __init__(self, voices: CastVoices, *, longest_s: float, idle: Callable[[], bool]) -> None:
        self._voices = voices
        self._longest_s = longest_s
        self._idle = idle
        self._clips: OrderedDict[tuple[str, str], Samples | None] = OrderedDict()
        self._wanted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._work: asyncio.Task[None] | None = None

    def prepare(self, persona: str, texts: Iterable[str]) -> None:
        """Has these voiced in the background, in order, as soon as the voices are free."""
        fitting = [
            text for text in texts if len(text) <= self._longest_s * FASTEST_CHARACTERS_PER_S
        ]
        for text in fitting:
            if (persona, text) not in self._clips and len(self._wanted) < KEPT:
                self._wanted[persona, text] = None
        if self._wanted and (self._work is None or self._work.done()):
            self._work = asyncio.create_task(self._voice_all(), name="clips")

    def get(self, persona: str, text: str) -> Samples | None:
        """The sound, int16 (n,); None when it is not there yet, or never will be (too long)."""
        clip = self._clips.get((persona, text))
        if clip is not None:
            self._clips.move_to_end((persona, text))
        return clip

    async def aclose(self) -> None:
        """Ends the voicing."""
        self._wanted.clear()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _voice_all(self) -> None:
        while self._wanted:
            while not self._idle():  # noqa: ASYNC110 - what uses the voices has no common event
                await asyncio.sleep(_LOOK_S)
            (persona, text), _ = self._wanted.popitem(last=False)
            self._clips[persona, text] = await self._voiced(persona, text)
            while len(self._clips) > KEPT:
                self._clips.popitem(last=False)

    async def _voiced(self, persona: str, text: str) -> Samples | None:
        pcm = b""
        try:
            async with (
                asyncio.timeout(VOICING_LIMIT_S),
                aclosing(self._voices.speak(persona, text)) as blocks,
            ):
                async for block in blocks:
                    pcm += block
                    if duration_s(pcm) > self._longest_s:
                        log.info("aside.too_long", extra={"persona": persona})
                        return None
        except (BackendError, TimeoutError) as error:
            log.warning("aside.no_voice", extra={"persona": persona, "why": type(error).__name__})
            return None
        return np.frombuffer(pcm, dtype="<i2") if pcm else None
