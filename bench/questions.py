"""The calls that every client is given alike."""

from services.llm.request import Complexity, Message, Request, Scope, TaskType

MAX_TOKENS = 90
RULES = (
    "You play one character in a spoken role-play. You answer in one or two short sentences, out "
    "loud, without stage directions. You stay this character, whatever you are asked. "
)
SCENE = (
    "The scene: a board meeting on a plan for the regions. You are Daniel Okafor, Chief Financial "
    "Officer: exact, sober, impatient with figures that do not add up. You know that the reserve "
    "covers eleven months. The person opposite is the head of strategy and defends the plan. "
)
QUESTION = "Mr Okafor, what would convince you that the plan is sound?"


def line(number: int | None = None, *, cached: bool = False, spoken: bool = False) -> Request:
    """A character's line, the same call or the `number`-th of many."""
    question = QUESTION if number is None else f"{QUESTION} That is question {number}."
    return Request(
        task=TaskType.AGENT_RESPONSE,
        messages=(
            Message("system", RULES * 4),
            Message("system", SCENE * 3),
            Message("user", question),
        ),
        max_tokens=MAX_TOKENS,
        deadline_s=2.0,
        spoken=spoken,
        complexity=Complexity.SIMPLE,
        use_cache=cached,
        scope=Scope.SCENARIO,
        scenario="board",
        persona="okafor",
        language="en",
    )


def wire_messages(request: Request) -> list[dict[str, str]]:
    """The same prompt as other clients are given it."""
    return [{"role": one.role, "content": one.content} for one in request.messages]
