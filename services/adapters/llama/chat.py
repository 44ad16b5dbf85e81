"""ChatModel over the machine's local model: a client of the one process that owns it.

Starts that process when nobody has, and again when it has died. Holds no model itself.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

from services.adapters.llama.plan import HostPlan, ensure_host, open_line
from services.adapters.llama.wire import asked_of, chat_line, error_of, line, read_line, usage_of
from services.core.errors import BackendError, BackendTimeout
from services.llm.ports import Delta
from services.llm.request import Request
from services.llm.spec import ModelSpec

log = logging.getLogger(__name__)

SPOKEN_LIMIT_S = 60.0
WHOLE_LIMIT_S = 600.0
"""How long the model may work on an answer: a debrief on a CPU takes minutes."""

_GRACE_S = 5.0
_REST_S = 30.0
"""A model that could not be started is left alone for this long: each try costs a second."""


class LlamaChat:
    """One GGUF file. `spec` is the data about it; see `local_spec`."""

    def __init__(self, spec: ModelSpec, plan: HostPlan) -> None:
        self._spec = spec
        self._plan = plan
        self._held: asyncio.StreamWriter | None = None
        self._failed: BackendError | None = None
        self._failed_until_s = 0.0

    @property
    def name(self) -> str:
        return self._spec.model

    async def warm(self) -> None:
        """Starts the model ahead of the first call. Never fails: the first call will tell."""
        try:
            await self._ensure()
        except BackendError as error:
            log.warning("llama.not_warmed", extra={"code": error.code})

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer, piece by piece. Closing it early withdraws the request.

        Raises: BackendError: `busy` when it would wait longer than its deadline, `context`,
        `schema`, `model` (the file cannot be used), `cut` when the process died, `timeout`.
        """
        limit_s = SPOKEN_LIMIT_S if request.spoken else WHOLE_LIMIT_S
        told = chat_line(asked_of(request, limit_s=limit_s))
        reader, writer = await self._connected()
        opened = False
        try:
            writer.write(told)
            while True:
                message = await self._next(reader, request.deadline_s + limit_s + _GRACE_S)
                if message is None:
                    raise _gone(opened=opened)
                if "error" in message:
                    raise error_of(message)
                opened = True
                yield _delta(message)
                if "finish" in message:
                    return
        finally:
            writer.transport.abort()

    async def aclose(self) -> None:
        """Lets the process go; it ends when nobody else needs it."""
        if self._held is not None:
            self._held.close()
            self._held = None

    async def _next(self, reader: asyncio.StreamReader, limit_s: float) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(limit_s):
                return await read_line(reader)
        except TimeoutError:
            raise BackendTimeout("the local model does not answer", code="timeout") from None
        except OSError:
            return None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(2):
            try:
                if self._held is None or self._held.is_closing():
                    self._held = await self._hold()
                return await open_line(self._plan)
            except (OSError, TimeoutError):
                await self._ensure()
        raise BackendError("the local model cannot be reached", code="connection")

    async def _hold(self) -> asyncio.StreamWriter:
        """A connection that says: somebody may still need the model."""
        _, writer = await open_line(self._plan)
        writer.write(line({"op": "hold"}))
        return writer

    async def _ensure(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._failed is not None and now_s < self._failed_until_s:
            raise self._failed
        try:
            await ensure_host(self._plan)
            self._failed = None
        except BackendError as error:
            self._failed, self._failed_until_s = error, now_s + _REST_S
            raise


def _delta(message: dict[str, Any]) -> Delta:
    if "finish" not in message:
        return Delta(text=str(message["text"]))
    return Delta(finish=str(message["finish"]), usage=usage_of(message["usage"]))


def _gone(*, opened: bool) -> BackendError:
    return BackendError("the local model's process died", code="cut" if opened else "reset")
