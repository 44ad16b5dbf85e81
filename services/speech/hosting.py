"""One process a machine that owns a heavy engine and works for many clients over a Unix socket.

Owns the socket, the bounded queue, the single worker thread and the end of the process; what the
work is comes as a function. The file lock is held for the host's whole life, so there is one.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.core.errors import BackendError
from services.speech.wire import json_frame, parse_json, read_frame

logger = logging.getLogger(__name__)

Work = Callable[[dict[str, Any], bytes], dict[str, Any]]
"""Header and payload of a request in, the answer out; runs in the worker thread."""

BUSY = {"error": "busy", "status": 429}
REQUEST_S = 10.0
"""How long a client may take to hand over its request."""


class AlreadyRunning(Exception):
    """Another host holds the lock."""


@contextmanager
def sole_owner(socket: Path) -> Iterator[None]:
    """Holds the lock beside the socket, writes the process id into it, clears a dead host's socket.

    Raises: AlreadyRunning.
    """
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with socket.with_suffix(".lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        socket.unlink(missing_ok=True)
        try:
            yield
        finally:
            socket.unlink(missing_ok=True)


@dataclass(slots=True)
class _Job:
    header: dict[str, Any]
    payload: bytes
    answer: asyncio.Future[dict[str, Any]]


@dataclass(slots=True)
class Host:
    """Serves one engine until SIGTERM, SIGINT, `stop()` or an idle time."""

    work: Work
    queue_limit: int = 8
    idle_exit_s: float | None = None
    _queue: deque[_Job] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ends the host after the job at hand."""
        self._stopping.set()
        self._wake.set()

    async def serve(self, socket: Path, *, ready: Callable[[], None] = lambda: None) -> None:
        """Answers clients until it is told to stop; `ready` is called once the socket listens."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(number, self.stop)
        server = await asyncio.start_unix_server(self._client, path=str(socket))
        try:
            ready()
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine") as thread:
                await self._drain(thread)
        finally:
            server.close()
            for job in self._queue:
                job.answer.cancel()

    async def _drain(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            if not self._queue:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), self.idle_exit_s)
                except TimeoutError:
                    return
                continue
            job = self._queue.popleft()
            if job.answer.cancelled():
                continue
            answer = await loop.run_in_executor(thread, self._guarded, job)
            if not job.answer.done():
                job.answer.set_result(answer)

    def _guarded(self, job: _Job) -> dict[str, Any]:
        try:
            return self.work(job.header, job.payload)
        except BackendError as error:
            return {"error": str(error), "status": error.status}
        except Exception as error:  # noqa: BLE001 - one bad request must not end the host
            logger.warning("speech.host.work_failed", extra={"kind": type(error).__name__})
            return {"error": f"the engine failed: {type(error).__name__}", "status": None}

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_S):
                header = parse_json(await read_frame(reader))
                payload = await read_frame(reader)
            answer = await self._answer(header, payload, reader)
            if answer is not None:
                writer.write(json_frame(answer))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            logger.debug("speech.host.client_left")
        except BackendError as error:
            writer.write(json_frame({"error": str(error), "status": error.status or 400}))
        finally:
            writer.close()

    async def _answer(
        self, header: dict[str, Any], payload: bytes, reader: asyncio.StreamReader
    ) -> dict[str, Any] | None:
        """What to say to the client, None when it left before its turn came."""
        if header.get("op") == "ping":
            return {"ready": True, "queued": len(self._queue)}
        if len(self._queue) >= self.queue_limit:
            return dict(BUSY)
        answer = asyncio.get_running_loop().create_future()
        self._queue.append(_Job(header, payload, answer))
        self._wake.set()
        left = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
        if answer.done() and not answer.cancelled():
            return dict(answer.result())
        self._queue = deque(job for job in self._queue if job.answer is not answer)
        answer.cancel()
        return None
