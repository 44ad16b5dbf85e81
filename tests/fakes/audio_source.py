"""A LiveKit audio source that plays when told to: `capture_frame` waits while its queue is full."""

import asyncio
from collections import deque

from livekit import rtc


class FakeAudioSource:
    """Twin of `rtc.AudioSource` as far as the mux uses it. `played` holds what was really heard."""

    def __init__(self, *, queue_frames: int = 10) -> None:
        self.played: list[rtc.AudioFrame] = []
        self._queue: deque[rtc.AudioFrame] = deque()
        self._limit = queue_frames
        self._moved = asyncio.Event()
        self._waiting_s = 0.0

    @property
    def queued_duration(self) -> float:
        return sum(frame.duration for frame in self._queue) + self._waiting_s

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        self._waiting_s = frame.duration
        while len(self._queue) >= self._limit:
            self._moved.clear()
            await self._moved.wait()
        self._waiting_s = 0.0
        self._queue.append(frame)

    def clear_queue(self) -> None:
        self._queue.clear()
        self._waiting_s = 0.0
        self._moved.set()

    async def wait_for_playout(self) -> None:
        while self._queue:
            self._moved.clear()
            await self._moved.wait()

    async def play(self, frames: int) -> None:
        """Lets so many frames be heard, or as many as come."""
        for _ in range(frames):
            await settle()
            if self._queue:
                self.played.append(self._queue.popleft())
                self._moved.set()
        await settle()


async def settle() -> None:
    """Lets every ready task run."""
    for _ in range(10):
        await asyncio.sleep(0)
