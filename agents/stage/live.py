"""The live stage: one AgentSession, its ears, its voices and what the room sees of them.

Owns the wiring of the framework. Decisions are the roleplay's; this carries them into the room.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence

from livekit import rtc
from livekit.agents import llm, room_io
from livekit.agents.voice.events import (
    ConversationItemAddedEvent,
    SpeechCreatedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)

from agents.manager.beats import Plan
from agents.roleplay.run import Roleplay
from agents.stage.captions import Captions
from agents.stage.director import Director, speech
from agents.stage.hearing import HEARING_RATE_HZ, Hearing
from agents.stage.mux import Mux
from agents.stage.participants import Learner, microphone_sid
from agents.stage.performance import Performance
from agents.stage.session import StageOptions, new_session
from agents.stage.speaking import CastVoices
from agents.stage.timing import TurnTiming
from agents.stage.tracks import Tracks
from scenarios.happenings import Document
from scenarios.schema import Scenario

log = logging.getLogger(__name__)


class LiveStage:
    """A LiveKit room with one learner, as the roleplay's Stage."""

    def __init__(
        self,
        room: rtc.Room,
        roleplay: Roleplay,
        *,
        learner: Learner,
        voices: CastVoices,
        hearing: Hearing,
        options: StageOptions,
        observe: Callable[[str, float], None],
    ) -> None:
        scenario = roleplay.scenario
        cast = _lead_first(scenario)
        self._room = room
        self._roleplay = roleplay
        self._learner = learner
        self._hearing = hearing
        self._observe = observe
        self._tracks = Tracks(room.local_participant, cast, shared=options.shared_track)
        self._captions = Captions(
            room.local_participant,
            names={c.id: c.name for c in scenario.cast},
            lead=cast[0],
            track_sid=self._tracks.sid,
        )
        self._mux = Mux(
            self._tracks.sources,
            on_started=self._started,
            on_progress=self._captions.progress,
            on_finished=self._finished,
        )
        hearing.pending = self.speaking
        self._timing = TurnTiming()
        hearing.on_pause = self._timing.fell_silent
        hearing.on_words = self._timing.heard
        self._director = Director(roleplay, self._mux, voices)
        self._session = new_session(hearing, options)
        self._attributes: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._learner_spoke_s = time.monotonic()

    @property
    def mux(self) -> Mux:
        """The sink, for those who pause it."""
        return self._mux

    async def open(self) -> None:
        """Publishes tracks and starts listening."""
        await self._tracks.publish()
        self._session.output.audio = self._mux
        for work in (self._mux.run(), self._captions.run(), self._show()):
            self._spawn(work)
        self._listen_to_session()
        self._room.on("reconnecting", lambda: self.pause("offline"))
        self._room.on("reconnected", lambda: self.resume("offline"))
        self._room.on("disconnected", lambda *_: self._roleplay.stop("closed"))
        await self._session.start(
            self._director,
            room=self._room,
            session_host=False,
            record=False,
            room_options=room_io.RoomOptions(
                text_input=False,
                audio_input=room_io.AudioInputOptions(
                    sample_rate=HEARING_RATE_HZ, frame_size_ms=20, pre_connect_audio=False
                ),
                audio_output=False,
                text_output=False,
                participant_identity=self._learner.identity,
                close_on_disconnect=False,
            ),
        )
        self._set({"repartee.speaker": "", **_playbill(self._roleplay.scenario)})

    async def perform(self, plan: Plan) -> None:
        handle = self._session.generate_reply(tool_choice="none")
        self._director.put(handle, plan)
        await handle

    async def hush(self) -> None:
        await self._session.interrupt()

    def speaking(self) -> bool:
        """Whether a character speaks or is about to."""
        speech_now = self._session.current_speech
        return self._mux.pending or (speech_now is not None and not speech_now.interrupted)

    def busy(self) -> bool:
        return self.speaking() or self._session.user_state == "speaking"

    def quiet_s(self) -> float:
        if self.busy():
            return 0.0
        return time.monotonic() - max(self._mux.last_sound_s, self._learner_spoke_s)

    def show_phase(self, phase: str) -> None:
        self._set({"repartee.phase": phase})

    def show_document(self, event_id: str, document: Document) -> None:
        """Nothing shows documents yet."""

    def show_cast(self, personas: Sequence[str]) -> None:
        """Nothing shows who is there yet."""

    async def typed(self, text: str) -> None:
        """The learner wrote instead of speaking: whatever sounds is cut, and the cast answers."""
        self._learner_spoke_s = time.monotonic()
        self._timing.wrote()
        async with self._session._claim_user_turn():
            await self._session.interrupt()
            self._session.generate_reply(user_input=text)

    def learner_left(self) -> None:
        """The person dropped: the scene waits for them."""
        self.pause("away")

    def learner_back(self) -> None:
        """The person is here again, maybe under another identity."""
        self._session.room_io.set_participant(self._learner.identity)
        self.resume("away")

    def pause(self, why: str) -> None:
        """Silence and a standing clock, until `resume` with the same reason."""
        self._mux.pause(why)
        self._roleplay.time.pause(why)

    def resume(self, why: str) -> None:
        """Takes the reason back."""
        self._mux.resume(why)
        self._roleplay.time.resume(why)

    async def aclose(self) -> None:
        """Ends the session and every task of the stage."""
        await self._session.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._tracks.aclose()

    def _listen_to_session(self) -> None:
        @self._session.on("speech_created")
        def created(event: SpeechCreatedEvent) -> None:
            speech.set(event.speech_handle)

        @self._session.on("conversation_item_added")
        def added(event: ConversationItemAddedEvent) -> None:
            if isinstance(event.item, llm.ChatMessage) and event.item.role == "user":
                self._timing.ended()
                self._director.turn_added(event.item)

        @self._session.on("user_state_changed")
        def state(_: UserStateChangedEvent) -> None:
            self._learner_spoke_s = time.monotonic()

        @self._session.on("user_input_transcribed")
        def transcribed(event: UserInputTranscribedEvent) -> None:
            if event.transcript:
                self._spawn(
                    self._captions.learner(
                        self._learner.identity,
                        event.transcript,
                        track_sid=microphone_sid(self._room, self._learner.identity),
                        final=event.is_final,
                    )
                )

    def _started(self, performance: Performance) -> None:
        if (taken := self._timing.take(performance)) is not None:
            self._roleplay.timed(performance.beat, taken)
            for stage, seconds in taken.items():
                self._observe(stage, seconds)
        self._captions.start(performance)
        self._set({"repartee.speaker": performance.persona})

    def _finished(self, performance: Performance) -> None:
        self._captions.finish(performance)
        if performance.started.is_set():
            self._roleplay.performed(
                performance.beat,
                performance.heard_text(),
                cut=performance.cut,
                source=performance.source,
            )
        self._set({"repartee.speaker": ""})

    def _set(self, attributes: dict[str, str]) -> None:
        self._attributes.put_nowait(attributes)

    async def _show(self) -> None:
        """Sets attributes one after the other, the last of several waiting ones at once."""
        while True:
            attributes = await self._attributes.get()
            while not self._attributes.empty():
                attributes |= self._attributes.get_nowait()
            try:
                await self._room.local_participant.set_attributes(attributes)
            except Exception as error:  # noqa: BLE001 - the SDK raises bare errors; sound goes on
                log.warning("stage.attributes_failed", extra={"error": type(error).__name__})

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _lead_first(scenario: Scenario) -> list[str]:
    """The cast's ids, whoever opens the scene before the others."""
    lead = scenario.lead_of(scenario.phases[0])
    return sorted([one.id for one in scenario.cast], key=lambda id: id != lead)


def _playbill(scenario: Scenario) -> dict[str, str]:
    """What the room may know of the scene: its id, and who is who."""
    roster = [{"id": c.id, "name": c.name, "title": c.title or ""} for c in scenario.cast]
    return {
        "repartee.scenario": scenario.id,
        "repartee.roster": json.dumps(roster, ensure_ascii=False),
    }
