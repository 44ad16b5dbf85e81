"""Forgetting answers that must not be served again, with the certainty that they are gone.

The cache fails open: one that is away forgets nothing and says so to nobody. So a probe goes in
with the same tag first, and a purge counts only if the probe was among what it found.
"""

from secrets import token_hex

from services.core.errors import BackendError
from services.llm.cache.stored import encode
from services.llm.ports import SharedCache

_PROBE_S = 60.0
_ROUNDS = 2
"""The second one finds what was written during the first, or that the cache went away in it."""


async def purge(cache: SharedCache, tag: str) -> int:
    """Forgets every entry that carries the tag (`Keys.tag`); how many there were.

    Raises: BackendError when it is not certain that all of them are gone.
    """
    total = 0
    for _ in range(_ROUNDS):
        await _probe(cache, tag)
        found = await cache.purge(tag)
        if not found:
            raise BackendError("the cache does not answer: what it holds may still be served")
        total += found - 1
    return total


async def sweep(cache: SharedCache) -> int:
    """Forgets what has expired and what an older schema wrote; how many.

    Raises: BackendError when the cache does not answer.
    """
    swept = await cache.sweep()
    key = await _probe(cache)
    if await cache.get(key) is None:
        raise BackendError("the cache does not answer: nothing is certain to be swept")
    await cache.drop(key)
    return swept


async def _probe(cache: SharedCache, *tags: str) -> str:
    """An empty shelf, and the key under which it stands."""
    key = f"llm:cache:{token_hex(16)}:probe:purge"
    await cache.put(key, encode(()), ttl_s=_PROBE_S, tags=tags)
    return key
