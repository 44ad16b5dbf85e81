"""Who of several equals speaks, in a model's view: the prompt, the call, and what of it is let in.

Owns what the model reads: the public face of the cast and what everybody heard, no more.
"""

import logging

from pydantic import BaseModel, ConfigDict, Field

from agents.cast.roster import cast_of
from agents.manager.ports import OUTSIDE, Question
from agents.roleplay.conversation import conversation
from scenarios.schema import Scenario
from services.core.money import nano
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.request import Request, TaskType
from services.llm.structured import Responds, structured

MAX_TOKENS = 60
HEARD_LINES = 16
SAID_CHARS = 600

log = logging.getLogger(__name__)


class Choice(BaseModel):
    """What the model answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: str = Field(max_length=64)
    why: str = Field(default="", max_length=200)


NOBODY = Choice(speaker="")


class OptimizerChooser:
    """Asks a model through the optimizer: who the scene's cast are, and what all have heard.

    Nothing that a character knows for itself is in the prompt.
    """

    def __init__(
        self,
        optimizer: Responds,
        scenario: Scenario,
        *,
        room: str,
        user: str | None = None,
        revision: str = "",
        templates: TemplateStore | None = None,
    ) -> None:
        self._optimizer = optimizer
        self._scenario = scenario
        self._room = room
        self._user = user
        self._revision = revision
        self._templates = templates or shipped()
        self._template = self._templates.get("orchestration", scenario.language)

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        """One of the candidates, OUTSIDE for anybody else, None when it is late, gone or broken."""
        outside = False

        def allowed(choice: Choice) -> bool:
            nonlocal outside
            outside = choice.speaker not in question.candidates
            if outside:
                log.warning("choosing.ignored", extra={"room": self._room})
            return not outside

        made = await structured(
            self._optimizer,
            self._request(question, limit_s),
            Choice,
            default=NOBODY,
            allowed=allowed,
            templates=self._templates,
            limit_s=limit_s,
        )
        if made.defaulted:
            return OUTSIDE if outside else None
        return made.value.speaker

    def _request(self, question: Question, limit_s: float) -> Request:
        scenario = self._scenario
        blocks = self._template.render(
            title=scenario.title,
            roster=_roster(scenario),
            conversation=conversation(
                question.heard[-HEARD_LINES:], self._template, said_chars=SAID_CHARS
            ),
            goal=question.goal,
            candidates=", ".join(question.candidates),
            spoke_last=question.spoke_last or "-",
        )
        return Request(
            task=TaskType.ORCHESTRATION,
            messages=compile_prompt(blocks),
            max_tokens=MAX_TOKENS,
            temperature=0.0,
            deadline_s=limit_s,
            session=self._room,
            session_limit_nano=nano(scenario.limits.cost_usd),
            user=self._user,
            scenario=scenario.id,
            language=scenario.language,
            revision=self._revision,
            template=self._template.ref,
        )


def _roster(scenario: Scenario) -> str:
    """The public face of the cast, an id a line."""
    return "\n".join(
        f"{one.id}: {one.name}, {one.title}" if one.title else f"{one.id}: {one.name}"
        for one in cast_of(scenario)
    )
