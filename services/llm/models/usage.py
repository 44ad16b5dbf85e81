"""What a vendor says it counted, made fit for the ledger.

Vendors have told negative counts, more cached tokens than there were, and none at all. Owns the
repair; where a count had to be changed, the usage is marked as an estimate.
"""

import math
from dataclasses import replace

from services.llm.outcome import Usage

MOST_TOKENS = 10_000_000
"""More than that in one call is a mistake: the largest context on sale holds about a million."""


def sane(usage: Usage) -> Usage:
    """A usage whose counts are whole, not negative, and fit into each other.

    Afterwards `cached_tokens + cache_write_tokens <= prompt_tokens`. A fraction is rounded up; what
    is no number counts as 0. The same object when nothing was wrong with it.
    """
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    cached, write = usage.cached_tokens, usage.cache_write_tokens
    if (
        type(prompt) is type(completion) is type(cached) is type(write) is int
        and cached >= 0
        and write >= 0
        and cached + write <= prompt <= MOST_TOKENS
        and 0 <= completion <= MOST_TOKENS
    ):
        return usage
    prompt = _count(prompt)
    cached = min(_count(cached), prompt)
    repaired = replace(
        usage,
        prompt_tokens=prompt,
        cached_tokens=cached,
        cache_write_tokens=min(_count(write), prompt - cached),
        completion_tokens=_count(completion),
    )
    return replace(repaired, estimated=usage.estimated or _told(repaired) != _told(usage))


def _count(told: object) -> int:
    if isinstance(told, str):
        told = int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else 0
    if isinstance(told, bool) or not isinstance(told, int | float):
        return 0
    if isinstance(told, float):
        told = math.ceil(told) if math.isfinite(told) else 0
    return min(max(told, 0), MOST_TOKENS)


def _told(usage: Usage) -> tuple[object, ...]:
    """The counts; details that were left out are as good as 0."""
    details = (usage.cached_tokens, usage.cache_write_tokens)
    return usage.prompt_tokens, usage.completion_tokens, *((one or 0) for one in details)
