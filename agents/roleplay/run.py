"""A scenario being played: the manager's plans, the optimizer's words, the journal's record.

Owns the life of one run, from the opening to the closing. The Stage asks it who answers and with
which words, and tells it what was heard; it asks the Stage to play what nobody asked for.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from agents.cast.moment import LEARNER, Said
from agents.cast.prompts import Prompt, compose
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.roleplay.journal import Journal
from agents.roleplay.lines import Aside, Line, Lines, Wanted
from agents.roleplay.ports import Stage
from agents.roleplay.scene_clock import SceneClock
from scenarios.schema import Scenario
from services.core.clock import Clock
from services.llm.prompts.store import TemplateStore
from services.sessions.records import TurnRecord

TICK_S = 0.25

log = logging.getLogger(__name__)


class Roleplay:
    """One run of a scenario in one room."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        room: str,
        manager: MultiAgentManager,
        lines: Lines,
        journal: Journal,
        clock: Clock,
        scene_clock: SceneClock,
        learner_name: str,
        knowledge: tuple[str, ...] = (),
        templates: TemplateStore | None = None,
    ) -> None:
        self.scenario = scenario
        self.room = room
        self.time = scene_clock
        self.end_reason: str | None = None
        self._manager = manager
        self._lines = lines
        self._journal = journal
        self._clock = clock
        self._learner_name = learner_name
        self._knowledge = knowledge
        self._templates = templates
        self._shown_phase: str | None = None
        self._commands: asyncio.Queue[Callable[[], Plan]] = asyncio.Queue()
        self._called = asyncio.Event()
        self._stopped = asyncio.Event()
        self._opened = asyncio.Event()

    async def run(self, stage: Stage) -> str:
        """Plays to the end and returns why it ended. Cancelling stops it where it is."""
        playing = asyncio.create_task(self._play_on(stage), name="scene")
        preparing = asyncio.create_task(self._prepare(), name="prepare")
        try:
            await _first(playing, self._stopped)
            return playing.result() if playing.done() else self.end_reason or "stopped"
        finally:
            await _end(preparing)
            await _end(playing)

    async def answer(self, words: str, *, since_s: float = 0.0) -> Plan:  # noqa: ARG002
        """Who answers these words. Changes nothing: the framework may throw the answer away.

        `since_s` is how long ago the learner's last sound was.
        """
        return self.answer_now(words)

    def answer_now(self, words: str) -> Plan:
        """As `answer`, without waiting for anybody's opinion."""
        return self._manager.answer(words, self.time.now_s())

    def overheard(self, words: str) -> None:
        """What the learner has said so far, while they still speak."""

    def cut_in(self, words: str, *, speaking_s: float) -> Plan | None:  # noqa: ARG002
        """Who cuts the learner off after so long a speech, to be committed with those words."""
        return None

    def returned(self, away_s: float) -> None:
        """The learner is back after so many seconds: a recap comes if it was long."""

    def waits_s(self) -> float:
        """Seconds more than usual that the likely answerer waits for the learner to go on."""
        return 0.0

    def reaction(self, speaker: str, pause: str) -> Aside | None:  # noqa: ARG002
        """What a listener lets fall while that one speaks and pauses; mostly None."""
        return None

    def commit(self, plan: Plan, words: str | None) -> None:
        """The plan is really being played; `words` are the learner's, if they caused it."""
        said = self._manager.commit(
            plan, words=words, now_s=self.time.now_s(), who=self._learner_name
        )
        if said is not None:
            self._record(said, source="live", kind="learner")
        decision = plan.decision
        facts = {
            "rung": str(decision.rung),
            "chosen": list(decision.chosen),
            "candidates": list(decision.candidates),
            "reason": decision.reason,
        }
        self._journal.event("decision", facts)
        log.info("turn.decided", extra={"room": self.room, **facts})

    def line(self, beat: Beat, *, plan: Plan, heard: str = "", before: Sequence[Said] = ()) -> Line:
        """The beat's words as they come, by a character that knows all that was heard so far.

        `heard` are the learner's words that the plan answers, `before` what others are about to
        have said in the same plan.
        """
        return self._lines.write(self._wanted(beat, plan, heard, before))

    def lines(self, beats: Sequence[Beat], *, plan: Plan, heard: str = "") -> tuple[Line, ...]:
        """The words of an opening round, asked for together: nobody knows what the others say."""
        return self._lines.write_round([self._wanted(beat, plan, heard, ()) for beat in beats])

    def _wanted(self, beat: Beat, plan: Plan, heard: str, before: Sequence[Said]) -> Wanted:
        def prompt() -> Prompt:
            scene, memory = self._manager.scene, self._manager.memory
            if heard and plan.serial == scene.serial:
                state = self._manager.after(
                    plan, words=heard, now_s=self.time.now_s(), who=self._learner_name
                )
                scene, memory = state.scene, state.memory
            return compose(
                beat.persona,
                scenario=self.scenario,
                memory=(*memory, *before),
                scene=scene,
                beat=beat,
                knowledge=self._knowledge,
                templates=self._templates,
            )

        return Wanted(
            beat=beat,
            prompt=prompt,
            heard=heard,
            free=beat.kind is BeatKind.PROMPT or plan.end_reason == "silence",
            private=bool(heard) or any(s.speaker == LEARNER for s in self._manager.memory),
        )

    def performed(self, beat: Beat, heard_text: str, *, cut: bool, source: str) -> None:
        """A beat was played, or cut: memory and journal keep what was heard of it."""
        said = self._manager.performed(beat, heard_text, cut, self.time.now_s())
        if said is not None:
            self._record(said, source=source, kind=str(beat.kind))

    def timed(self, beat: Beat, taken_s: dict[str, float]) -> None:
        """How long the reply that begins to sound took, mark by mark."""
        self._journal.event("timing", {"turn_id": beat.id, "persona": beat.persona, **taken_s})

    def said(self, beat: Beat, text: str) -> Said:
        """A line as memory would hold it, had all of it been heard."""
        name = self.scenario.character(beat.persona).name
        return Said(speaker=beat.persona, name=name, text=text, turn_id=beat.id, phase=beat.phase)

    def played(self, plan: Plan) -> None:
        """All beats of an answer were played or cut: the scene ends here if the plan says so."""
        if plan.ends and self.end_reason is None:
            self.end_reason = plan.end_reason or "ended"

    @property
    def phase(self) -> str:
        """The id of the phase that is played."""
        return self._manager.phase.id

    def skip(self) -> None:
        """Goes on to the next phase; whatever sounds is cut."""
        self._call(lambda: self._manager.skip(self.time.now_s()))

    def end(self, reason: str) -> None:
        """Ends with a spoken closing; whatever sounds is cut."""
        self._call(lambda: self._manager.end(reason, self.time.now_s()))

    def stop(self, reason: str) -> None:
        """Ends at once and without a word: nobody is left to hear it."""
        if self.end_reason is None:
            self.end_reason = reason
        self._stopped.set()

    def state(self) -> dict[str, Any]:
        """What the person may see of the run; no prompt, no secret."""
        return {
            "scenario": self.scenario.id,
            "phase": self._manager.phase.id,
            "elapsed_s": round(self.time.now_s(), 1),
            "duration_s": self.scenario.limits.duration_s,
            "turns": self._manager.turns,
            "paused": self.time.paused,
            "ended": self.end_reason is not None,
        }

    def snapshot(self) -> dict[str, Any]:
        """The scene as it can be taken up again by another job."""
        return {**self._manager.scene.to_json(), "elapsed_s": self.time.now_s()}

    def _call(self, command: Callable[[], Plan]) -> None:
        self._commands.put_nowait(command)
        self._called.set()

    async def _prepare(self) -> None:
        """What may be needed later, once the opening is over: till then models are busy."""
        await self._opened.wait()
        try:
            await self._lines.prepare()
        except Exception:
            log.exception("scene.not_prepared", extra={"room": self.room})

    async def _play_on(self, stage: Stage) -> str:
        await self._play(stage, self._manager.begin(self.time.now_s()))
        self._opened.set()
        while self.end_reason is None:
            self._show_phase(stage)
            plan = await self._due(stage)
            if plan is not None:
                await self._play(stage, plan)
        return self.end_reason

    async def _due(self, stage: Stage) -> Plan | None:
        """The next plan that nobody asked for, or None after a tick."""
        try:
            command = await asyncio.wait_for(self._commands.get(), TICK_S)
            if self._commands.empty():
                self._called.clear()
        except TimeoutError:
            if self.time.paused:
                return None
            return self._manager.tick(self.time.now_s(), quiet_s=stage.quiet_s(), busy=stage.busy())
        await stage.hush()
        return command()

    async def _play(self, stage: Stage, plan: Plan) -> None:
        self.commit(plan, None)
        self._show_phase(stage)
        if plan.beats:
            await self._perform(stage, plan)
        self.played(plan)

    async def _perform(self, stage: Stage, plan: Plan) -> None:
        """Performs until all is heard, or a command wants the stage; a closing is never cut so."""
        performing = asyncio.create_task(stage.perform(plan), name="perform")
        try:
            if not plan.ends:
                await _first(performing, self._called)
                if not performing.done():
                    await stage.hush()
            await performing
        finally:
            await _end(performing)

    def _show_phase(self, stage: Stage) -> None:
        phase = self._manager.phase.id
        if phase != self._shown_phase:
            self._shown_phase = phase
            self._journal.event("phase", {"phase": phase})
            stage.show_phase(phase)

    def _record(self, said: Said, *, source: str, kind: str) -> None:
        turn = TurnRecord(
            room=self.room,
            turn_id=said.turn_id,
            speaker=said.speaker,
            speaker_name=said.name,
            text=said.text,
            source=source,
            phase=said.phase,
            at=self._clock.now(),
            cut=said.cut,
            kind=kind,
        )
        self._journal.turn(turn, scene=self.snapshot())


async def _first(work: asyncio.Task[Any], event: asyncio.Event) -> None:
    """Waits for the work or for the event, whichever comes first; the work goes on."""
    waiting = asyncio.create_task(event.wait(), name="waiting")
    try:
        await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _end(work: asyncio.Task[Any]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
