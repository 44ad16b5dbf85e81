"""What is played though the learner said nothing: commands, and what time and silence bring."""

import asyncio
from collections.abc import Callable

from agents.manager.beats import Plan
from agents.manager.record import Recorder
from agents.roleplay.ending import Ending
from agents.roleplay.ports import Stage
from agents.roleplay.scene_clock import SceneClock
from agents.roleplay.tasks import end, first

TICK_S = 0.25

LOST_S = 10.0
"""After so long a quiet a closing that was begun will not be heard any more."""


class Unasked:
    """The plans that nobody asked for, one after the other; `now_s` is scene time.

    Nothing comes by itself while the stage is busy, or about to be with the closing.
    """

    def __init__(
        self,
        recorder: Recorder,
        scene_clock: SceneClock,
        ending: Ending,
        *,
        now_s: Callable[[], float],
    ) -> None:
        self._recorder = recorder
        self._time = scene_clock
        self._now_s = now_s
        self._ending = ending
        self._commands: asyncio.Queue[Callable[[], Plan]] = asyncio.Queue()
        self._called = asyncio.Event()

    def call(self, command: Callable[[], Plan]) -> None:
        """Its plan comes next; whatever sounds is cut for it, unless that is a closing."""
        self._commands.put_nowait(command)
        self._called.set()

    async def next(self, stage: Stage) -> Plan | None:
        """The next plan, or None after a tick. Nothing but commands while the scene is paused."""
        try:
            command = await asyncio.wait_for(self._commands.get(), TICK_S)
            if self._commands.empty():
                self._called.clear()
        except TimeoutError:
            if self._time.paused:
                return None
            quiet_s = round(stage.quiet_s(), 4)
            closes = self._ending.is_being_said and quiet_s < LOST_S
            busy = stage.busy() or closes
            return self._recorder.tick(self._now_s(), quiet_s=quiet_s, busy=busy)
        await stage.hush()
        return command()

    async def perform(self, stage: Stage, plan: Plan) -> None:
        """Performs until all is heard, or a command wants the stage; a closing is never cut so."""
        performing = asyncio.create_task(stage.perform(plan), name="perform")
        try:
            if not plan.ends:
                await first(performing, self._called)
                if not performing.done():
                    await stage.hush()
            await performing
        finally:
            await end(performing)
