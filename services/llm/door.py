"""Calls as other programs write them: plain words and dicts, made into a Request once."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.llm.request import Complexity, Message, Request, TaskType

WHOLE_S = 30.0
"""Time for a whole answer that nobody waits to hear: it comes as one piece."""

AnyMessage = Message | Mapping[str, Any]
"""A message, or what the OpenAI API calls one."""


def request_of(
    messages: Sequence[AnyMessage],
    task_type: TaskType | str = TaskType.CONVERSATION,
    complexity: Complexity | str | None = None,
    *,
    use_cache: bool = True,
    cache_ttl: float | None = None,
    **more: Any,
) -> Request:
    """The request; `cache_ttl` is in seconds, `more` are other fields of Request.

    Raises:
        ValueError: an unknown task, complexity or role, or a message without content.
        TypeError: Request has no such field.
    """
    return Request(
        task=task_type if isinstance(task_type, TaskType) else TaskType(task_type),
        messages=tuple([_message(one) for one in messages]),
        complexity=None if complexity is None else Complexity(complexity),
        use_cache=use_cache,
        cache_ttl_s=cache_ttl,
        **more,
    )


def _message(one: AnyMessage) -> Message:
    if isinstance(one, Message):
        return one
    role, content = one.get("role"), one.get("content")
    if role not in ("system", "user", "assistant") or not isinstance(content, str):
        raise ValueError("a message has a role (system, user or assistant) and a content, as text")
    return Message(role, content)
