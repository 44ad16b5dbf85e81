"""The learner's words on their way to the cast: spoken, typed, or cut off in mid-sentence.

Owns the learner's side of the floor: which words make a turn, how long a pause ends it, and that
each turn is answered once and in its order. Who answers is the roleplay's to say.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from livekit.agents import AgentSession, llm
from livekit.agents.voice.events import (
    ConversationItemAddedEvent,
    SpeechCreatedEvent,
    UserInputTranscribedEvent,
)

from agents.manager.beats import Plan
from agents.roleplay.run import Roleplay
from agents.stage.director import START_LIMIT_S, Director, speech
from agents.stage.hearing import Hearing
from agents.stage.impatience import FLOOR_S, Impatience
from agents.stage.listeners import Listeners
from agents.stage.performance import Performance
from agents.stage.session import MAX_DELAY_S
from agents.stage.timing import TurnTiming
from agents.stage.turns import TURN_END_S, LearnerTurn

ADDED_LIMIT_S = 2.0
"""A typed line is a turn within milliseconds; a session that closes takes none."""

Show = Callable[[str, bool], Awaitable[None]]
"""Shows the learner's words, final or not, under their name."""


class Exchange:
    """The turns of one learner. `show` captions their words."""

    def __init__(
        self,
        session: AgentSession[None],
        director: Director,
        hearing: Hearing,
        roleplay: Roleplay,
        *,
        turn: LearnerTurn,
        timing: TurnTiming,
        listeners: Listeners,
        show: Show,
    ) -> None:
        self._session = session
        self._director = director
        self._hearing = hearing
        self._roleplay = roleplay
        self._turn = turn
        self._timing = timing
        self._listeners = listeners
        self._show = show
        self._typing = asyncio.Lock()
        self._patience_s = 0.0
        self._added: dict[str, asyncio.Event] = {}
        self._cutting: tuple[str, asyncio.Event] | None = None
        self._shown: set[asyncio.Task[None]] = set()
        hearing.patience_s = self._patience
        hearing.on_speech = self._spoke
        hearing.on_pause = self._fell_silent
        hearing.on_words = timing.heard
        hearing.on_dropped = turn.dropped

    def listen(self) -> None:
        """Begins to follow what the session hears."""

        @self._session.on("speech_created")
        def created(event: SpeechCreatedEvent) -> None:
            speech.set(event.speech_handle)

        @self._session.on("conversation_item_added")
        def added(event: ConversationItemAddedEvent) -> None:
            if isinstance(event.item, llm.ChatMessage) and event.item.role == "user":
                self._timing.ended()
                self._turn.ended()
                self._director.turn_added(event.item)
                written = self._typing.locked()
                self._listeners.turn_ended(0.0 if written else self._turn.silent_for_s())
                if (waiting := self._added.pop(event.item.id, None)) is not None:
                    waiting.set()

        @self._session.on("user_input_transcribed")
        def transcribed(event: UserInputTranscribedEvent) -> None:
            if not event.transcript:
                return
            if event.is_final:
                self._turn.heard(event.transcript)
            else:
                self._roleplay.overheard(" ".join([*self._turn.words, event.transcript]))
            self._caption(event.transcript, final=event.is_final)

    async def watch(self) -> None:
        """Cuts in on turns that are too long, until cancelled. One task a session."""
        await Impatience(self._roleplay, self._hearing, self._turn, self._cut_in).run()

    def started(self, performance: Performance) -> None:
        """A line of the cast begins to sound."""
        self._turn.answered()
        if self._cutting is not None and self._cutting[0] == performance.beat.id:
            self._cutting[1].set()

    async def typed(self, text: str) -> None:
        """The learner wrote instead of speaking: whatever sounds is cut, and the cast answers.

        Lines are answered one after the other, each by whoever it is for once the one before it
        is said.
        """
        self._timing.wrote()
        self._listeners.hush()
        async with self._typing, self._session._claim_user_turn():
            await self._session.interrupt(force=True)
            plan = await self._roleplay.answer(text)
            message = self._director.message(text, plan)
            self._session.generate_reply(user_input=message)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_added(message.id), ADDED_LIMIT_S)

    async def _cut_in(self, plan: Plan, words: str) -> None:
        """Performs the plan over the person, who cannot stop it for its first `FLOOR_S`."""
        sounds = asyncio.Event()
        self._cutting = (plan.beats[0].id, sounds)
        self._timing.forget()
        if self._turn.words:
            self._session.clear_user_turn()  # or they would be said again with the next words
        await self._session.interrupt(force=True)
        self._turn.ended()
        self._caption(words, final=True)
        message = self._director.message(words, plan)
        handle = self._session.generate_reply(user_input=message, allow_interruptions=False)
        handle.add_done_callback(lambda _: sounds.set())
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await sounds.wait()
            if not handle.done():
                await asyncio.sleep(FLOOR_S)
        except TimeoutError:
            pass
        finally:
            self._cutting = None
            if not handle.interrupted:
                handle.allow_interruptions = True

    async def _is_added(self, message_id: str) -> None:
        self._added[message_id] = asyncio.Event()
        await self._added[message_id].wait()

    def _patience(self, words: str) -> float:
        """How much longer than usual a pause after these words may be; the session is told."""
        patience_s = self._turn.patience_s(words)
        if patience_s != self._patience_s:
            self._patience_s = patience_s
            end_s = TURN_END_S + patience_s
            self._session.update_options(
                endpointing_opts={"min_delay": end_s, "max_delay": max(MAX_DELAY_S, end_s)}
            )
        return patience_s

    def _spoke(self) -> None:
        self._turn.spoke()
        self._listeners.hush()

    def _fell_silent(self, silence_s: float) -> None:
        self._turn.fell_silent(silence_s)
        self._timing.fell_silent(silence_s)

    def _caption(self, words: str, *, final: bool) -> None:
        task = asyncio.ensure_future(self._show(words, final))
        self._shown.add(task)
        task.add_done_callback(self._shown.discard)

    async def aclose(self) -> None:
        """Ends what is still being shown."""
        for task in self._shown:
            task.cancel()
        await asyncio.gather(*self._shown, return_exceptions=True)
