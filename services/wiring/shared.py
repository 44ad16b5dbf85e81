"""Settings to what the processes of several sessions share: the cache's second level, the purse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.adapters.embedded.cache import CACHE_TABLES, SqliteCache
from services.adapters.embedded.file import open_shared_file
from services.adapters.embedded.purse import TABLES as PURSE_TABLES
from services.adapters.embedded.purse import SqlitePurse
from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.cache.key import Keys
from services.llm.ports import Observer, Purse, SharedCache
from services.settings import Settings
from services.wiring.secret import cache_secret

if TYPE_CHECKING:
    from services.adapters.redis_shared.client import RedisLink

_AGREED_KEY = "llm:cache-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Both, open; `place` tells a person where they are."""

    cache: SharedCache
    purse: Purse
    secret: bytes
    place: str


async def open_shared(
    settings: Settings, clock: Clock, observer: Observer | None, parts: AsyncExitStack
) -> Shared:
    """Redis when it is set, else a file in the data folder, which one machine's processes share.

    Raises: ConfigError, BackendError when the file cannot be used.
    """
    if settings.redis_url is None:
        tables = (*CACHE_TABLES, *PURSE_TABLES)
        file = await open_shared_file(settings.data_dir, tables=tables)
        parts.push_async_callback(file.aclose)
        purse = SqlitePurse(file, clock)
        parts.push_async_callback(purse.aclose)
        return Shared(
            cache=SqliteCache(file, clock),
            purse=purse,
            secret=cache_secret(settings),
            place=str(file.path),
        )
    from services.adapters.redis_shared.cache import RedisCache
    from services.adapters.redis_shared.client import RedisLink
    from services.adapters.redis_shared.purse import RedisPurse

    link = RedisLink(settings.redis_url, observer=observer)
    parts.push_async_callback(link.aclose)
    await link.open()
    secret = await _agreed(link, settings)
    return Shared(
        cache=RedisCache(link), purse=RedisPurse(link, clock), secret=secret, place="Redis"
    )


async def _agreed(link: "RedisLink", settings: Settings) -> bytes:
    """The secret of all who use that Redis: the operator's, else that of whoever came first.

    While Redis is away it is the data folder's own: no answer is shared then anyhow.
    """
    own = cache_secret(settings)
    if settings.cache_secret is not None:
        return own
    try:
        await link.call("SET", _AGREED_KEY, own, "NX")
        agreed = await link.call("GET", _AGREED_KEY)
    except BackendError:
        return own
    return agreed if isinstance(agreed, bytes) else own


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCache:
    """The cache that all processes share, and the keys under which they find answers there."""

    cache: SharedCache
    keys: Keys
    place: str


@asynccontextmanager
async def open_cache(settings: Settings, clock: Clock) -> AsyncIterator[OpenCache]:
    """Only the cache, for a command: no database, no vendor. Raises as `open_shared`."""
    async with AsyncExitStack() as parts:
        shared = await open_shared(settings, clock, None, parts)
        yield OpenCache(cache=shared.cache, keys=Keys(shared.secret), place=shared.place)
