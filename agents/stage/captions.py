"""Captions: LiveKit's `lk.transcription` text streams, one per performance, word by word as heard.

Owns what the room reads. Streams are opened, written and closed by one task in order, so that no
sound ever waits for text; a stream that breaks loses its caption and nothing else.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass

from livekit import rtc

from agents.stage.performance import Performance

TOPIC = "lk.transcription"
ATTRIBUTE_SEGMENT = "lk.segment_id"
ATTRIBUTE_FINAL = "lk.transcription_final"
ATTRIBUTE_TRACK = "lk.transcribed_track_id"
ATTRIBUTE_SOURCE = "repartee.source"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to do on a stream: open it, write words, close it with these attributes changed."""

    key: str
    text: str = ""
    open: dict[str, str] | None = None
    close: dict[str, str] | None = None


class Captions:
    """Captions of the cast and of the learner in one room.

    `names` maps a character's id to its name; `track_sid` gives the sid of a character's track
    now (sids change when the server restarts); the lead's track is named on every caption,
    because some stock clients show the captions of one microphone only.
    """

    def __init__(
        self,
        participant: rtc.LocalParticipant,
        *,
        names: dict[str, str],
        lead: str,
        track_sid: Callable[[str], str],
    ) -> None:
        self._participant = participant
        self._names = names
        self._lead = lead
        self._track_sid = track_sid
        self._steps: asyncio.Queue[_Step] = asyncio.Queue()
        self._shown: dict[str, int] = {}
        self._streams: dict[str, tuple[rtc.TextStreamWriter, dict[str, str]]] = {}
        self._learner_segments = itertools.count(1)
        self._learner_segment: str | None = None

    def start(self, performance: Performance) -> None:
        """Opens the caption of a performance that begins to sound."""
        if performance.key not in self._shown:
            self._shown[performance.key] = 0
            self._put(_Step(performance.key, open=self._attributes(performance)))

    def progress(self, performance: Performance) -> None:
        """Shows the words that have been heard since the last call."""
        shown = self._shown.get(performance.key)
        if shown is None:
            return
        heard = performance.heard_words()
        if heard > shown:
            self._write(performance, shown, heard)

    def finish(self, performance: Performance) -> None:
        """Shows what is left of a line that was not cut, and closes its caption.

        What served the line may only be known by now: the stream's trailer tells it.
        """
        shown = self._shown.get(performance.key)
        if shown is None:
            return
        words = performance.text.split()
        end = performance.heard_words() if performance.cut else len(words)
        if end > shown:
            self._write(performance, shown, end)
        del self._shown[performance.key]
        told = {ATTRIBUTE_FINAL: "true", ATTRIBUTE_SOURCE: performance.source}
        self._put(_Step(performance.key, close=told))

    async def learner(self, identity: str, text: str, *, track_sid: str, final: bool) -> None:
        """Shows the person's own words under their identity; each call replaces the last one."""
        if self._learner_segment is None:
            self._learner_segment = f"learner-{next(self._learner_segments)}"
        attributes = {
            ATTRIBUTE_SEGMENT: self._learner_segment,
            ATTRIBUTE_FINAL: "true" if final else "false",
            ATTRIBUTE_TRACK: track_sid,
        }
        if final:
            self._learner_segment = None
        try:
            writer = await self._participant.stream_text(
                topic=TOPIC, attributes=attributes, sender_identity=identity
            )
            await writer.write(text)
            await writer.aclose()
        except Exception as error:  # noqa: BLE001 - the SDK raises bare errors; a caption may fail
            log.warning("caption.learner_failed", extra={"error": type(error).__name__})

    async def run(self) -> None:
        """Carries out the steps until cancelled. One task a session."""
        while True:
            step = await self._steps.get()
            try:
                await self._do(step)
            except Exception as error:  # noqa: BLE001 - as above: the voice goes on without text
                self._streams.pop(step.key, None)
                log.warning("caption.failed", extra={"error": type(error).__name__})

    async def _do(self, step: _Step) -> None:
        if step.open is not None:
            writer = await self._participant.stream_text(topic=TOPIC, attributes=step.open)
            self._streams[step.key] = (writer, step.open)
            return
        if step.key not in self._streams:
            return
        writer, attributes = self._streams[step.key]
        if step.text:
            await writer.write(step.text)
        if step.close is not None:
            del self._streams[step.key]
            await writer.aclose(attributes=attributes | step.close)

    def _write(self, performance: Performance, shown: int, end: int) -> None:
        words = performance.text.split()[shown:end]
        lead_in = " " if shown else ""
        self._shown[performance.key] = end
        self._put(_Step(performance.key, text=lead_in + " ".join(words)))

    def _put(self, step: _Step) -> None:
        self._steps.put_nowait(step)

    def _attributes(self, performance: Performance) -> dict[str, str]:
        persona = performance.persona
        return {
            ATTRIBUTE_SEGMENT: performance.key,
            ATTRIBUTE_FINAL: "false",
            ATTRIBUTE_TRACK: self._track_sid(self._lead),
            "repartee.persona": persona,
            "repartee.persona_name": self._names[persona],
            "repartee.turn_id": performance.beat.id,
            "repartee.track": self._track_sid(persona),
            ATTRIBUTE_SOURCE: performance.source,
        }
