"""Answers as the cache keeps them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.llm.cache.key import CacheKey
from services.llm.cache.stored import StoredAnswer, fingerprint

NOON = datetime(2026, 11, 21, 9, tzinfo=UTC)
"""When a FakeClock begins."""


def cache_key(text: str = "llm:cache:00:stub-1:agent_reaction", *tags: str) -> CacheKey:
    """A key that level 2 may hold."""
    return CacheKey(text, tags, None, shared=True)


def stored(text: str = "Hm, vraiment ?", *, after_s: float = 0.0, **more: Any) -> StoredAnswer:
    """An answer made `after_s` after NOON, to be served for a minute."""
    at = NOON + timedelta(seconds=after_s)
    known: dict[str, Any] = {
        "text": text,
        "model": "stub/stub-1",
        "provider": "stub",
        "fingerprint": fingerprint(text),
        "at": at,
        "until": at + timedelta(seconds=60),
    }
    return StoredAnswer(**known | more)
