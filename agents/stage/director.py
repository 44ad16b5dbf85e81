"""The agent of the session: its `llm_node` is the director, its `tts_node` the cast's voices.

Owns the way from a committed or speculative turn to beats in order, one ahead of the sound. The
framework's chat history is not used: memory is the manager's, and holds only what was heard.
"""

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any

from livekit import rtc
from livekit.agents import Agent, FlushSentinel, ModelSettings, llm
from livekit.agents.voice import SpeechHandle

from agents.cast.moment import Said
from agents.manager.beats import BeatKind, Plan
from agents.roleplay.lines import Line
from agents.roleplay.run import Roleplay
from agents.stage.ahead import Ahead, first_ready, written_together
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from agents.stage.speaking import CastVoices, frames_of

START_LIMIT_S = 10.0
"""How long a beat may take to sound before the next one is written all the same."""

_TAG = re.compile(r"^⟦([^⟧]+)⟧")

speech: ContextVar[SpeechHandle] = ContextVar("speech")
"""The handle whose `llm_node` runs: set by the `speech_created` event, before the task exists."""


class Director(Agent):
    """Answers with a plan of beats instead of a completion.

    `silent_for_s` tells how long ago the person's last sound was; `audible` returns once a
    character can be heard in the room.
    """

    def __init__(
        self,
        roleplay: Roleplay,
        mux: Mux,
        voices: CastVoices,
        *,
        silent_for_s: Callable[[], float],
        audible: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(instructions="")
        self._roleplay = roleplay
        self._mux = mux
        self._voices = voices
        self._silent_for_s = silent_for_s
        self._audible = audible
        self._keys = itertools.count(1)
        self._performances: dict[str, Performance] = {}
        self._given: dict[str, tuple[Plan, str]] = {}
        self._speculative: dict[str, Plan] = {}
        self._taken: dict[str, tuple[SpeechHandle, Plan]] = {}
        self._committed: dict[str, Plan] = {}
        self._first: Performance | None = None
        self._prepared: tuple[Plan, dict[int, Ahead]] | None = None

    @property
    def worded(self) -> bool:
        """Whether the plan that was begun last has its first word."""
        return self._first is not None and self._first.word_s is not None

    def prepare(self, plan: Plan) -> None:
        """Asks for the first words of a plan that will be performed, if it is not `discarded`."""
        ahead: dict[int, Ahead] = {}
        self._begin(0, ahead, plan, "", ())
        self._prepared = (plan, ahead)

    async def discard(self) -> None:
        """Throws away what was prepared and not performed."""
        if self._prepared is not None:
            await _close(self._prepared[1])

    def put(self, handle: SpeechHandle, plan: Plan, words: str = "") -> None:
        """The plan that this handle performs; it answers these words, or nobody asked for it."""
        self._given[handle.id] = (plan, words)

    def message(self, words: str, plan: Plan) -> llm.ChatMessage:
        """The learner's words as a message that this plan answers, once it is their turn."""
        message = llm.ChatMessage(role="user", content=[words])
        self._speculative[message.id] = plan
        return message

    def turn_added(self, message: llm.ChatMessage) -> None:
        """The learner's words are certain: the plan for them becomes real.

        While nobody knows yet who answers, the scores decide at once. Lines of a plan that the
        scene has overtaken are thrown away unheard, and those of the committed one spoken.
        """
        words = message.text_content or ""
        handle, plan = self._taken.pop(message.id, (None, None))
        plan = plan or self._speculative.get(message.id) or self._roleplay.answer_now(words)
        self._speculative.clear()
        committed = self._roleplay.commit(plan, words)
        if handle is None or committed is plan:
            self._committed[message.id] = committed
        else:
            handle.interrupt(force=True)
            self.put(self.session.generate_reply(tool_choice="none"), committed, words)

    async def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[Any], model_settings: ModelSettings
    ) -> AsyncIterator[str | FlushSentinel]:
        """The beats of a plan, each a tagged segment; the next one is written while one plays."""
        handle, self._first = speech.get(), None
        plan, heard = await self._plan_for(handle, chat_ctx)
        ahead = self._ahead_of(plan)
        before: list[Said] = []
        left = list(range(len(plan.beats)))
        try:
            while left:
                self._begin(left[0], ahead, plan, heard, before)
                self._first = self._first or ahead[left[0]].performance
                left.remove(index := await self._next(left, ahead, plan))
                beat, current = plan.beats[index], ahead.pop(index)
                yield f"⟦{current.performance.key}⟧"
                async for word in current.words():
                    yield word
                yield FlushSentinel()
                if not left or not await _is_real(handle):
                    break
                said = self._roleplay.said(beat, current.performance.text)
                if beat.kind is not BeatKind.OPENING:
                    before.append(said)
                left = [at for at in left if self._roleplay.is_due(plan.beats[at], after=said)]
                if not left:
                    break
                self._begin(left[0], ahead, plan, heard, before)
                current.performance.followed = True
                await _within(current.performance.started.wait(), START_LIMIT_S)
        finally:
            await _close(ahead)

    def _ahead_of(self, plan: Plan) -> dict[int, Ahead]:
        """What was prepared of this plan, by the number of its beat."""
        if self._prepared is None or self._prepared[0] is not plan:
            return {}
        (_, ahead), self._prepared = self._prepared, None
        return ahead

    def _begin(
        self, first: int, ahead: dict[int, Ahead], plan: Plan, heard: str, before: Sequence[Said]
    ) -> None:
        """Asks for the words of that beat, and of those that are written together with it."""
        if first in ahead:
            return
        together = written_together(plan.beats, first)
        beats = [plan.beats[index] for index in together]
        if len(beats) > 1:
            lines = self._roleplay.lines(beats, plan=plan, heard=heard)
        else:
            line = self._roleplay.line(beats[0], plan=plan, heard=heard, before=tuple(before))
            lines = (line,)
        for index, line in zip(together, lines, strict=True):
            ahead[index] = self._ahead(line)

    async def _next(self, left: Sequence[int], ahead: dict[int, Ahead], plan: Plan) -> int:
        """Which beat is played next: the author's next one, or of a round the one that is ready."""
        asked = [(index, ahead[index]) for index in left if index in ahead]
        first = plan.beats[left[0]]
        phase = next(one for one in self._roleplay.scenario.phases if one.id == first.phase)
        if first.kind is BeatKind.OPENING and phase.order == "first_ready" and len(asked) > 1:
            return await first_ready(asked)
        return left[0]

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterator[rtc.AudioFrame]:
        """One segment in its character's voice; it is made while a guest is still coming in."""
        key, words = await _untag(text)
        performance = self._performances.pop(key)
        self._mux.expect(performance)
        async for frame in frames_of(performance, words, self._voices):
            await self._audible(performance.persona)
            yield frame

    async def transcription_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterator[str]:
        """The words without the tag: what the framework keeps as its own history."""
        _, words = await _untag(text)
        async for word in words:
            yield word

    async def _plan_for(self, handle: SpeechHandle, chat_ctx: llm.ChatContext) -> tuple[Plan, str]:
        """What this handle performs, and the words that it answers."""
        if (given := self._given.pop(handle.id, None)) is not None:
            if given[1]:
                handle.add_done_callback(lambda _: self._roleplay.played(given[0]))
            return given
        message = next(m for m in reversed(chat_ctx.messages()) if m.role == "user")
        words = message.text_content or ""
        handle.add_done_callback(lambda _: self._done(message.id))
        plan = self._committed.get(message.id) or self._speculative.get(message.id)
        if plan is None:
            plan = await self._roleplay.answer(words, since_s=self._silent_for_s())
        if (committed := self._committed.get(message.id)) is not None:
            return committed, words  # the turn ended meanwhile, and the scores decided
        self._taken[message.id] = (handle, plan)
        return plan, words

    def _done(self, message_id: str) -> None:
        """The answer to a message was played, cut or thrown away; it may have become real."""
        self._taken.pop(message_id, None)
        if (plan := self._committed.pop(message_id, None)) is not None:
            self._roleplay.played(plan)

    def _ahead(self, line: Line) -> Ahead:
        performance = Performance(key=f"{line.beat.id}.{next(self._keys)}", beat=line.beat)
        self._performances[performance.key] = performance
        return Ahead(performance, line)


async def _close(ahead: dict[int, Ahead]) -> None:
    for line in ahead.values():
        await line.aclose()


async def _is_real(handle: SpeechHandle) -> bool:
    """Waits until a speculative run is confirmed or thrown away."""
    while not (handle.scheduled or handle.interrupted):  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    return handle.scheduled and not handle.interrupted


async def _within(waiting: Any, limit_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(waiting, limit_s)


async def _untag(text: AsyncIterable[str]) -> tuple[str, AsyncIterator[str]]:
    """The key at the head of a segment, and the words behind it."""
    source = aiter(text)
    head = ""
    while (match := _TAG.match(head)) is None:
        head += await anext(source)

    async def words() -> AsyncIterator[str]:
        if rest := head[match.end() :]:
            yield rest
        async for word in source:
            yield word

    return match.group(1), words()
