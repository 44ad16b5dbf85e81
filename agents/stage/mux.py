"""The sink of all voices: one speech queue, one LiveKit source per character.

Owns the order of playing, pausing and cutting, and the count of what was heard. It is the last
audio output of the AgentSession: the framework hands it frames faster than real time, and waits
for one "finished" per segment. Frames carry the key of their performance in `userdata`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livekit import rtc
from livekit.agents.voice import io

from agents.stage.performance import Performance
from services.speech.ports import SAMPLE_RATE_HZ

QUEUE_MS = 200
"""Sound that LiveKit holds ahead of the wire: enough for a busy loop, little to lose at a cut."""

BREATH_S = 0.12
"""Silence between two characters: people leave about 0.2 s, and the end of a voice has some of its
own. Receivers buffer each track by itself; without it the end of one is heard under the next."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A frame of a performance, or with None the end of its segment."""

    generation: int
    performance: Performance
    frame: rtc.AudioFrame | None


class Mux(io.AudioOutput):
    """Plays performances one after the other, each on its character's source.

    `pause` and `resume` are also called by the framework, many times a second: reasons are kept
    in a set, so that its resume cannot undo ours.
    """

    def __init__(
        self,
        sources: Mapping[str, rtc.AudioSource],
        *,
        on_started: Callable[[Performance], None],
        on_progress: Callable[[Performance], None],
        on_finished: Callable[[Performance], None],
        breath_s: float = BREATH_S,
    ) -> None:
        super().__init__(
            label="RoleplayMux",
            capabilities=io.AudioOutputCapabilities(pause=True),
            sample_rate=SAMPLE_RATE_HZ,
        )
        self._sources = sources
        self._on_started = on_started
        self._on_progress = on_progress
        self._on_finished = on_finished
        self._expected: dict[str, Performance] = {}
        self._queue: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._played: deque[_Item] = deque(maxlen=QUEUE_MS // 10)
        self._ending: _Item | None = None
        self._incoming: Performance | None = None
        self._now: Performance | None = None
        self._generation = 0
        self._silences = 0
        self._breath_s = breath_s
        self._last_persona: str | None = None
        self._reasons: set[str] = set()
        self.last_sound_s = time.monotonic()

    def expect(self, performance: Performance) -> None:
        """Makes a performance known before its frames arrive."""
        self._expected[performance.key] = performance

    @property
    def now(self) -> Performance | None:
        """The performance that sounds, or is paused in mid-sound."""
        return self._now

    @property
    def pending(self) -> bool:
        """Whether sound is playing or waiting."""
        return self._now is not None or bool(self._queue)

    @property
    def paused(self) -> bool:
        """Whether anybody asked for silence."""
        return bool(self._reasons)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Takes a frame of the current segment; returns at once."""
        await super().capture_frame(frame)
        if self._incoming is None:
            self._incoming = self._expected.pop(frame.userdata["performance"])
        self._incoming.sent_s += frame.duration
        self._put(_Item(self._generation, self._incoming, frame))

    def flush(self) -> None:
        """Ends the current segment; also called when nothing was captured."""
        super().flush()
        if self._incoming is not None:
            self._put(_Item(self._generation, self._incoming, None))
            self._incoming = None

    def clear_buffer(self) -> None:
        """Cuts: what plays falls silent, what waits is dropped and reported as interrupted."""
        self._generation += 1
        self._silence()
        self.resume()

    def pause(self, why: str = "person") -> None:
        """Silence at once; what LiveKit had not played yet is kept for the resume."""
        if why not in self._reasons:
            self._reasons.add(why)
            self._silence()

    def resume(self, why: str = "person") -> None:
        """Takes one reason back; sound goes on when none is left."""
        self._reasons.discard(why)
        self._wake.set()

    async def run(self) -> None:
        """Plays until cancelled. One task a session."""
        while True:
            item = await self._next()
            if item.frame is not None:
                await self._play(item, item.frame)
            else:
                await self._end(item)

    async def _next(self) -> _Item:
        while True:
            if self._queue and (not self._reasons or self._is_dead(self._queue[0])):
                return self._queue.popleft()
            self._wake.clear()
            await self._wake.wait()

    async def _play(self, item: _Item, frame: rtc.AudioFrame) -> None:
        if self._is_dead(item):
            return
        performance = item.performance
        if self._now is not performance:
            await self._breathe(performance)
            if self._is_dead(item):
                return
            self._now = performance
            self._played.clear()
        self._played.append(item)
        performance.heard_s += frame.duration
        if not performance.started.is_set():
            performance.started.set()
            self._on_started(performance)
            self.on_playback_started(created_at=time.time())
        self.last_sound_s = time.monotonic()
        source, silences = self._sources[performance.persona], self._silences
        await source.capture_frame(frame)
        if self._silences != silences:  # it waited for room while silence was asked for
            source.clear_queue()
        performance.ahead_s = source.queued_duration
        self._on_progress(performance)

    async def _breathe(self, performance: Performance) -> None:
        """Lets a moment pass after another character's line."""
        if self._last_persona not in (None, performance.persona):
            await asyncio.sleep(self.last_sound_s + self._breath_s - time.monotonic())
        self._last_persona = performance.persona

    async def _end(self, item: _Item) -> None:
        performance = item.performance
        if not self._is_dead(item):
            self._ending = item
            await self._sources[performance.persona].wait_for_playout()
            if self._ending is not item:
                return  # a pause put it back behind the frames that it took back
            self._ending = None
        performance.cut = self._is_dead(item)
        performance.ahead_s = 0.0
        self.last_sound_s = time.monotonic()
        if self._now is performance:
            self._now = None
        self._on_finished(performance)
        self.on_playback_finished(
            playback_position=max(performance.heard_s, 0.0), interrupted=performance.cut
        )

    def _silence(self) -> None:
        """Takes back what the source has not played, to the head of the queue."""
        performance = self._now
        if performance is None:
            return
        self._silences += 1
        source = self._sources[performance.persona]
        unplayed_s = source.queued_duration
        source.clear_queue()
        performance.ahead_s = 0.0
        if self._ending is not None:
            self._queue.appendleft(self._ending)
            self._ending = None
        while self._played and unplayed_s > 0.001:
            item = self._played.pop()
            if item.frame is None:
                continue
            unplayed_s -= item.frame.duration
            performance.heard_s -= item.frame.duration
            self._queue.appendleft(item)
        self._wake.set()

    def _put(self, item: _Item) -> None:
        self._queue.append(item)
        self._wake.set()

    def _is_dead(self, item: _Item) -> bool:
        return item.generation != self._generation
