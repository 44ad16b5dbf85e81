"""The sink of all voices: one speech queue, one LiveKit source per character.

Owns the order of playing, pausing and cutting, and the count of what was heard. It is the last
audio output of the AgentSession: the framework hands it frames faster than real time, and waits
for one "finished" per segment. Frames carry the key of their performance in `userdata`.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from livekit import rtc
from livekit.agents.voice import io

from agents.stage.intervals import BREATH_S, Intervals, OnBoundary
from agents.stage.outlet import Outlet
from agents.stage.performance import Performance
from agents.stage.speaking import OPENS_SENTENCE
from services.speech.ports import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class _Item:
    """A frame of a performance, or with None the end of its segment."""

    generation: int
    performance: Performance
    frame: rtc.AudioFrame | None
    opens_sentence: bool = False


class Mux(io.AudioOutput):
    """Plays performances one after the other, each on its character's source.

    `pause` and `resume` are also called by the framework, many times a second: reasons are kept
    in a set, so that its resume cannot undo ours. `on_silence` is told when silence is asked for,
    so that listeners' reactions stop with the speaker.
    """

    def __init__(
        self,
        sources: Mapping[str, rtc.AudioSource],
        *,
        on_started: Callable[[Performance], None],
        on_progress: Callable[[Performance], None],
        on_finished: Callable[[Performance], None],
        on_boundary: OnBoundary = lambda _: None,
        on_silence: Callable[[], None] = lambda: None,
        breath_s: float = BREATH_S,
    ) -> None:
        super().__init__(
            label="RoleplayMux",
            capabilities=io.AudioOutputCapabilities(pause=True),
            sample_rate=SAMPLE_RATE_HZ,
        )
        outlets = {id(source): Outlet[_Item](source) for source in sources.values()}
        self._outlets = {persona: outlets[id(source)] for persona, source in sources.items()}
        self._on_started = on_started
        self._on_progress = on_progress
        self._on_finished = on_finished
        self._on_silence = on_silence
        self._intervals = Intervals(breath_s=breath_s, on_boundary=on_boundary)
        self._expected: dict[str, Performance] = {}
        self._queue: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._incoming: Performance | None = None
        self._now: Performance | None = None
        self._generation = 0
        self._reasons: set[str] = set()
        self._silence_asked_s: float | None = None
        self.last_sound_s = _now_s()

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

    @property
    def at_rest(self) -> bool:
        """Whether a listener may react: nobody asked for silence, and no line is in a sentence."""
        if self._reasons or _now_s() < self.last_sound_s:
            return False
        return self._now is None or self._intervals.open

    def hold(self, seconds: float) -> None:
        """No line and no sentence begins for so long, `HOLD_S` and 3 breaths at most; 0 lets go."""
        self._intervals.hold(seconds, now_s=_now_s())
        self._wake.set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Takes a frame of the current segment; returns at once."""
        await super().capture_frame(frame)
        if self._incoming is None:
            self._incoming = self._expected.pop(frame.userdata["performance"])
        self._incoming.sent_s += frame.duration
        opens = OPENS_SENTENCE in frame.userdata
        self._put(_Item(self._generation, self._incoming, frame, opens))

    def flush(self) -> None:
        """Ends the current segment; also called when nothing was captured."""
        super().flush()
        if self._incoming is not None:
            self._put(_Item(self._generation, self._incoming, None))
            self._incoming = None

    def clear_buffer(self) -> None:
        """Cuts: what plays falls silent, what waits is dropped and reported as interrupted."""
        self._generation += 1
        self._ask_silence()
        self.resume()

    def pause(self, why: str = "person") -> None:
        """Silence within 0.06 s; what was not heard is kept for the resume."""
        if why not in self._reasons:
            self._reasons.add(why)
            self._ask_silence()

    def resume(self, why: str = "person") -> None:
        """Takes one reason back; sound goes on when none is left."""
        self._reasons.discard(why)
        self._wake.set()

    async def run(self) -> None:
        """Plays until cancelled. One task a session."""
        while True:
            if self._silence_asked_s is not None:
                await self._fall_silent(self._silence_asked_s)
            elif (item := await self._next()) is None:
                continue
            elif item.frame is not None:
                await self._play(item, item.frame)
            else:
                self._end(item)

    async def _next(self) -> _Item | None:
        """The item whose time has come; None when silence is asked for first."""
        while self._silence_asked_s is None:
            wait_s = self._wait_s(self._queue[0]) if self._queue else None
            if wait_s == 0.0:
                return self._queue.popleft()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
        return None

    def _wait_s(self, item: _Item) -> float | None:
        """Seconds until it may go on; None while somebody wants silence."""
        if self._is_dead(item):
            return 0.0
        if self._reasons:
            return None
        performance = item.performance
        drained_in_s = self._outlets[performance.persona].drained_in_s
        if item.frame is None:
            return drained_in_s
        if self._now is not performance:
            return self._intervals.before_line(
                performance.persona, ended_s=self.last_sound_s, now_s=_now_s()
            )
        if item.opens_sentence:
            return self._intervals.before_sentence(
                performance, item.frame, drained_in_s=drained_in_s, now_s=_now_s()
            )
        return 0.0

    async def _play(self, item: _Item, frame: rtc.AudioFrame) -> None:
        if self._is_dead(item):
            return
        performance = item.performance
        self._now = performance
        self._intervals.begun(performance.persona)
        performance.heard_s += frame.duration
        if not performance.started.is_set():
            performance.started.set()
            self._on_started(performance)
            self.on_playback_started(created_at=time.time())
        self.last_sound_s = _now_s()
        outlet = self._outlets[performance.persona]
        await outlet.give(frame, item)
        performance.ahead_s = outlet.unplayed_s
        self._on_progress(performance)

    def _end(self, item: _Item) -> None:
        performance = item.performance
        performance.cut = self._is_dead(item)
        performance.ahead_s = 0.0
        self.last_sound_s = max(self.last_sound_s, _now_s())
        if self._now is performance:
            self._now = None
        self._on_finished(performance)
        self.on_playback_finished(
            playback_position=max(performance.heard_s, 0.0), interrupted=performance.cut
        )

    def _ask_silence(self) -> None:
        self._on_silence()
        if self._now is not None and self._silence_asked_s is None:
            self._silence_asked_s = _now_s()
        self._wake.set()

    async def _fall_silent(self, asked_s: float) -> None:
        """Fades, and puts what was not heard at full strength back at the head of the queue."""
        self._silence_asked_s = None
        if self._now is None:
            return
        outlet = self._outlets[self._now.persona]
        for item, frame in reversed(await outlet.fade_out(asked_s=asked_s)):
            item.performance.heard_s -= frame.duration
            self._queue.appendleft(replace(item, frame=frame, opens_sentence=False))
        self._now.ahead_s = 0.0
        self.last_sound_s = _now_s() + outlet.unplayed_s

    def _put(self, item: _Item) -> None:
        self._queue.append(item)
        self._wake.set()

    def _is_dead(self, item: _Item) -> bool:
        return item.generation != self._generation


def _now_s() -> float:
    """The loop's clock, which is `time.monotonic()` outside of tests."""
    return asyncio.get_running_loop().time()
