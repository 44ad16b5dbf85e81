"""One of several processes on one cache: keeps answers, then prints which of all it finds."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.adapters.embedded.cache import CACHE_TABLES, SqliteCache
from services.adapters.embedded.file import open_shared_file
from services.adapters.redis_shared.cache import RedisCache
from services.adapters.redis_shared.client import RedisLink
from services.core.clock import SystemClock
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import CacheKey
from services.llm.cache.stored import StoredAnswer, fingerprint
from services.llm.ports import SharedCache

ANSWERS = 25
SAME = CacheKey("llm:cache:same:m:t", ("model:m",), None, shared=True)


def key_of(process: str, number: int) -> CacheKey:
    return CacheKey(f"llm:cache:{process}{number}:m:t", ("model:m",), None, shared=True)


def answer(text: str) -> StoredAnswer:
    now = SystemClock().now()
    return StoredAnswer(
        text=text,
        model="stub/m",
        provider="stub",
        fingerprint=fingerprint(text),
        at=now,
        until=now,
    )


@asynccontextmanager
async def opened(where: str) -> AsyncIterator[SharedCache]:
    """A Redis by its URL, or the file of a folder."""
    if "://" in where:
        link = RedisLink(where, timeout_s=5)
        yield RedisCache(link)
        await link.aclose()
    else:
        file = await open_shared_file(Path(where), tables=CACHE_TABLES)
        yield SqliteCache(file, SystemClock())
        await file.aclose()


async def main(where: str, name: str, others: str) -> None:
    async with opened(where) as shared:
        cache = AnswerCache(shared, SystemClock(), random.Random(1))
        for number in range(ANSWERS):
            cache.keep(key_of(name, number), answer(f"{name} {number}"), 60)
            cache.keep(SAME, answer(f"même ligne {name} {number}"), 60)
        await cache.aclose()
        await asyncio.to_thread(sys.stdout.write, "written\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        found = [
            hit.answer.text
            for other in others.split(",")
            for number in range(ANSWERS)
            if (hit := await cache.find(key_of(other, number)))
        ]
        same = await cache.find(SAME)
    await asyncio.to_thread(
        sys.stdout.write, json.dumps({"found": found, "same": same.answer.text if same else None})
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
