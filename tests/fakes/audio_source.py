"""A LiveKit audio source in the loop's time, and what came out of it.

It follows LiveKit's own: sound leaves in pieces of 10 ms; a frame that finds the queue full is
taken all the same, and its giver waits until the queue is back at its size; a second frame
meanwhile is refused; taking the queue back frees the giver at the next piece, not before.
"""

import asyncio
import math

import numpy as np
from livekit import rtc

from services.speech.audio import SILENCE_LEVEL, Samples
from services.speech.ports import SAMPLE_RATE_HZ

TICK_S = 0.01
TICK_SAMPLES = int(SAMPLE_RATE_HZ * TICK_S)


class FakeAudioSource:
    """Twin of `rtc.AudioSource` as far as an outlet uses it.

    `phase_s` is when its pieces leave within each 10 ms, which nobody outside can know.
    """

    def __init__(self, *, queue_ms: int = 200, phase_s: float = 0.0) -> None:
        self._limit = queue_ms * SAMPLE_RATE_HZ // 1000
        self._phase_s = phase_s
        self._buffer: Samples = np.zeros(0, dtype=np.int16)
        self._giver: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pieces: dict[int, Samples] = {}

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._giver is not None:
            raise RuntimeError("failed to capture frame")
        samples = np.frombuffer(frame.data, dtype=np.int16)
        self._buffer = np.concatenate((self._buffer, samples))
        self._wind()
        if len(self._buffer) > self._limit:
            self._giver = asyncio.get_running_loop().create_future()
            await self._giver

    def clear_queue(self) -> None:
        self._buffer = self._buffer[:0]

    @property
    def sound(self) -> Samples:
        """All that was heard, one piece after the other, the silence between them left out."""
        return np.concatenate([np.zeros(0, dtype=np.int16), *self._pieces.values()])

    @property
    def timeline(self) -> Samples:
        """What a listener heard from the first piece to the last, silence included."""
        if not self._pieces:
            return self._buffer[:0]
        first, last = min(self._pieces), max(self._pieces)
        nothing = np.zeros(TICK_SAMPLES, dtype=np.int16)
        return np.concatenate([self._pieces.get(at, nothing) for at in range(first, last + 1)])

    def heard_at(self) -> list[float]:
        """When each piece that is louder than silence began, in the loop's seconds."""
        return [
            round(at * TICK_S + self._phase_s, 4)
            for at, piece in self._pieces.items()
            if int(np.abs(piece.astype(np.int32)).max()) > SILENCE_LEVEL
        ]

    def _wind(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            tick = math.floor((loop.time() - self._phase_s) / TICK_S + 1e-6) + 1
            at_s = tick * TICK_S + self._phase_s
            self._timer = loop.call_at(at_s, self._leave, tick)

    def _leave(self, tick: int) -> None:
        self._timer = None
        if len(self._buffer) >= TICK_SAMPLES:
            self._pieces[tick] = self._buffer[:TICK_SAMPLES]
            self._buffer = self._buffer[TICK_SAMPLES:]
        if self._giver is not None and len(self._buffer) <= self._limit:
            giver, self._giver = self._giver, None
            if not giver.done():
                giver.set_result(None)
        if len(self._buffer) >= TICK_SAMPLES or self._giver is not None:
            self._wind()


async def settle() -> None:
    """Lets every ready task run."""
    for _ in range(10):
        await asyncio.sleep(0)
