"""A synthetic person in a real room: speaks recorded sound, hears each track, reads captions.

Written against the room's contract alone, as an outside client would be. Times are this process's
`time.monotonic()` seconds; sound counts as heard when a received frame is above `AUDIBLE`.
"""

import asyncio
import json
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from livekit import rtc

from bench.recordings import RATE_HZ, Pcm

FRAME_S = 0.01
FRAME_SAMPLES = int(RATE_HZ * FRAME_S)
AUDIBLE = 0.004
"""Share of full scale, as the RMS of a received frame."""


@dataclass(slots=True, kw_only=True)
class Caption:
    """One text stream of `lk.transcription` as it came in."""

    sender: str
    attributes: dict[str, str]
    opened_s: float
    text: str = ""
    closed: bool = False

    @property
    def persona(self) -> str:
        """The character's id, "" for the person's own words."""
        return self.attributes.get("repartee.persona", "")


@dataclass(slots=True)
class Heard:
    """When a track could be heard: frames' arrival times, in order."""

    track: str
    at_s: list[float] = field(default_factory=list)

    def after(self, moment_s: float) -> float | None:
        """The first audible moment after that one."""
        return next((t for t in self.at_s if t > moment_s), None)

    def last_before(self, moment_s: float) -> float | None:
        """The last audible moment up to that one."""
        return next((t for t in reversed(self.at_s) if t <= moment_s), None)


class Person:
    """Joins with a token as any client would. Use as an async context manager."""

    def __init__(self, server_url: str, token: str) -> None:
        self.room = rtc.Room()
        self.captions: list[Caption] = []
        self.heard: dict[str, Heard] = {}
        self.pages: list[dict[str, str]] = []
        self.disconnected = asyncio.Event()
        self._url = server_url
        self._token = token
        self._source = rtc.AudioSource(RATE_HZ, 1, queue_size_ms=100)
        self._speech: asyncio.Queue[tuple[Pcm, asyncio.Future[float]]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> "Person":
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("track_unsubscribed", self._unsubscribed)
        self.room.on("disconnected", lambda *_: self.disconnected.set())
        self.room.register_text_stream_handler("lk.transcription", self._captioned)
        self.room.register_text_stream_handler("repartee.document", self._shown)
        await self.room.connect(self._url, self._token)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._spawn(self._microphone())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        await self._source.aclose()

    async def say(self, pcm: Pcm) -> float:
        """Speaks; returns the moment at which the last sample left the microphone."""
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._speech.put_nowait((pcm, done))
        return await done

    async def write(self, text: str) -> float:
        """Types a line; returns the moment it was sent."""
        sent_s = time.monotonic()
        await self.room.local_participant.send_text(text, topic="lk.chat")
        return sent_s

    async def command(self, name: str, payload: Any = None) -> Any:
        """Calls `repartee.<name>` on the agent."""
        answer = await self.room.local_participant.perform_rpc(
            destination_identity=self.agent().identity,
            method=f"repartee.{name}",
            payload=json.dumps(payload or {}),
        )
        return json.loads(answer)

    def agent(self) -> rtc.RemoteParticipant:
        """The agent participant. Raises: LookupError while there is none."""
        for one in self.room.remote_participants.values():
            if one.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
                return one
        raise LookupError("no agent in the room")

    def attribute(self, name: str) -> str:
        """An attribute of the agent, "" when it is not set."""
        try:
            return self.agent().attributes.get(name, "")
        except LookupError:
            return ""

    def lines(self, persona: str | None = None) -> list[Caption]:
        """The cast's finished captions, of one character or of all."""
        return [c for c in self.captions if c.persona and c.closed and persona in (None, c.persona)]

    def first_sound_after(self, moment_s: float) -> float | None:
        """When any character was first heard after that moment."""
        times = [t for heard in self.heard.values() if (t := heard.after(moment_s)) is not None]
        return min(times, default=None)

    def last_sound(self) -> float | None:
        """When any character was last heard."""
        return max((h.at_s[-1] for h in self.heard.values() if h.at_s), default=None)

    def overlap_s(self) -> float:
        """Seconds in which two tracks were audible at once, in steps of 20 ms."""
        steps = [{int(t / 0.02) for t in heard.at_s} for heard in self.heard.values()]
        twice = 0
        for index, one in enumerate(steps):
            for other in steps[index + 1 :]:
                twice += len(one & other)
        return twice * 0.02

    async def until_quiet(self, quiet_s: float, *, limit_s: float) -> None:
        """Waits until nobody was heard for so long. Raises: TimeoutError."""
        async with asyncio.timeout(limit_s):
            while True:
                last_s = self.last_sound()
                if last_s is not None and time.monotonic() - last_s >= quiet_s:
                    return
                await asyncio.sleep(0.02)

    async def until(self, what: Any, *, limit_s: float) -> Any:
        """Waits until `what()` is true and returns it. Raises: TimeoutError."""
        async with asyncio.timeout(limit_s):
            while not (value := what()):  # noqa: ASYNC110 - any predicate, no event
                await asyncio.sleep(0.01)
            return value

    async def _microphone(self) -> None:
        """10 ms frames by the wall clock: speech when there is some, silence between."""
        quiet = bytes(FRAME_SAMPLES * 2)
        due_s = time.monotonic()
        pcm: Pcm = np.zeros(0, dtype=np.int16)
        done: asyncio.Future[float] | None = None
        while True:
            if done is None and not self._speech.empty():
                pcm, done = self._speech.get_nowait()
            data = quiet
            if done is not None:
                frame, pcm = pcm[:FRAME_SAMPLES], pcm[FRAME_SAMPLES:]
                data = frame.tobytes().ljust(FRAME_SAMPLES * 2, b"\0")
            await self._source.capture_frame(rtc.AudioFrame(data, RATE_HZ, 1, FRAME_SAMPLES))
            due_s += FRAME_S
            if done is not None and not len(pcm):
                if not done.done():
                    done.set_result(time.monotonic() + self._source.queued_duration)
                done = None
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def _subscribed(
        self, track: rtc.Track, publication: rtc.RemoteTrackPublication, _: rtc.RemoteParticipant
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            heard = self.heard.setdefault(publication.name, Heard(publication.name))
            self._listening[publication.sid] = self._spawn(_listen(track, heard))

    def _unsubscribed(
        self, _: rtc.Track, publication: rtc.RemoteTrackPublication, __: rtc.RemoteParticipant
    ) -> None:
        """Stops listening: the wire of a track that is gone is used again for another one."""
        if (listening := self._listening.pop(publication.sid, None)) is not None:
            listening.cancel()

    def _captioned(self, reader: rtc.TextStreamReader, sender: str) -> None:
        self._spawn(self._read(reader, sender))

    def _shown(self, reader: rtc.TextStreamReader, _: str) -> None:
        self._spawn(self._page(reader))

    async def _page(self, reader: rtc.TextStreamReader) -> None:
        with suppress(rtc.StreamError):
            self.pages.append(json.loads(await reader.read_all()))

    async def _read(self, reader: rtc.TextStreamReader, sender: str) -> None:
        attributes = dict(reader.info.attributes or {})
        caption = Caption(sender=sender, attributes=attributes, opened_s=time.monotonic())
        self.captions.append(caption)
        with suppress(rtc.StreamError):  # whoever wrote it is gone: it stays open
            async for part in reader:
                caption.text += part
            caption.attributes |= dict(reader.info.attributes or {})
            caption.closed = True

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _listen(track: rtc.Track, heard: Heard) -> None:
    stream = rtc.AudioStream(track, sample_rate=24000, num_channels=1, frame_size_ms=20)
    try:
        async for event in stream:
            samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float32)
            if float(np.sqrt(np.mean(samples**2))) > AUDIBLE * 32768:
                heard.at_s.append(time.monotonic())
    finally:
        await stream.aclose()
