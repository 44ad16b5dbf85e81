"""One LiveKit source as its users need it: how much of what it was given is heard by now, and a
soft end when that is taken back.

Owns the arithmetic of the source's queue. A source takes one frame at a time (a second one is
refused while the first waits for room), so each outlet is used by one task at a time.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from livekit import rtc

from agents.stage.fades import FADE_S, fallen, risen, without_head
from services.speech.ports import SAMPLE_RATE_HZ

QUEUE_MS = 200
"""Sound that LiveKit holds ahead of the wire: enough for a busy loop, little to lose at a cut."""

TICK_S = 0.01
"""A source hands its sound to the wire in pieces of this length."""

SHORTEST_FADE_S = 0.04
"""A silence that could not begin at once is made up for by a steeper end, down to this."""

_TICK_SAMPLES = round(TICK_S * SAMPLE_RATE_HZ)
_QUEUE_TICKS = round(QUEUE_MS / 1000 / TICK_S)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Given(Generic[T]):
    """A frame as it sounds, and what it belongs to; None for the end of a fade."""

    item: T | None
    frame: rtc.AudioFrame


class Outlet(Generic[T]):
    """Frames go in with the item they belong to, and come back with it when they are taken back.

    Every frame is a whole number of ticks. The source tells how much it holds only by making the
    feeder wait: when a frame has waited for room, a tick has just passed and `QUEUE_MS` are left.
    """

    def __init__(self, source: rtc.AudioSource) -> None:
        self._source = source
        self._given: deque[_Given[T]] = deque(maxlen=2 * _QUEUE_TICKS)
        self._tick_s = 0.0
        self._queued = 0
        self._counted_at = 0

    @property
    def unplayed_s(self) -> float:
        """Sound that waits for the wire, in whole ticks."""
        return self._unplayed() * TICK_S

    @property
    def drained_in_s(self) -> float:
        """Seconds until the last of it is on the wire."""
        left_s = self._tick_s + (self._counted_at + self._queued) * TICK_S - _now_s()
        return max(0.0, round(left_s, 4)) if self._queued else 0.0

    async def give(self, frame: rtc.AudioFrame, item: T | None = None) -> None:
        """Plays a frame behind those before it; returns when the source has room for the next."""
        left = self._unplayed()
        if not left:
            self._given.clear()
        self._given.append(_Given(item, frame))
        self._count(left + frame.samples_per_channel // _TICK_SAMPLES)
        waits = self._queued > _QUEUE_TICKS
        await self._source.capture_frame(frame)
        if waits:
            self._tick_s = _now_s()
            self._count(_QUEUE_TICKS)

    def _unplayed(self) -> int:
        return max(0, self._queued - (self._ticks() - self._counted_at))

    def _count(self, queued: int) -> None:
        self._queued, self._counted_at = queued, self._ticks()

    def _ticks(self) -> int:
        """How many have passed since the last one that was seen."""
        return int((_now_s() - self._tick_s) / TICK_S + 1e-6)

    async def fade_out(self, *, asked_s: float) -> list[tuple[T, rtc.AudioFrame]]:
        """Takes back what was not heard, and lets its head die away within `FADE_S`.

        `asked_s` is when silence was asked for, by the loop's clock. Returns the items taken back
        with what was not heard at full strength of their frames, oldest first; the first one
        starts softly, for when it is played again.
        """
        taken = self._take_back()
        late_s = _now_s() - asked_s
        fade_ticks = round(max(SHORTEST_FADE_S, FADE_S - late_s) / TICK_S)
        end = fallen([one.frame for one in taken], fade_ticks * _TICK_SAMPLES)
        if end is not None:
            await self.give(end)
        back = [(one.item, one.frame) for one in taken if one.item is not None]
        return [(item, frame if at else risen(frame)) for at, (item, frame) in enumerate(back)]

    def _take_back(self) -> list[_Given[T]]:
        missing = self._unplayed() * _TICK_SAMPLES
        self._source.clear_queue()
        self._count(0)
        taken: list[_Given[T]] = []
        while self._given and missing > 0:
            last = self._given.pop()
            missing -= last.frame.samples_per_channel
            taken.append(last)
        self._given.clear()
        taken.reverse()
        if missing < 0:
            first = taken[0]
            taken[0] = _Given(first.item, without_head(first.frame, -missing))
        return taken


def _now_s() -> float:
    return asyncio.get_running_loop().time()
