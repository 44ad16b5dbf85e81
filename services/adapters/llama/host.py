"""The model's process at work: clients on a Unix socket, one worker thread, an end when unused.

A client that hangs up withdraws its request. Those who may need the model hold a connection open;
when the last of them has gone, the process ends.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from services.adapters.llama.desk import Desk, Job, busy
from services.adapters.llama.wire import (
    MAX_LINE_BYTES,
    Asked,
    error_line,
    line,
    parse_asked,
    read_line,
)
from services.core.errors import BackendError

log = logging.getLogger(__name__)

REQUEST_S = 10.0
"""How long a client may take to hand over its request."""


class Answers(Protocol):
    """The engine, as the host needs it."""

    def answer(self, asked: Asked, say: Callable[[str], None]) -> dict[str, Any]:
        """In the worker thread: the pieces, then the finish and the usage."""
        ...

    def abort(self) -> None:
        """Ends the answer at hand."""
        ...

    def clear(self) -> None:
        """Before the next one."""
        ...


class Host:
    """Serves one engine until SIGTERM, SIGINT, `stop()`, or until nobody needs it.

    `linger_s` after the last client has gone, and `idle_exit_s` after the last work even if some
    stay; None means never.
    """

    def __init__(
        self,
        engine: Answers,
        *,
        queue_limit: int = 4,
        linger_s: float | None = None,
        idle_exit_s: float | None = None,
    ) -> None:
        self._engine = engine
        self._linger_s = linger_s
        self._idle_exit_s = idle_exit_s
        self._loop = asyncio.get_running_loop()
        self._desk = Desk(queue_limit, self._loop.time)
        self._changed = asyncio.Event()
        self._stopping = False
        self._clients = 0
        self._left_s = self._worked_s = self._loop.time()
        self._counts = {"answered": 0, "aborted": 0, "refused": 0, "failed": 0}

    def stop(self) -> None:
        """Ends the host; the answer at hand is cut."""
        self._stopping = True
        self._changed.set()
        if self._desk.running is not None:
            self._abort(self._desk.running, "aborted")

    async def serve(self, socket: Path, *, ready: Callable[[], None] = lambda: None) -> None:
        """Answers clients; `ready` is called once the socket listens."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):
                self._loop.add_signal_handler(number, self.stop)
        server = await asyncio.start_unix_server(
            self._client, path=str(socket), limit=MAX_LINE_BYTES
        )
        try:
            ready()
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="llama") as thread:
                while not self._stopping:
                    await self._step(thread)
        finally:
            server.close()
            for job in self._desk.clear():
                self._end(job, BackendError("the local model is being stopped", code="busy"))

    async def _step(self, thread: ThreadPoolExecutor) -> None:
        """One answer, or one wait for something to do."""
        self._changed.clear()
        self._refuse_late()
        job = self._desk.begin()
        if job is not None:
            await self._work(job, thread)
            return
        exit_in_s = self._exit_in_s()
        if exit_in_s is not None and exit_in_s <= 0:
            self._stopping = True
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), exit_in_s)

    def _exit_in_s(self) -> float | None:
        now_s, left = self._loop.time(), []
        if self._linger_s is not None and not self._clients:
            left.append(self._linger_s - (now_s - self._left_s))
        if self._idle_exit_s is not None:
            left.append(self._idle_exit_s - (now_s - self._worked_s))
        return min(left) if left else None

    async def _work(self, job: Job, thread: ThreadPoolExecutor) -> None:
        self._engine.clear()
        limit = self._loop.call_later(job.asked.limit_s, self._abort, job, "timeout")
        working = self._loop.run_in_executor(thread, self._answered, job)
        try:
            while not working.done():
                await self._until(working)
                self._refuse_late()
        finally:
            limit.cancel()
            self._desk.running = None
            self._worked_s = self._loop.time()
        self._end(job, working.result())

    async def _until(self, working: asyncio.Future[Any]) -> None:
        """Returns when the work is done, when somebody came, or has waited too long."""
        self._changed.clear()
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait(
                {working, changed},
                timeout=self._desk.late_in_s(),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            changed.cancel()

    def _answered(self, job: Job) -> dict[str, Any] | BackendError:
        """In the worker thread: the last line of the answer."""
        began_s = self._loop.time()
        first_s = 0.0

        def say(text: str) -> None:
            nonlocal first_s
            first_s = first_s or self._loop.time() - began_s
            self._loop.call_soon_threadsafe(job.say, {"text": text})

        try:
            told = self._engine.answer(job.asked, say)
        except BackendError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one bad request must not end the host
            log.warning("llama.host.work_failed", extra={"kind": type(error).__name__})
            return BackendError(f"the local model failed: {type(error).__name__}", code="backend")
        usage, total_s = told["usage"], self._loop.time() - began_s
        self._desk.pace.learn(
            job.asked,
            prompt_tokens=usage["prompt_tokens"],
            tokens=usage["completion_tokens"],
            first_s=first_s or total_s,
            total_s=total_s,
        )
        return {**told, "work_s": round(total_s, 4)}

    def _end(self, job: Job, result: dict[str, Any] | BackendError) -> None:
        """Says the last line and lets the client go."""
        if not isinstance(result, BackendError):
            self._counts["answered"] += 1
        elif job.cause == "timeout":
            self._counts["aborted"] += 1
            result = BackendError("the local model took too long", code="timeout")
        else:
            kind = {"busy": "refused", "aborted": "aborted"}.get(result.code, "failed")
            self._counts[kind] += 1
        job.say({"error": result} if isinstance(result, BackendError) else result)
        job.done.set()

    def _abort(self, job: Job, cause: str) -> None:
        if self._desk.running is job:
            job.cause = job.cause or cause
            self._engine.abort()

    def _refuse_late(self) -> None:
        for job in self._desk.late():
            self._end(job, busy())

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            async with asyncio.timeout(REQUEST_S):
                message = await read_line(reader)
            match (message or {}).get("op"):
                case "ping":
                    writer.write(line(self._state()))
                    await writer.drain()
                case "hold":
                    await reader.read(1)
                case "chat" if message:
                    await self._chat(message, reader, writer)
        except BackendError as error:
            writer.write(error_line(error))
        except (OSError, TimeoutError):
            log.debug("llama.host.client_left")
        finally:
            writer.close()
            self._clients -= 1
            self._left_s = self._loop.time()
            self._changed.set()

    async def _chat(
        self, message: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        def say(told: dict[str, Any]) -> None:
            if not writer.is_closing():
                error = told.get("error")
                writer.write(error_line(error) if error is not None else line(told))

        job = Job(parse_asked(message), self._loop.time(), say)
        try:
            self._desk.join(job)
        except BackendError:
            self._counts["refused"] += 1
            raise
        say({"taken": True})
        self._changed.set()
        waits = {asyncio.ensure_future(job.done.wait()), asyncio.ensure_future(reader.read(1))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not job.done.is_set() and not self._desk.leave(job):
            self._abort(job, "aborted")

    def _state(self) -> dict[str, Any]:
        return {
            "ready": True,
            "waiting": len(self._desk),
            "running": self._desk.running is not None,
            "clients": self._clients,
            **self._counts,
        }
