"""One call for words, as data: what is asked, by whom, for whom, and by when it must be audible."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["fr", "en"]


class TaskType(StrEnum):
    """What the words are for: the key to tier, time to live and budget."""

    CONVERSATION = "conversation"
    AGENT_RESPONSE = "agent_response"
    AGENT_REACTION = "agent_reaction"
    ORCHESTRATION = "orchestration"
    CREATIVE = "creative"
    ANALYSIS = "analysis"
    SESSION_CONTEXT = "session_context"
    DEBRIEF = "debrief"


class Complexity(StrEnum):
    """What the caller knows about how hard the call is; it wins over every rule."""

    SIMPLE = "simple"
    COMPLEX = "complex"


class Scope(StrEnum):
    """Who may be served an answer from the cache, widest first.

    Words that a person said stay in that person's session, or with that user.
    """

    GLOBAL = "global"
    SCENARIO = "scenario"
    USER = "user"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call for words.

    `deadline_s` is the time from the call to the first useful word; later than that the words come
    from somewhere else. `schema` is a JSON Schema as text: the answer must be such JSON. `revision`
    names the scenario's version and `template` the prompt's (`name.fr@3`). `scope` None means the
    narrowest that is known: the session, else the user. `session_limit_nano` is what the scene's
    author lets the session cost, in nano-USD. `moment` names the lines of the deck that may stand
    in for the answer (`agree`, `stall`); None: none may. Ids are for the record, the cache and the
    budgets, never for the vendor. The system messages at the head of `messages` are the stable
    prefix that vendors cache.
    """

    task: TaskType
    messages: tuple[Message, ...]
    max_tokens: int = 160
    temperature: float = 0.8
    deadline_s: float = 2.0
    spoken: bool = False
    complexity: Complexity | None = None
    use_cache: bool = True
    cache_ttl_s: float | None = None
    scope: Scope | None = None
    schema: str | None = None
    session: str | None = None
    session_limit_nano: int | None = None
    user: str | None = None
    scenario: str | None = None
    persona: str | None = None
    language: Language | None = None
    revision: str = ""
    template: str = ""
    moment: str | None = None
