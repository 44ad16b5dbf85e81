"""From a beat to the line that is wanted: its prompt, and what it must not say again.

Owns which state of the scene a prompt rests on: the one that the plan will have made, were it
committed now. What a prompt may hold of it is the cast's.
"""

from collections.abc import Callable, Sequence

from agents.cast.moment import LEARNER, Said
from agents.cast.prompts import Prompt, compose
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Recollection
from agents.manager.state import State
from agents.manager.temperament import manner
from agents.roleplay.line import Wanted
from scenarios.schema import Scenario
from services.llm.prompts.store import TemplateStore

RECENT_LINES = 8
"""So many of the cast's latest lines are not said again."""


class Prompting:
    """Wants lines of one scene's cast. `knowledge` are texts that all of them know."""

    def __init__(
        self,
        scenario: Scenario,
        manager: MultiAgentManager,
        *,
        now_s: Callable[[], float],
        learner_name: str,
        knowledge: tuple[str, ...] = (),
        templates: TemplateStore | None = None,
        recollection: Recollection | None = None,
    ) -> None:
        self._scenario = scenario
        self._manager = manager
        self._now_s = now_s
        self._learner_name = learner_name
        self._knowledge = knowledge
        self._templates = templates
        self._recollection = recollection

    def wanted(self, beat: Beat, plan: Plan, heard: str, before: Sequence[Said]) -> Wanted:
        """The beat's line; `before` is what others are about to have said in the same plan."""
        return Wanted(
            beat=beat,
            prompt=lambda: self._prompt(beat, plan, heard, before),
            heard=heard,
            free=beat.kind is BeatKind.PROMPT or plan.end_reason == "silence",
            private=bool(heard) or any(s.speaker == LEARNER for s in self._manager.memory),
            said=lambda: self._said(beat, before)[-RECENT_LINES - len(before) :],
            ever=lambda: self._said(beat, before),
            person=self._learner_name,
        )

    def _prompt(self, beat: Beat, plan: Plan, heard: str, before: Sequence[Said]) -> Prompt:
        state, persona = self._state(plan, heard), beat.persona
        recalled = self._recollection.recalled(persona) if self._recollection is not None else ""
        temper = self._scenario.character(persona).temper
        return compose(
            persona,
            scenario=self._scenario,
            memory=(*state.memory, *before),
            scene=state.scene,
            beat=beat,
            knowledge=self._knowledge,
            templates=self._templates,
            recalled=recalled,
            manner=manner(temper, state.scene.mood_of(persona), self._scenario.language),
        )

    def _state(self, plan: Plan, heard: str) -> State:
        if heard and self._manager.is_current(plan):
            return self._manager.after(
                plan, words=heard, now_s=self._now_s(), who=self._learner_name
            )
        return State(scene=self._manager.scene, memory=self._manager.memory)

    def _said(self, beat: Beat, before: Sequence[Said]) -> tuple[str, ...]:
        """The cast's lines, but those of its own that were cut off: it may begin again."""
        return tuple(
            said.text
            for said in (*self._manager.memory, *before)
            if said.speaker != LEARNER and not (said.cut and said.speaker == beat.persona)
        )
