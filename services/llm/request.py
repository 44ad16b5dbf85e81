"""One call for words, as data: what is asked, by whom, and by when it must be audible."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class TaskType(StrEnum):
    """What the words are for; later the key to tier, cache and budget."""

    CONVERSATION = "conversation"
    AGENT_RESPONSE = "agent_response"
    AGENT_REACTION = "agent_reaction"
    ORCHESTRATION = "orchestration"
    CREATIVE = "creative"
    ANALYSIS = "analysis"
    SESSION_CONTEXT = "session_context"
    DEBRIEF = "debrief"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call for words.

    `deadline_s` is the time from the call to the first useful word; later than that the words come
    from somewhere else. `session` and `persona` are for the record, never for the vendor.
    """

    task: TaskType
    messages: tuple[Message, ...]
    max_tokens: int = 160
    temperature: float = 0.8
    deadline_s: float = 2.0
    session: str | None = None
    persona: str | None = None
