"""What a model says: a chunk or an answer of the OpenAI wire as a Delta, checked on the way."""

import math
from typing import Any, Literal

from services.core.errors import BackendError
from services.llm.outcome import Usage
from services.llm.ports import Delta

_MOST_TOKENS = 100_000_000
"""A count above this is a vendor's mistake, not usage: no context is that long."""


def delta_of(data: Any, part: Literal["delta", "message"]) -> Delta | None:
    """A chunk (`delta`) or a whole answer (`message`); None when it says nothing.

    Raises:
        BackendError: `malformed`, or `filter` for a refusal.
    """
    try:
        told = data.get("usage")
        usage = _usage(told) if told else None
        choices = data.get("choices")
        if not choices:
            return Delta(usage=usage) if usage else None
        choice = choices[0]
        finish = choice.get("finish_reason")
        message = choice.get(part) or {}
        text = message.get("content") or ""
        refusal = message.get("refusal")
    except (AttributeError, KeyError, TypeError, IndexError):
        raise BackendError("the vendor sent a malformed chunk", code="malformed") from None
    if refusal:
        raise BackendError("the vendor refused", retryable=False, code="filter")
    if not isinstance(text, str) or not (finish is None or isinstance(finish, str)):
        raise BackendError("the vendor sent a malformed chunk", code="malformed")
    if text or finish or usage:
        return Delta(text=text, finish=finish or None, usage=usage)
    return None


def _usage(told: Any) -> Usage | None:
    """What the vendor counted; None when it makes no sense, so that it is estimated instead.

    An answer is never thrown away for its bill.

    Reasoning tokens are inside the completion's. Cached and cache-write tokens are inside the
    prompt's and never more than it.
    """
    if not isinstance(told, dict):
        return None
    prompt, completion = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    details = told.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    cached = min(_count(details.get("cached_tokens")) or 0, prompt)
    written = min(_count(details.get("cache_write_tokens")) or 0, prompt - cached)
    return Usage(
        prompt_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=written,
        completion_tokens=completion,
    )


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= _MOST_TOKENS else None
