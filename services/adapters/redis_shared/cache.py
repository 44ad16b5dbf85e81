"""Level 2 of the answer cache in Redis: values that expire by themselves, indexes for purges.

Every key of the cache has a TTL, so that `volatile-lfu` evicts these and never a counter. A tag is
a sorted set of keys by expiry (`llm:cache-tag:{tag}`) that outlives none of them by much; where it
was evicted itself, its keys are only forgotten at their end.
"""

import logging
from collections.abc import Sequence

from services.adapters.redis_shared.client import RedisLink, Script
from services.core.errors import BackendError
from services.llm.cache.stored import MARK

logger = logging.getLogger(__name__)

_VALUES = "llm:cache:*"
_TAG = "llm:cache-tag:"
_BATCH = 200

_PUT = Script("""
local ttl = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
for i = 2, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  redis.call('ZADD', KEYS[i], now + ttl, KEYS[1])
  if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end
end
""")

_SWEEP = Script("""
local gone = 0
for i = 1, #KEYS do
  local start = redis.pcall('GETRANGE', KEYS[i], 0, #ARGV[1] - 1)
  if start ~= ARGV[1] or redis.call('PTTL', KEYS[i]) < 0 then
    gone = gone + redis.call('UNLINK', KEYS[i])
  end
end
return gone
""")


class RedisCache:
    """A SharedCache. The link belongs to whoever opened it: the purse uses it too.

    `mark` is how every value of the present schema begins.
    """

    def __init__(self, link: RedisLink, *, mark: bytes = MARK) -> None:
        self._link = link
        self._mark = mark

    async def get(self, key: str) -> bytes | None:
        try:
            value: bytes | None = await self._link.call("GET", key)
        except BackendError:
            return None
        return value

    async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
        keys = [key, *(_TAG + tag for tag in tags)]
        try:
            await self._link.eval(_PUT, keys, [value, max(1, round(ttl_s * 1000))])
        except BackendError as error:
            self._failed("put", error)

    async def drop(self, key: str) -> None:
        try:
            await self._link.call("UNLINK", key)
        except BackendError as error:
            self._failed("drop", error)

    async def purge(self, tag: str) -> int:
        index = _TAG + tag
        gone = 0
        try:
            while keys := await self._link.call("ZRANGE", index, 0, _BATCH - 1):
                removed, _ = await self._link.call_all([("UNLINK", *keys), ("ZREM", index, *keys)])
                gone += removed
        except BackendError as error:
            self._failed("purge", error)
        return gone

    async def sweep(self) -> int:
        """Redis forgets what expired by itself; here goes what an older schema wrote."""
        gone = 0
        cursor = b"0"
        try:
            while True:
                cursor, keys = await self._link.call(
                    "SCAN", cursor, "MATCH", _VALUES, "COUNT", _BATCH
                )
                if keys:
                    names = [key.decode() for key in keys]
                    gone += await self._link.eval(_SWEEP, names, [self._mark])
                if cursor == b"0":
                    return gone
        except BackendError as error:
            self._failed("sweep", error)
            return gone

    async def aclose(self) -> None:
        """Nothing: the link is closed by its owner."""

    def _failed(self, what: str, error: BackendError) -> None:
        """While Redis is away the link has told it once; anything else is told each time."""
        if not self._link.away:
            logger.warning("cache.redis_failed", extra={"what": what, "cause": str(error)})
