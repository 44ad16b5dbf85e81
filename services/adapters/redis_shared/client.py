"""The way to Redis for the cache and the purse: one connection, and a gate before it.

The gate is what a call pays when Redis is dead or slow: the first one waits `timeout_s` at most,
all others fail at once until Redis has answered a PING in that time again.
"""

import asyncio
import hashlib
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import hiredis

from services.adapters.redis_shared.address import Address, parse_address
from services.adapters.redis_shared.wire import Command, Wire
from services.core.errors import BackendError, BackendTimeout
from services.llm.ports import Observer

logger = logging.getLogger(__name__)

_PAUSE_S = 0.5
_CONNECT_S = 1.0
_IDLE_S = 10.0
_UNFIT = frozenset(
    {"LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "BUSY", "NOAUTH", "WRONGPASS"}
)
"""Refusals that say that the server as a whole cannot serve now, whatever it is asked."""

Value = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script that runs in Redis as one step."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


class RedisLink:
    """Calls to one Redis. It connects at the first call, or in `open`, and stays connected.

    Raises:
        ConfigError: the URL is none.
    """

    def __init__(
        self, url: str, *, timeout_s: float = 0.025, observer: Observer | None = None
    ) -> None:
        self._address: Address = parse_address(url)
        self._timeout_s = timeout_s
        self._observer = observer
        self._wire: Wire | None = None
        self._away = False
        self._tried = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def away(self) -> bool:
        """Whether calls fail at once: Redis did not answer lately."""
        return self._away

    async def open(self) -> bool:
        """Connects, which takes a second at most; whether Redis answered. Need not be called."""
        self._begin()
        await self._tried.wait()
        return not self._away

    async def call(self, *command: Value) -> Any:
        """The reply to one command: bytes, int, None or a list of them.

        A caller that is cancelled disturbs nobody. A call that failed may have been carried out.

        Raises:
            BackendError: Redis is away, ended the connection or refused; code `redis`.
            BackendTimeout: it did not answer within `timeout_s`.
        """
        wire = self._wire or await self._first()
        reply = await wire.send(command)
        if isinstance(reply, hiredis.ReplyError):
            raise self._refusal(reply)
        return reply

    async def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """The replies to several commands, sent together. Raises as `call`, after the last."""
        if not commands:
            return []
        wire = self._wire or await self._first()
        futures = [wire.send(command) for command in commands]
        try:
            await asyncio.wait(futures)
        except asyncio.CancelledError:
            for future in futures:
                future.add_done_callback(_seen)
                future.cancel()
            raise
        failures = [future.exception() for future in futures]
        for failure in failures:
            if failure is not None:
                raise failure
        replies = [future.result() for future in futures]
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                raise self._refusal(reply)
        return replies

    async def eval(self, script: Script, keys: Sequence[str], args: Sequence[Value] = ()) -> Any:
        """The script's reply. Its text is sent only to a server that does not know it yet."""
        wire = self._wire or await self._first()
        reply = await wire.send(("EVALSHA", script.sha, len(keys), *keys, *args))
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = await wire.send(("EVAL", script.text, len(keys), *keys, *args))
        if isinstance(reply, hiredis.ReplyError):
            raise self._refusal(reply)
        return reply

    async def aclose(self) -> None:
        """Ends the connection and the task that keeps it; calls fail afterwards."""
        self._closed = self._away = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _begin(self) -> None:
        if self._keeper is None and not self._closed:
            self._keeper = asyncio.create_task(self._keep(), name="redis-link")

    async def _first(self) -> Wire:
        """The connection while there is none: the very first call waits for it, later ones fail."""
        if not self._away:
            self._begin()
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._tried.wait()
            except TimeoutError:
                self._mark_away("timeout")
        if self._wire is None:
            raise BackendError("Redis is away", code="redis")
        return self._wire

    async def _keep(self) -> None:
        """Connects, again every half second while Redis is away, and watches an idle connection."""
        while True:
            self._lost.clear()
            try:
                self._wire = await self._connect()
            except (OSError, BackendError) as error:
                self._mark_away(type(error).__name__)
            except Exception as error:
                logger.exception("redis.connect_failed")
                self._mark_away(type(error).__name__)
            else:
                self._mark_back()
            self._tried.set()
            if self._wire is not None:
                await self._watch(self._wire)
            await asyncio.sleep(_PAUSE_S)

    async def _watch(self, wire: Wire) -> None:
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._lost.wait()
            except TimeoutError:
                wire.send(("PING",)).add_done_callback(_seen)

    async def _connect(self) -> Wire:
        """A connection on which Redis has just answered as fast as calls need it."""
        loop = asyncio.get_running_loop()
        at = self._address

        def made() -> Wire:
            return Wire(timeout_s=self._timeout_s, lost=self._on_lost)

        try:
            async with asyncio.timeout(_CONNECT_S):
                if at.path is not None:
                    transport, wire = await loop.create_unix_connection(made, at.path)
                else:
                    transport, wire = await loop.create_connection(
                        made, at.host, at.port, ssl=at.tls
                    )
                    sock = transport.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except TimeoutError:
            raise BackendTimeout("Redis cannot be reached in time", code="redis") from None
        try:
            for command in at.greeting():
                reply = await wire.send(command)
                if isinstance(reply, hiredis.ReplyError):
                    raise _refused(reply)
        except BaseException:
            wire.close()
            raise
        return wire

    def _on_lost(self, wire: Wire, cause: str) -> None:
        if wire is self._wire:
            self._wire = None
            self._mark_away(cause)
            self._lost.set()

    def _refusal(self, reply: hiredis.ReplyError) -> BackendError:
        if _word(reply) in _UNFIT and self._wire is not None:
            self._wire.close()
            self._on_lost(self._wire, _word(reply).lower())
        return _refused(reply)

    def _mark_away(self, cause: str) -> None:
        if not self._away:
            self._away = True
            logger.warning("redis.away", extra={"cause": cause})
            if self._observer is not None:
                self._observer.event("redis_away", cause=cause)

    def _mark_back(self) -> None:
        if self._away:
            self._away = False
            logger.info("redis.back")
            if self._observer is not None:
                self._observer.event("redis_back")


def _word(reply: hiredis.ReplyError) -> str:
    return str(reply).partition(" ")[0]


def _refused(reply: hiredis.ReplyError) -> BackendError:
    """Only the first word: the rest of a refusal may quote what was sent."""
    return BackendError(f"Redis refused: {_word(reply)}", code="redis")


def _seen(future: "asyncio.Future[Any]") -> None:
    """Takes note of a failure that the connection's end has already told."""
    if not future.cancelled():
        future.exception()
