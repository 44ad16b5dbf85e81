"""The agent of the session: its `llm_node` is the director, its `tts_node` the cast's voices.

Owns the way from a committed or speculative turn to beats in order, one ahead of the sound. The
framework's chat history is not used: memory is the manager's, and holds only what was heard.
"""

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextvars import ContextVar
from typing import Any

from livekit import rtc
from livekit.agents import Agent, FlushSentinel, ModelSettings, llm
from livekit.agents.voice import SpeechHandle
from livekit.agents.voice.events import UserTurnExceededEvent

from agents.cast.moment import Said
from agents.manager.beats import Beat, BeatKind, Plan
from agents.roleplay.lines import Line
from agents.roleplay.run import Roleplay
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from agents.stage.speaking import CastVoices, frames_of

START_LIMIT_S = 10.0
"""How long a beat may take to sound before the next one is written all the same."""

_TAG = re.compile(r"^⟦([^⟧]+)⟧")

speech: ContextVar[SpeechHandle] = ContextVar("speech")
"""The handle whose `llm_node` runs: set by the `speech_created` event, before the task exists."""

log = logging.getLogger(__name__)


class Director(Agent):
    """Answers with a plan of beats instead of a completion."""

    def __init__(self, roleplay: Roleplay, mux: Mux, voices: CastVoices) -> None:
        super().__init__(instructions="")
        self._roleplay = roleplay
        self._mux = mux
        self._voices = voices
        self._keys = itertools.count(1)
        self._performances: dict[str, Performance] = {}
        self._unasked: dict[str, Plan] = {}
        self._speculative: dict[str, Plan] = {}
        self._committed: dict[str, Plan] = {}

    def put(self, handle: SpeechHandle, plan: Plan) -> None:
        """The plan that this handle performs, which nobody asked for."""
        self._unasked[handle.id] = plan

    def turn_added(self, message: llm.ChatMessage) -> None:
        """The learner's words are certain: the plan for them becomes real."""
        words = message.text_content or ""
        plan = self._speculative.pop(message.id, None) or self._roleplay.answer_now(words)
        self._speculative.clear()
        self._roleplay.commit(plan, words)
        self._committed[message.id] = plan

    async def on_user_turn_exceeded(self, ev: UserTurnExceededEvent) -> None:
        """A monologue: somebody cuts in, and cannot be cut off in turn."""
        log.info("turn.too_long", extra={"duration_s": round(ev.duration)})
        await self.session.generate_reply(user_input=ev.transcript, allow_interruptions=False)

    async def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[Any], model_settings: ModelSettings
    ) -> AsyncIterator[str | FlushSentinel]:
        """The beats of a plan, each a tagged segment; the next one is written while one plays."""
        handle = speech.get()
        plan, heard = self._plan_for(handle, chat_ctx)
        handle.add_done_callback(lambda done: self._played(done, plan))
        ahead: dict[int, _Ahead] = {}
        before: list[Said] = []

        def begin(first: int) -> None:
            if first in ahead:
                return
            together = _written_together(plan.beats, first)
            beats = [plan.beats[index] for index in together]
            if len(beats) > 1:
                lines = self._roleplay.lines(beats, plan=plan, heard=heard)
            else:
                line = self._roleplay.line(beats[0], plan=plan, heard=heard, before=tuple(before))
                lines = (line,)
            for index, line in zip(together, lines, strict=True):
                ahead[index] = self._ahead(line)

        try:
            for index, beat in enumerate(plan.beats):
                begin(index)
                current = ahead.pop(index)
                yield f"⟦{current.performance.key}⟧"
                async for word in current.words():
                    yield word
                yield FlushSentinel()
                if index + 1 == len(plan.beats) or not await _is_real(handle):
                    break
                if beat.kind is not BeatKind.OPENING:
                    before.append(self._roleplay.said(beat, current.performance.text))
                begin(index + 1)
                await _within(current.performance.started.wait(), START_LIMIT_S)
        finally:
            for line in ahead.values():
                await line.aclose()

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterator[rtc.AudioFrame]:
        """One segment in its character's voice."""
        key, words = await _untag(text)
        performance = self._performances.pop(key)
        self._mux.expect(performance)
        async for frame in frames_of(performance, words, self._voices):
            yield frame

    async def transcription_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterator[str]:
        """The words without the tag: what the framework keeps as its own history."""
        _, words = await _untag(text)
        async for word in words:
            yield word

    def _plan_for(self, handle: SpeechHandle, chat_ctx: llm.ChatContext) -> tuple[Plan, str]:
        if (plan := self._unasked.pop(handle.id, None)) is not None:
            return plan, ""
        message = next(m for m in reversed(chat_ctx.messages()) if m.role == "user")
        words = message.text_content or ""
        plan = self._committed.pop(message.id, None)
        if plan is None:
            plan = self._roleplay.answer_now(words)
            self._speculative[message.id] = plan
        return plan, words

    def _played(self, handle: SpeechHandle, plan: Plan) -> None:
        if handle.scheduled:
            self._roleplay.played(plan)

    def _ahead(self, line: Line) -> "_Ahead":
        performance = Performance(key=f"{line.beat.id}.{next(self._keys)}", beat=line.beat)
        self._performances[performance.key] = performance
        return _Ahead(performance, line)


class _Ahead:
    """A line that is being written already, while another one is heard."""

    def __init__(self, performance: Performance, line: Line) -> None:
        self.performance = performance
        self._line = line
        self._words: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._write(), name=f"line {performance.key}")

    async def words(self) -> AsyncIterator[str]:
        """The words as they come. Leaving early ends the vendor's stream."""
        try:
            while (word := await self._words.get()) is not None:
                self.performance.source = self._line.source
                self.performance.add(word)
                yield word
            await self._task
            self.performance.source = self._line.source
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Ends the writing."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._line.aclose()

    async def _write(self) -> None:
        try:
            async for word in self._line:
                self._words.put_nowait(word)
        finally:
            self._words.put_nowait(None)


def _written_together(beats: Sequence[Beat], index: int) -> range:
    """The beats whose words are asked for at once: one, or a whole opening round."""
    end = index + 1
    if beats[index].kind is BeatKind.OPENING:
        while end < len(beats) and beats[end].kind is BeatKind.OPENING:
            end += 1
    return range(index, end)


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
