"""The live stage: one AgentSession, its ears, its voices and what the room sees of them.

Owns the wiring of the framework. Decisions are the roleplay's; this carries them into the room.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from livekit import rtc
from livekit.agents.voice.events import UserStateChangedEvent

from agents.manager.beats import Plan
from agents.roleplay.run import Roleplay
from agents.stage.director import Director
from agents.stage.exchange import Exchange
from agents.stage.hearing import Hearing
from agents.stage.listeners import Listeners
from agents.stage.mux import Mux
from agents.stage.participants import Learner
from agents.stage.performance import Performance
from agents.stage.scenery import Scenery
from agents.stage.session import StageOptions, new_session, start_session
from agents.stage.speaking import CastVoices
from agents.stage.timing import TurnTiming
from agents.stage.turns import LearnerTurn
from scenarios.happenings import Document


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
        self._room = room
        self._roleplay = roleplay
        self._learner = learner
        self._hearing = hearing
        self._observe = observe
        self._scenery = Scenery(room, scenario, learner, shared=options.shared_track)
        tracks = self._scenery.tracks
        self._turn = LearnerTurn(scenario.language, roleplay.waits_s)
        self._listeners = Listeners(
            roleplay,
            tracks.reactions,
            voices,
            mux=lambda: self._mux,
            person=lambda: self._turn.speaking,
            busy=self.busy,
            worded=lambda: self._director.worded,
        )
        self._mux = Mux(
            tracks.sources,
            on_started=self._started,
            on_progress=self._scenery.captions.progress,
            on_finished=self._finished,
            on_boundary=self._listeners.sentence_ended,
            on_silence=self._listeners.hush,
        )
        hearing.pending = self.speaking
        self._timing = TurnTiming()
        self._director = Director(
            roleplay,
            self._mux,
            voices,
            silent_for_s=self._turn.silent_for_s,
            audible=tracks.audible,
        )
        self._session = new_session(hearing, options)
        self._exchange = Exchange(
            self._session,
            self._director,
            hearing,
            roleplay,
            turn=self._turn,
            timing=self._timing,
            listeners=self._listeners,
            show=self._scenery.learner_said,
        )
        self._listens = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._learner_spoke_s = time.monotonic()

    async def open(self) -> None:
        """Starts listening, which takes about 0.1 s; what is performed meanwhile is written then.

        Tracks are published with `show_cast`.
        """
        self._session.output.audio = self._mux
        self._scenery.playbill.open()
        for work in (self._mux.run(), self._scenery.run(), self._exchange.watch()):
            self._spawn(work)
        self._exchange.listen()
        self._session.on("user_state_changed", self._user_state_changed)
        self._room.on("reconnecting", lambda: self.pause("offline"))
        self._room.on("reconnected", lambda: self.resume("offline"))
        self._room.on("disconnected", lambda *_: self._roleplay.stop("closed"))
        await start_session(
            self._session, self._director, self._room, learner=self._learner.identity
        )
        self._learner.watch(
            on_left=self._learner_left,
            on_back=self._learner_back,
            on_gave_up=lambda: self._roleplay.stop("left"),
            absence_s=self._roleplay.scenario.limits.absence_s,
        )
        self._listens.set()
        self._listeners.prepare()

    async def perform(self, plan: Plan) -> None:
        if not self._listens.is_set():
            self._director.prepare(plan)
            await self._listens.wait()
        handle = self._session.generate_reply(tool_choice="none")
        self._director.put(handle, plan)
        await handle

    async def hush(self) -> None:
        await self._listens.wait()
        await self._session.interrupt(force=True)

    def speaking(self) -> bool:
        """Whether a character speaks or is about to."""
        speech_now = self._session.current_speech
        return self._mux.pending or (speech_now is not None and not speech_now.interrupted)

    def busy(self) -> bool:
        return self.speaking() or self._session.user_state == "speaking" or self._turn.open

    def quiet_s(self) -> float:
        if self.busy():
            return 0.0
        return time.monotonic() - max(self._mux.last_sound_s, self._learner_spoke_s)

    def show_phase(self, phase: str) -> None:
        self._scenery.playbill.phase(phase)

    def show_document(self, event_id: str, document: Document) -> None:
        self._scenery.playbill.document(event_id, document)

    def show_cast(self, personas: Sequence[str]) -> None:
        self._scenery.playbill.cast(personas)
        self._spawn(self._scenery.tracks.publish(personas))

    async def typed(self, text: str) -> None:
        """The learner wrote instead of speaking: whatever sounds is cut, and the cast answers."""
        await self._listens.wait()
        self._learner_spoke_s = time.monotonic()
        await self._exchange.typed(text)

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
        await self._director.discard()
        await self._exchange.aclose()
        await self._listeners.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._scenery.aclose()

    def _learner_left(self) -> None:
        """The person dropped: the scene waits for them."""
        self.pause("away")

    def _learner_back(self, away_s: float) -> None:
        """The person is here again after so many seconds, maybe under another identity."""
        self._session.room_io.set_participant(self._learner.identity)
        self._scenery.playbill.again()
        self.resume("away")
        self._roleplay.returned(away_s)

    def _user_state_changed(self, _: UserStateChangedEvent) -> None:
        self._learner_spoke_s = time.monotonic()

    def _started(self, performance: Performance) -> None:
        if (taken := self._timing.take(performance)) is not None:
            self._roleplay.timed(performance.beat, taken)
            for stage, seconds in taken.items():
                self._observe(stage, seconds)
        self._exchange.started(performance)
        self._scenery.started(performance)

    def _finished(self, performance: Performance) -> None:
        self._scenery.finished(performance)
        if performance.started.is_set():
            self._roleplay.performed(
                performance.beat,
                performance.heard_text(),
                cut=performance.cut,
                source=performance.source,
            )
        self._listeners.line_ended(performance)

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
