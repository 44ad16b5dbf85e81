"""What a long session established, kept at hand for the prompts of its cast.

Owns when it is looked at anew. Rules read every turn at once; a model reads what has come since it
read last, in the background, so that no turn ever waits for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from agents.cast.moment import Said
from agents.cast.recall import outgrown, recall
from agents.manager.manager import MultiAgentManager
from agents.roleplay.tasks import end
from scenarios.schema import Scenario
from services.debrief.analysis import NOTHING, Turn, merged
from services.debrief.asking import About
from services.debrief.memory import Analysed
from services.debrief.rules import ruled
from services.llm.prompts.store import TemplateStore, shipped

EVERY_TURNS = 8
"""A model reads again once so many more things were said."""

log = logging.getLogger(__name__)


class Analyses(Protocol):
    """What makes analyses: `services.debrief.memory.MemoryAnalyst`."""

    async def analyse_turns(
        self, about: About, turns: Sequence[Turn], *, force: bool = False
    ) -> Analysed:
        """The analysis of all that was heard so far."""
        ...


class Remembering:
    """A Recollection of one run. Ended by `aclose`.

    `room` is the session and `user` the person whose budgets pay; `revision` names the scenario's
    version. Without an `analyst` the rules alone remember.
    """

    def __init__(
        self,
        scenario: Scenario,
        manager: MultiAgentManager,
        *,
        room: str,
        user: str | None = None,
        revision: str = "",
        analyst: Analyses | None = None,
        templates: TemplateStore | None = None,
    ) -> None:
        self._scenario = scenario
        self._manager = manager
        self._about = About.of(scenario, session=room, user=user, revision=revision)
        self._analyst = analyst
        self._words = (templates or shipped()).get("memory", scenario.language).words
        self._ruled = NOTHING
        self._read = NOTHING
        self._tried = 0
        self._reading: asyncio.Task[None] | None = None

    def recalled(self, persona: str) -> str:
        """What that character heard and its prompt will not hold; "" while it holds all.

        Asks a model in the background when much was said since it last was.
        """
        memory = self._manager.memory
        if not outgrown(memory):
            return ""
        turns = _turns(memory)
        if len(turns) > self._ruled.turns:
            found = ruled(turns, language=self._scenario.language, start=self._ruled.turns)
            self._ruled = merged(self._ruled, found)
        self._refresh(turns)
        return recall(
            persona,
            (self._read, self._ruled),
            scenario=self._scenario,
            memory=memory,
            scene=self._manager.scene,
            words=self._words,
        )

    async def aclose(self) -> None:
        """Ends what a model is reading."""
        if self._reading is not None:
            await end(self._reading)

    def _refresh(self, turns: tuple[Turn, ...]) -> None:
        """Lets a model read, one at a time, and not more often than every EVERY_TURNS."""
        if self._analyst is None or len(turns) < self._tried + EVERY_TURNS:
            return
        if self._reading is None or self._reading.done():
            self._tried = len(turns)
            self._reading = asyncio.create_task(self._look(self._analyst, turns), name="memory")

    async def _look(self, analyst: Analyses, turns: tuple[Turn, ...]) -> None:
        try:
            found = await analyst.analyse_turns(self._about, turns)
        except Exception:
            log.exception("memory.not_read", extra={"room": self._about.session})
            return
        if found.analysis.source == "model":
            self._read = found.analysis


def _turns(memory: Sequence[Said]) -> tuple[Turn, ...]:
    return tuple(
        Turn(speaker=s.speaker, name=s.name, text=s.text, turn_id=s.turn_id, cut=s.cut)
        for s in memory
    )
