"""A character's short reactions as a model is asked for them: by moment, in one answer.

Owns the moments and what goes into the request, which holds nothing that a person said and no
secret: whoever plays the scenario may share the answer. The wording is the template's.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from scenarios.schema import Character, Scenario
from services.core.money import nano
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.request import Complexity, Request, Scope, TaskType

TTL_S = 86_400.0
DEADLINE_S = 20.0
MANNER_LINES = 3

_MAX_TOKENS = 700


class Moment(StrEnum):
    """What a reaction reacts to. `stall`: no answer came, and the floor is given back."""

    AGREE = "agree"
    DISAGREE = "disagree"
    SURPRISE = "surprise"
    DOUBT = "doubt"
    IMPATIENCE = "impatience"
    THINKING = "thinking"
    INTERRUPTED = "interrupted"
    STALL = "stall"


class Reactions(BaseModel):
    """A character's lines by moment, as a model is asked for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agree: tuple[str, ...]
    disagree: tuple[str, ...]
    surprise: tuple[str, ...]
    doubt: tuple[str, ...]
    impatience: tuple[str, ...]
    thinking: tuple[str, ...]
    interrupted: tuple[str, ...]
    stall: tuple[str, ...]


NO_REACTIONS = Reactions(**{str(moment): () for moment in Moment})


def asking(
    scenario: Scenario,
    character: Character,
    revision: str,
    *,
    session: str | None,
    user: str | None,
    templates: TemplateStore | None = None,
) -> Request:
    """The call for all of a character's reactions; `revision` names the scenario's version."""
    template = (templates or shipped()).get("deck", scenario.language)
    temper = character.temper
    manner = (*character.understudy.lines, *character.understudy.reactions)[:MANNER_LINES]
    blocks = template.render(
        title=scenario.title,
        summary=scenario.summary,
        role=scenario.learner.role,
        name=f"{character.name}, {character.title}" if character.title else character.name,
        persona=character.persona,
        temper=", ".join(f"{name} {value:.1f}" for name, value in sorted(temper)),
        manner="\n".join(f"- {line}" for line in manner),
    )
    return Request(
        task=TaskType.AGENT_REACTION,
        messages=compile_prompt(blocks),
        max_tokens=_MAX_TOKENS,
        temperature=0.9,
        deadline_s=DEADLINE_S,
        complexity=Complexity.SIMPLE,
        cache_ttl_s=TTL_S,
        scope=Scope.SCENARIO,
        session=session,
        session_limit_nano=nano(scenario.limits.cost_usd),
        user=user,
        scenario=scenario.id,
        persona=character.id,
        language=scenario.language,
        revision=revision,
        template=template.ref,
    )
