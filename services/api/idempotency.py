"""`Idempotency-Key`: a call that starts work is done once, however often a client sends it.

Answers are kept for a day in the cache that the processes share; the key is the caller's own, so
nobody is served another one's answer. Of two processes one does the work, the other waits for it.
While that cache is away a call is simply done again.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Header
from pydantic import BaseModel

from services.api.claims import Claims
from services.api.problems import ProblemError
from services.llm.cache.key import Keys, Tag
from services.llm.cache.stored import MARK
from services.llm.ports import SharedCache

KEPT_S = 86_400.0

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="the same key, the same answer"),
]

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Generic[T]):
    """The kept answer to a key, None when there is none, and where the new one is to be kept."""

    answer: T | None
    keep: Callable[[BaseModel], Awaitable[None]]


class Idempotency:
    """Answers by caller, operation and key."""

    def __init__(self, cache: SharedCache | None, keys: Keys | None, claims: Claims) -> None:
        self._cache = cache
        self._keys = keys
        self._claims = claims
        self._doing: dict[str, tuple[asyncio.Lock, int]] = {}

    async def once(
        self,
        key: str | None,
        *,
        user: str,
        operation: str,
        asked: BaseModel,
        shape: type[T],
        work: Callable[[], Awaitable[T]],
        kept_s: float = KEPT_S,
        tags: Sequence[str] = (),
    ) -> T:
        """The kept answer to that key, or what `work` gives now; one at a time for each key.

        `tags`, besides the user's, are what a purge finds the answer by.

        Raises: ProblemError 422 when the key came with another request before.
        """
        async with self.held(
            key, user=user, operation=operation, asked=asked, shape=shape, kept_s=kept_s, tags=tags
        ) as held:
            if held.answer is not None:
                return held.answer
            answer = await work()
            await held.keep(answer)
            return answer

    @asynccontextmanager
    async def held(
        self,
        key: str | None,
        *,
        user: str,
        operation: str,
        asked: BaseModel,
        shape: type[T],
        kept_s: float = KEPT_S,
        tags: Sequence[str] = (),
    ) -> AsyncIterator["Held[T]"]:
        """The same for work whose answer comes bit by bit: nobody else does it meanwhile.

        Raises: ProblemError 422 when the key came with another request before.
        """
        if key is None:
            yield Held(answer=None, keep=_nowhere)
            return
        name = _digest("idempotency", user, operation, key)
        body = _digest(asked.model_dump_json())

        async def keep(answer: BaseModel) -> None:
            if self._keys is not None:
                own = self._keys.tag(Tag.USER, user)
                await self._keep(name, body, answer, kept_s=kept_s, tags=(own, *tags))

        async with self._alone(name):
            known = await self._kept(name, body, shape)
            if known is not None or self._cache is None:
                yield Held(answer=known, keep=keep)
                return
            async with self._claims.alone(name):
                yield Held(answer=await self._kept(name, body, shape), keep=keep)

    async def _kept(self, name: str, body: str, shape: type[T]) -> T | None:
        raw = await self._cache.get(_stored(name)) if self._cache is not None else None
        if raw is None:
            return None
        try:
            found = json.loads(raw)
            known, answer = found["asked"], shape.model_validate(found["answer"])
        except (ValueError, KeyError, TypeError):
            return None
        if known != body:
            raise ProblemError(
                422, "idempotency_key_reused", "this key came with another request before"
            )
        return answer

    async def _keep(
        self, name: str, body: str, answer: BaseModel, *, kept_s: float, tags: Sequence[str]
    ) -> None:
        if self._cache is not None:
            kept = {"asked": body, "answer": answer.model_dump(mode="json")}
            value = MARK + json.dumps(kept).encode()[1:]
            await self._cache.put(_stored(name), value, ttl_s=kept_s, tags=tags)

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncIterator[None]:
        lock, waiting = self._doing.get(name, (asyncio.Lock(), 0))
        self._doing[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._doing[name]
            self._doing[name] = (lock, waiting - 1)
            if waiting == 1:
                del self._doing[name]


async def _nowhere(answer: BaseModel) -> None:
    """An answer to no key is not kept."""


def _stored(name: str) -> str:
    return f"idempotency:{name}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
