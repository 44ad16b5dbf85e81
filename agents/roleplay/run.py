"""A scenario being played: the manager's plans, the optimizer's words, the journal's record.

Owns the life of one run, from the opening to the closing. The Stage asks it who answers and with
which words, and tells it what was heard; it asks the Stage to play what nobody asked for.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from agents.cast.moment import Said
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Judge
from agents.manager.reactions import Listening, Pause
from agents.manager.record import Recorder
from agents.manager.scene import Scene
from agents.roleplay.answering import kept
from agents.roleplay.choosing import Choosing
from agents.roleplay.chronicle import Chronicle
from agents.roleplay.ending import Ending
from agents.roleplay.journal import Journal
from agents.roleplay.lines import Aside, Line, Lines
from agents.roleplay.minds import Minds
from agents.roleplay.ports import Remembers, Stage
from agents.roleplay.prompting import Prompting
from agents.roleplay.reacting import Reacting
from agents.roleplay.scene_clock import SceneClock
from agents.roleplay.showing import Showing, state_of
from agents.roleplay.tasks import end, first
from agents.roleplay.unasked import Unasked
from scenarios.schema import Scenario
from services.core.clock import Clock
from services.llm.prompts.store import TemplateStore

RECAP_AFTER_S = 3.0
"""Who was gone for less has missed nothing that must be told."""

log = logging.getLogger(__name__)


class Roleplay:
    """One run of a scenario in one room.

    Without `choosing`, `listening`, a `judge` or a `recollection` the scene is played all the same:
    scores decide between equals, nobody reacts, only rules move moods, prompts hold the window.
    """

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
        choosing: Choosing | None = None,
        listening: Listening | None = None,
        judge: Judge | None = None,
        recollection: Remembers | None = None,
    ) -> None:
        self.scenario = scenario
        self.room = room
        self.time = scene_clock
        self._manager = manager
        self._ending = Ending(manager)
        self._lines = lines
        self._learner_name = learner_name
        self._chronicle = Chronicle(journal, clock, scenario, room=room)
        self._chronicle.taken_up(manager.scene)
        self.listeners = Reacting(manager, listening, lines, self._chronicle, self._now_s)
        lines.on_echo = self._chronicle.echoed
        self._recorder = Recorder(manager, self._chronicle.note, clock_s=clock.monotonic_s)
        self._minds = Minds(
            manager,
            self._recorder,
            self._chronicle,
            choosing=choosing,
            judge=judge,
            recollection=recollection,
            now_s=self._now_s,
            clock_s=clock.monotonic_s,
            changed=self._changed,
        )
        self._prompting = Prompting(
            scenario,
            manager,
            now_s=self._now_s,
            learner_name=learner_name,
            knowledge=knowledge,
            templates=templates,
            recollection=recollection,
        )
        self._showing = Showing(scenario)
        self._stage: Stage | None = None
        self._unasked = Unasked(self._recorder, scene_clock, self._ending, now_s=self._now_s)
        self._stopped = asyncio.Event()
        self._opened = asyncio.Event()

    async def run(self, stage: Stage) -> str:
        """Plays to the end and returns why it ended. Cancelling stops it where it is."""
        self._stage = stage
        playing = asyncio.create_task(self._play_on(stage), name="scene")
        preparing = asyncio.create_task(self._prepare(), name="prepare")
        try:
            await first(playing, self._stopped)
            return playing.result() if playing.done() else self.end_reason or "stopped"
        finally:
            await end(preparing)
            await end(playing)
            await self._minds.aclose()

    async def answer(self, words: str, *, since_s: float = 0.0) -> Plan:
        """Who answers these words. Changes nothing: the framework may throw the answer away.

        Between equals a model is asked, until 0.3 s after the learner's last sound; that was
        `since_s` ago.
        """
        return await self._minds.answering.answer(words, since_s=since_s)

    def answer_now(self, words: str) -> Plan:
        """As `answer`, with a model's opinion only if it is there already."""
        return self._minds.answering.answer_now(words)

    def overheard(self, words: str) -> None:
        """What the learner has said so far, while they still speak: a model may be asked early."""
        self._minds.answering.overheard(words)

    def cut_in(self, words: str, *, speaking_s: float) -> Plan | None:
        """Who cuts the learner off after so long a speech, to be committed with those words."""
        now_s = self._now_s()
        return self._recorder.cut_in(kept(words), now_s, speaking_s=round(speaking_s, 4))

    def waits_s(self) -> float:
        """Seconds more than usual that the likely answerer waits for the learner to go on."""
        return self._manager.waits_s()

    def returned(self, away_s: float) -> None:
        """The learner is back after so many seconds: a recap is spoken if it was long.

        What sounded when they dropped is cut where they last heard it, and not said again.
        """
        if away_s >= RECAP_AFTER_S and self._manager.scene.begun and not self._ending.is_due:
            away_s = round(away_s, 1)
            self._unasked.call(lambda: self._recorder.returned(self._now_s(), away_s=away_s))

    def reaction(self, speaker: str, pause: Pause) -> Aside | None:
        """What a listener lets fall while that one speaks and pauses; mostly None.

        `speaker` is a character's id or LEARNER.
        """
        if self.time.paused or self._ending.is_due:
            return None
        return self.listeners.reaction(speaker, pause)

    def commit(self, plan: Plan, words: str | None) -> Plan:
        """The plan is really being played; `words` are the learner's, if they caused it.

        Returns the plan that is: made anew, by scores alone, if the scene moved on meanwhile.
        """
        if words is not None and not self._manager.is_current(plan):
            plan = self.answer_now(words)
        scene, memory = self._manager.scene, self._manager.memory
        said = self._recorder.commit(
            plan,
            words=None if words is None else kept(words),
            now_s=self._now_s(),
            who=self._learner_name,
        )
        if said is not None:
            self._chronicle.turn(said, source="live", kind="learner", scene=self.snapshot())
            self._minds.taking.turn(said, scene, memory)
        self._changed(scene, said.turn_id if said is not None else None)
        return plan

    def line(self, beat: Beat, *, plan: Plan, heard: str = "", before: Sequence[Said] = ()) -> Line:
        """The beat's words as they come, by a character that knows all that was heard so far.

        `heard` are the learner's words that the plan answers, `before` what others are about to
        have said in the same plan.
        """
        return self._lines.write(self._prompting.wanted(beat, plan, heard, before))

    def lines(self, beats: Sequence[Beat], *, plan: Plan, heard: str = "") -> tuple[Line, ...]:
        """The words of an opening round, asked for together: nobody knows what the others say."""
        wanted = [self._prompting.wanted(beat, plan, heard, ()) for beat in beats]
        return self._lines.write_round(wanted)

    def performed(self, beat: Beat, heard_text: str, *, cut: bool, source: str) -> None:
        """A beat was played, or cut: memory and journal keep what was heard of it."""
        scene = self._manager.scene
        said = self._recorder.performed(beat, kept(heard_text), cut, self._now_s())
        if said is not None:
            self._chronicle.turn(said, source=source, kind=str(beat.kind), scene=self.snapshot())
        self._changed(scene, beat.id)
        self._ending.heard()

    def timed(self, beat: Beat, taken_s: dict[str, float]) -> None:
        """How long the reply that begins to sound took, mark by mark."""
        self._chronicle.timed(beat, taken_s)

    def said(self, beat: Beat, text: str) -> Said:
        """A line as memory would hold it, had all of it been heard."""
        name = self.scenario.character(beat.persona).name
        return Said(speaker=beat.persona, name=name, text=text, turn_id=beat.id, phase=beat.phase)

    def is_due(self, beat: Beat, *, after: Said) -> bool:
        """Whether a beat is still to be played after that line of the same plan.

        Nobody takes up a line that ends with a question to the person: the floor is theirs.
        """
        return beat.kind is not BeatKind.FOLLOW_UP or not self._manager.gives_floor(after)

    def played(self, plan: Plan) -> None:
        """All beats of a plan were played or cut. A closing that nobody heard is said again."""
        self._ending.played(plan)

    @property
    def end_reason(self) -> str | None:
        """Why the run is over; None while it goes on."""
        return self._ending.reason

    @property
    def phase(self) -> str:
        """The id of the phase that is played."""
        return self._manager.phase.id

    def skip(self) -> None:
        """Goes on to the next phase; whatever sounds is cut."""
        self._unasked.call(lambda: self._recorder.skip(self._now_s()))

    def end(self, reason: str) -> None:
        """Ends with a spoken closing; whatever sounds is cut."""
        self._unasked.call(lambda: self._recorder.end(reason, self._now_s()))

    def stop(self, reason: str) -> None:
        """Ends at once and without a word: nobody is left to hear it."""
        self._ending.stop(reason)
        self._stopped.set()

    def state(self) -> dict[str, Any]:
        """What the person may see of the run; no prompt, no secret."""
        return state_of(self._manager, self.time, ended=self.end_reason is not None)

    def snapshot(self) -> dict[str, Any]:
        """The scene as it can be taken up again by another job."""
        return {**self._manager.scene.to_json(), "elapsed_s": self.time.now_s()}

    def _now_s(self) -> float:
        """Scene seconds as the manager is told them: what is written down of them is all."""
        return round(self.time.now_s(), 4)

    def _changed(self, before: Scene, turn_id: str | None) -> None:
        """The scene moved on: the record tells of it, and the room sees it."""
        self._chronicle.changed(before, self._manager.scene, turn_id=turn_id)
        self._show()

    def _show(self) -> None:
        if self._stage is not None and self._showing.show(self._stage, self._manager.scene):
            self._chronicle.phase(self._manager.scene.phase)

    async def _prepare(self) -> None:
        """What may be needed later, once the opening is over: till then models are busy."""
        await self._opened.wait()
        try:
            await self._lines.prepare()
        except Exception:
            log.exception("scene.not_prepared", extra={"room": self.room})

    async def _play_on(self, stage: Stage) -> str:
        self._show()
        await self._play(stage, self._recorder.begin(self._now_s()))
        self._opened.set()
        while (reason := self.end_reason) is None:
            plan = await self._unasked.next(stage)
            if plan is not None:
                await self._play(stage, plan)
        return reason

    async def _play(self, stage: Stage, plan: Plan) -> None:
        self.commit(plan, None)
        if plan.beats:
            await self._unasked.perform(stage, plan)
        self.played(plan)
