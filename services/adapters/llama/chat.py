"""ChatModel over the machine's local model: a client of the one process that owns it.

Starts that process when nobody has, and again when it has died. Holds no model itself.
"""

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
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

TAKEN_S = 2.0
"""The process takes or refuses a request at once, whatever the model is doing."""

_GRACE_S = 5.0
_REST_S = 30.0
"""A model that could not be started is left alone for this long: each try costs a second."""


class LlamaChat:
    """One GGUF file. `spec` is the data about it; see `local_spec`."""

    def __init__(self, spec: ModelSpec, plan: HostPlan) -> None:
        self._spec = spec
        self._plan = plan
        self._held: StreamWriter | None = None
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
        reader, writer, taken = await self._taken(told)
        message: dict[str, Any] | None = taken
        opened = False
        try:
            while message is not None:
                if "error" in message:
                    raise error_of(message)
                if "text" in message:
                    opened = True
                    yield Delta(text=str(message["text"]))
                elif "finish" in message:
                    yield Delta(finish=str(message["finish"]), usage=usage_of(message["usage"]))
                    return
                message = await _next(reader, request.deadline_s + limit_s + _GRACE_S)
        finally:
            writer.transport.abort()
        raise BackendError("the local model's process died", code="cut" if opened else "reset")

    async def aclose(self) -> None:
        """Lets the process go; it ends when nobody else needs it."""
        if self._held is not None:
            self._held.close()
            self._held = None

    async def _taken(self, told: bytes) -> tuple[StreamReader, StreamWriter, dict[str, Any]]:
        """A connection over which the request was taken, or refused: its first line.

        A process that went away before it took the request is started, once.
        """
        for _ in range(2):
            try:
                if self._held is None or self._held.is_closing():
                    self._held = await self._hold()
                reader, writer = await open_line(self._plan)
            except (OSError, TimeoutError):
                await self._ensure()
                continue
            try:
                writer.write(told)
                first = await _next(reader, TAKEN_S)
            except BaseException:
                writer.transport.abort()
                raise
            if first is not None:
                return reader, writer, first
            writer.transport.abort()
            await self._ensure()
        raise BackendError("the local model cannot be reached", code="connection")

    async def _hold(self) -> StreamWriter:
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


async def _next(reader: StreamReader, limit_s: float) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(limit_s):
            return await read_line(reader)
    except TimeoutError:
        raise BackendTimeout("the local model does not answer", code="timeout") from None
    except OSError:
        return None
