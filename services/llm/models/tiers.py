"""Which tier answers a call: one rule after another, the first that fits decides.

Pure. Owns the rules and their names, which stand in outcomes, the ledger and the stats. Two wishes
meet here: long contexts go to the advanced tier, and a character's answer stays on the cheap one
although its prompt describes a whole scene. So the length of the context is asked only of tasks
that must understand it: a conversation and the tasks that read a session.
"""

from typing import NamedTuple

from services.llm.models.questions import is_closed
from services.llm.models.thresholds import Thresholds
from services.llm.request import Complexity, Request, TaskType
from services.llm.spec import Tier

SIMPLE_CHARS = 400
"""A person's message in a simple conversation is at most that long: about a minute of speech."""

_BY_COMPLEXITY = {Complexity.SIMPLE: Tier.CHEAP, Complexity.COMPLEX: Tier.ADVANCED}
_BY_TASK = {
    TaskType.ORCHESTRATION: Tier.ADVANCED,
    TaskType.CREATIVE: Tier.ADVANCED,
    TaskType.AGENT_REACTION: Tier.CHEAP,
}
_READS_CONTEXT = frozenset(
    {TaskType.CONVERSATION, TaskType.ANALYSIS, TaskType.SESSION_CONTEXT, TaskType.DEBRIEF}
)
_JUDGES = frozenset({TaskType.ANALYSIS, TaskType.DEBRIEF})
_TALKS = frozenset({TaskType.CONVERSATION, TaskType.AGENT_RESPONSE})


class Choice(NamedTuple):
    """A tier, and the rule that chose it."""

    tier: Tier
    rule: str


def choose(
    request: Request,
    *,
    expected_tokens: int,
    prompt_tokens: int,
    thresholds: Thresholds,
    enabled: bool,
) -> Choice:
    """The call's tier. `expected_tokens` is the answer's length, `prompt_tokens` the context's.

    The rules in order: `selection_disabled`, `explicit_simple|complex`, `task_orchestration`,
    `task_creative`, `task_agent_reaction`, `closed_question`, `long_context`, `complex_analysis`,
    `short_answer`, `spoken_answer`, `simple_conversation`, `default`.
    """
    if not enabled:
        return Choice(Tier.ADVANCED, "selection_disabled")
    if request.complexity is not None:
        return Choice(_BY_COMPLEXITY[request.complexity], f"explicit_{request.complexity.value}")
    task = request.task
    tier = _BY_TASK.get(task)
    if tier is not None:
        return Choice(tier, f"task_{task.value}")
    long = task in _READS_CONTEXT and prompt_tokens > thresholds.context_tokens
    if (task in _TALKS or not long) and is_closed(_asked(request), request.language):
        return Choice(Tier.CHEAP, "closed_question")
    if long:
        return Choice(Tier.ADVANCED, "long_context")
    short = expected_tokens < thresholds.cheap_tokens
    if task in _JUDGES and not (short and request.schema is None):
        return Choice(Tier.ADVANCED, "complex_analysis")
    if short:
        return Choice(Tier.CHEAP, "short_answer")
    if task is TaskType.AGENT_RESPONSE and request.spoken:
        return Choice(Tier.CHEAP, "spoken_answer")
    if task is TaskType.CONVERSATION and len(_asked(request)) <= SIMPLE_CHARS:
        return Choice(Tier.CHEAP, "simple_conversation")
    return Choice(Tier.ADVANCED, "default")


def _asked(request: Request) -> str:
    """The last thing that was said to the model."""
    for message in reversed(request.messages):
        if message.role == "user":
            return message.content
    return ""
