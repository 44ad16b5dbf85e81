"""What listeners let fall while another speaks: "Hm.", "Really?", outside the queue of lines.

Owns their sound and when it stops. Who reacts and with which words was decided before; an aside
takes no turn: it has no caption, nobody remembers it, and who speaks next does not depend on it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from livekit import rtc

from agents.stage.clips import Clips
from agents.stage.fades import FADE_S, frame_of
from agents.stage.intervals import BREATH_S, HOLD_S, Cue
from agents.stage.outlet import TICK_S, Outlet
from agents.stage.speaking import FRAME_SAMPLES, CastVoices
from services.speech.audio import Samples
from services.speech.ports import SAMPLE_RATE_HZ

LONGEST_S = HOLD_S
"""Whoever speaks waits no longer for a listener, so a longer text never sounds."""

_AFTER_S = 2 * BREATH_S
"""Silence behind a reaction. Receivers stretch the first sound on a track that was quiet by about
0.1 s; without it the end of the reaction is heard under the speaker."""


_GOES_ON_S = 0.3
"""How long the cast still waits when a reaction was hushed: the person begins to speak, and 0.1 s
later the cast is paused. A line that would begin in between were a blip in their first word."""


class Asides:
    """Plays one reaction at a time, in pauses only, and never over a line.

    `sources` is where each listener is heard (`Tracks.reactions`). `may_sound` tells whether there
    is a pause now and the person is silent; `hold` keeps lines and sentences from beginning for so
    many seconds (`Mux.hold`); `idle` tells whether nothing else needs the voices. `on_started` and
    `on_finished` are told the character, the latter also when it was hushed.
    """

    def __init__(
        self,
        sources: Mapping[str, rtc.AudioSource],
        voices: CastVoices,
        *,
        may_sound: Callable[[], bool],
        hold: Callable[[float], None] = lambda _: None,
        idle: Callable[[], bool] = lambda: True,
        on_started: Callable[[str], None] = lambda _: None,
        on_finished: Callable[[str], None] = lambda _: None,
    ) -> None:
        outlets = {id(source): Outlet[str](source) for source in sources.values()}
        self._outlets = {persona: outlets[id(source)] for persona, source in sources.items()}
        self._clips = Clips(voices, longest_s=LONGEST_S, idle=idle)
        self._may_sound = may_sound
        self._hold = hold
        self._on_started = on_started
        self._on_finished = on_finished
        self._sounding: str | None = None
        self._hushed = asyncio.Event()
        self._hushed_s = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def sounding(self) -> str | None:
        """The character whose reaction sounds now."""
        return self._sounding

    def prepare(self, persona: str, texts: Iterable[str]) -> None:
        """Has these voiced when nothing else needs the voices, so that they can sound at once."""
        self._clips.prepare(persona, texts)

    def play(
        self, persona: str, text: str, *, longest_s: float = LONGEST_S, after_s: float = BREATH_S
    ) -> bool:
        """Lets it sound after so much silence, or not at all; whether it does.

        What has no sound yet is voiced for the next time, what takes longer than `longest_s` stays
        unsaid. Lines wait until it is over.
        """
        clip = self._clips.get(persona, text)
        if clip is None:
            self.prepare(persona, [text])
            return False
        clip_s = len(clip) / SAMPLE_RATE_HZ
        if clip_s > longest_s or self._sounding is not None or not self._may_sound():
            return False
        self._hold(after_s + clip_s + _AFTER_S)
        self._sounding = persona
        self._hushed.clear()
        sounding = self._sound(persona, clip, after_s)
        self._task = asyncio.create_task(sounding, name=f"aside {persona}")
        return True

    def cue(self, persona: str, text: str) -> Cue | None:
        """What lets it sound when its pause has come, None when it has no sound yet."""
        if self._clips.get(persona, text) is None:
            self.prepare(persona, [text])
            return None

        def begin() -> None:
            self.play(persona, text)

        return begin

    def hush(self, *personas: str) -> None:
        """Silence within 0.08 s, faded: for these characters, whose lines begin, or for all."""
        if self._sounding is None or (personas and self._sounding not in personas):
            return
        if not self._hushed.is_set():
            self._hushed.set()
            self._hushed_s = asyncio.get_running_loop().time()
            self._hold(FADE_S + 2 * TICK_S if personas else _GOES_ON_S)

    async def aclose(self) -> None:
        """Ends what sounds and what is being voiced."""
        await self._clips.aclose()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _sound(self, persona: str, clip: Samples, after_s: float) -> None:
        outlet = self._outlets[persona]
        self._on_started(persona)
        try:
            await self._until_hushed(after_s)
            for frame in _frames(clip):
                if self._hushed.is_set():
                    break
                await outlet.give(frame, persona)
            await self._until_hushed(outlet.drained_in_s)
            if self._hushed.is_set():
                await outlet.fade_out(asked_s=self._hushed_s)
                await asyncio.sleep(outlet.drained_in_s)
            else:
                self._hold(_AFTER_S)  # counted from its real end, which a busy machine puts off
        finally:
            self._sounding = None
            self._on_finished(persona)

    async def _until_hushed(self, limit_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._hushed.wait()


def _frames(clip: Samples) -> Iterator[rtc.AudioFrame]:
    whole = -(-len(clip) // FRAME_SAMPLES) * FRAME_SAMPLES
    padded = np.pad(clip, (0, whole - len(clip)))
    for at in range(0, whole, FRAME_SAMPLES):
        yield frame_of(padded[at : at + FRAME_SAMPLES])
