"""The cast's voices in a simulated room: one at a time, cut at once, lines written ahead."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from agents.cast.moment import Said
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.reactions import Pause
from agents.roleplay.line import Line
from agents.roleplay.run import Roleplay
from bench.simulation.tape import Floor, Segment, Tape, Turn

WORDS_PER_S = 2.6
VOICE_S = 0.15
"""From a line's first words to its first sound."""
GAP_S = 0.2
"""Between two voices."""
ASIDE_S = 0.5


class Voices:
    """Plays plans. `voiceless` when no engine speaks: lines stand as text for half their time."""

    def __init__(self, roleplay: Roleplay, *, voiceless: bool) -> None:
        self.tape = Tape()
        self.stage = asyncio.Lock()
        self.cut = asyncio.Event()
        self.began = asyncio.Event()
        self.sounding: Beat | None = None
        self.last_s = 0.0
        self._roleplay = roleplay
        self._pace = WORDS_PER_S * (2.0 if voiceless else 1.0)

    async def play(self, plan: Plan, *, heard: str, turn: Turn | None) -> None:
        """Beats in order; the next one's words are asked for while one sounds."""
        self.cut.clear()
        lines: dict[str, _Writing] = {}
        before: list[Said] = []
        left = list(range(len(plan.beats)))

        def ask(at: int) -> None:
            if plan.beats[at].id in lines:
                return
            beats = _together(plan.beats, at)
            if len(beats) > 1:
                written = self._roleplay.lines(beats, plan=plan, heard=heard)
            else:
                one = self._roleplay.line(beats[0], plan=plan, heard=heard, before=tuple(before))
                written = (one,)
            lines.update((line.beat.id, _Writing(line)) for line in written)

        try:
            while left:
                ask(at := left.pop(0))
                beat = plan.beats[at]
                writing = lines[beat.id]
                told = await self._sound(writing, turn)
                if told is None:
                    break
                said = self._roleplay.said(beat, told)
                if beat.kind is not BeatKind.OPENING:
                    before.append(said)
                left = [one for one in left if self._roleplay.is_due(plan.beats[one], after=said)]
                if left:
                    ask(left[0])
                if not await self._heard_out(writing, told):
                    break
                await self.aside(beat.persona, Pause.CAST)
        finally:
            self.sounding = None
            for writing in lines.values():
                await writing.aclose()

    async def _sound(self, writing: "_Writing", turn: Turn | None) -> str | None:
        """Begins to sound a line; its whole words, or None when it was cut before."""
        begun = await self._or_cut(writing.begun.wait())
        wait_s = max(VOICE_S, self.last_s + GAP_S - _now())
        if not begun or await self._cut_within(wait_s):
            if turn is not None and turn.sound_s is None:
                turn.overtaken = True
            return None
        writing.begin_s = _now()
        self.sounding = writing.line.beat
        self.began.set()
        if turn is not None and turn.sound_s is None:
            turn.sound_s = writing.begin_s
        if not await self._or_cut(writing.whole.wait()):
            self._finish(writing, cut=True)
            return None
        return " ".join(writing.text.split())

    async def _heard_out(self, writing: "_Writing", told: str) -> bool:
        """Lets the line sound to its end; False when it was cut."""
        end_s = writing.begin_s + len(told.split()) / self._pace
        cut = await self._cut_within(end_s - _now())
        self._finish(writing, cut=cut)
        return not cut

    def _finish(self, writing: "_Writing", *, cut: bool) -> None:
        now_s, words, beat = _now(), writing.text.split(), writing.line.beat
        if cut:
            words = words[: int((now_s - writing.begin_s) * self._pace)]
        self.sounding = None
        text, source = " ".join(words), str(writing.line.source)
        if words:
            self.sounded(
                "cast",
                beat.persona,
                text,
                writing.begin_s,
                now_s,
                cut=cut,
                source=source,
                beat=beat,
            )
        self._roleplay.performed(beat, text, cut=cut, source=source)

    async def aside(self, speaker: str, pause: Pause) -> None:
        """Lets a listener react, where somebody does."""
        aside = self._roleplay.reaction(speaker, pause)
        if aside is None or self.cut.is_set():
            return
        begin_s = max(_now(), self.last_s)
        self._roleplay.listeners.heard(aside)
        self.sounded("aside", aside.persona, aside.text, begin_s, begin_s + ASIDE_S)

    def sounded(
        self,
        floor: Floor,
        who: str,
        text: str,
        begin_s: float,
        end_s: float,
        *,
        cut: bool = False,
        source: str = "",
        beat: Beat | None = None,
        addressed: str | None = None,
    ) -> None:
        self.last_s = max(self.last_s, end_s)
        self.tape.segments.append(
            Segment(
                floor=floor,
                who=who,
                text=text,
                begin_s=begin_s,
                end_s=end_s,
                cut=cut,
                source=source,
                beat=beat,
                addressed=addressed,
            )
        )

    async def _or_cut(self, waiting: Coroutine[Any, Any, object]) -> bool:
        """Whether it happened before somebody cut in."""
        tasks = [asyncio.create_task(waiting), asyncio.create_task(self.cut.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return not tasks[1].done()
        finally:
            for task in tasks:
                task.cancel()

    async def _cut_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.cut.wait()
        except TimeoutError:
            return False
        return True


class _Writing:
    """A line's words while they come."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.text = ""
        self.begin_s = 0.0
        self.begun = asyncio.Event()
        self.whole = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def aclose(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.line.aclose()

    async def _read(self) -> None:
        async for words in self.line:
            self.text += words
            self.begun.set()
        self.begun.set()
        self.whole.set()


def _together(beats: Sequence[Beat], at: int) -> list[Beat]:
    """The beats that are written at once: a whole opening, or one."""
    end = at + 1
    if beats[at].kind is BeatKind.OPENING:
        while end < len(beats) and beats[end].kind is BeatKind.OPENING:
            end += 1
    return list(beats[at:end])


def _now() -> float:
    return asyncio.get_running_loop().time()
