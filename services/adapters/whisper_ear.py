"""The ear that every room uses: a client of the machine's one hearing process.

Starts that process when nobody has, and again when it has died. Holds no model itself.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.core.errors import BackendError, BackendTimeout, NotFound
from services.speech.audio import level
from services.speech.detaching import log_of, opened_log, start_detached
from services.speech.ports import Language
from services.speech.weights import WHISPER_BASE, check_folder, is_packaged
from services.speech.wire import frame, json_frame, parse_json, read_frame

logger = logging.getLogger(__name__)

CONNECT_S = 1.0
START_S = 30.0
"""Joining the packaged weights on the first start takes most of it; a later start 1 s."""

SOCKET_PATH_BYTES = 100
"""Unix socket paths end at 107 bytes on Linux, 103 on macOS."""

SILENT_LEVEL = 0.001
"""An utterance below -60 dBFS is not worth the model's time."""

_ROOT = Path(__file__).parents[2]
RATE_BYTES_PER_S = 32000
MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """Where the hearing process listens, and how to start it."""

    socket: Path
    data_dir: Path
    model_path: Path | None = None
    idle_exit_s: float | None = 900.0

    def command(self) -> list[str]:
        """The command line of the hearing process."""
        line = [sys.executable, "-m", "services.adapters.whisper_host"]
        line += ["--socket", str(self.socket), "--data-dir", str(self.data_dir)]
        if self.model_path is not None:
            line += ["--model", str(self.model_path)]
        if self.idle_exit_s is not None:
            line += ["--idle-exit-s", str(self.idle_exit_s)]
        return line


def socket_path(data_dir: Path) -> Path:
    """The socket of the data folder's hearing process; in the temporary folder when too long."""
    path = data_dir.resolve() / "run" / "whisper.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"repartee-{os.getuid()}" / f"{digest}.sock"


def plan_host(
    data_dir: Path, *, model_path: Path | None = None, idle_exit_s: float | None = 900.0
) -> HostPlan:
    """How hearing works with these settings.

    Raises: NotFound when the model folder lacks a file, or no weights are installed.
    """
    if model_path is not None:
        check_folder(model_path, needs=MODEL_FILES, variable="WHISPER_MODEL_PATH")
    elif not is_packaged(WHISPER_BASE):
        raise NotFound("no Whisper weights are installed: set WHISPER_MODEL_PATH")
    return HostPlan(
        socket=socket_path(data_dir),
        data_dir=data_dir.resolve(),
        model_path=model_path.resolve() if model_path else None,
        idle_exit_s=idle_exit_s,
    )


async def _exchange(socket: Path, header: dict[str, Any], payload: bytes) -> dict[str, Any]:
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(json_frame(header) + frame(payload))
        await writer.drain()
        return parse_json(await read_frame(reader))
    finally:
        writer.close()


async def is_ready(socket: Path) -> bool:
    """Whether a hearing process answers there."""
    try:
        async with asyncio.timeout(CONNECT_S):
            return bool((await _exchange(socket, {"op": "ping"}, b"")).get("ready"))
    except (OSError, TimeoutError, asyncio.IncompleteReadError, BackendError):
        return False


def start_host(plan: HostPlan) -> subprocess.Popen[bytes]:
    """The hearing process as a child of this one, to be ended by the caller."""
    with opened_log(plan.socket) as log:
        return subprocess.Popen(
            plan.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=_ROOT
        )


async def _start(plan: HostPlan) -> None:
    """Raises: BackendError when the hearing process ended before it was ready."""
    code = await start_detached(plan.command(), socket=plan.socket, cwd=_ROOT)
    if code:
        log = log_of(plan.socket)
        raise BackendError(f"the hearing process ended with code {code}: see {log}")


async def ensure_host(plan: HostPlan, *, timeout_s: float = START_S) -> None:
    """Returns once the machine's hearing process answers; starts it if nobody has.

    Safe from many processes at once: one starts it, the others wait for it.

    Raises: BackendError when it ends at once, BackendTimeout when it does not answer in time.
    """
    if await is_ready(plan.socket):
        return
    try:
        async with asyncio.timeout(timeout_s), _starting(plan):
            if not await is_ready(plan.socket):
                await _start(plan)
                logger.info("ear.host_started")
            await _until_ready(plan.socket)
    except TimeoutError:
        raise BackendTimeout(f"the hearing process does not answer at {plan.socket}") from None


async def _until_ready(socket: Path) -> None:
    """Waits for a host that somebody else has started and that may still load its model."""
    while True:
        if await is_ready(socket):
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _starting(plan: HostPlan) -> AsyncIterator[None]:
    """Only one process of the machine starts the host; the others wait."""
    plan.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with plan.socket.with_suffix(".starting").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield


class WhisperEar:
    """Recognises French and English through the machine's hearing process."""

    def __init__(self, plan: HostPlan) -> None:
        self._plan = plan

    @property
    def name(self) -> str:
        """`whisper-base` for the packaged weights, else the model folder's name."""
        return f"whisper-{self._plan.model_path.name}" if self._plan.model_path else "whisper-base"

    def languages(self) -> frozenset[Language]:
        """French and English."""
        return frozenset({"fr", "en"})

    async def warm(self) -> None:
        """Starts the hearing process ahead of the first utterance. Raises: BackendError."""
        await ensure_host(self._plan)

    async def recognise(self, pcm: bytes, *, language: Language) -> str:
        """Text of PCM int16 mono 16 kHz; "" when nothing was said.

        Cancelling withdraws the request. A host that died is started again, once.

        Raises: BackendError with status 429 when too many requests wait, BackendTimeout.
        """
        if level(pcm) < SILENT_LEVEL:
            return ""
        began = time.monotonic()
        limit_s = 5.0 + len(pcm) / RATE_BYTES_PER_S
        answer = await self._ask({"language": language}, pcm, limit_s)
        if "error" in answer:
            status = answer.get("status")
            message = f"the hearing process refused: {answer['error']}"
            raise BackendError(message, retryable=status is None, status=status)
        timing = {"work_s": answer.get("work_s"), "total_s": round(time.monotonic() - began, 4)}
        logger.debug("ear.recognised", extra=timing)
        return str(answer["text"])

    async def _ask(self, header: dict[str, Any], pcm: bytes, limit_s: float) -> dict[str, Any]:
        for attempt in (1, 2):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                try:
                    async with asyncio.timeout(limit_s):
                        return await _exchange(self._plan.socket, header, pcm)
                except TimeoutError:
                    raise BackendTimeout("the hearing process did not answer in time") from None
            if attempt == 1:
                await ensure_host(self._plan)
        raise BackendError("the hearing process went away")

    async def aclose(self) -> None:
        """Nothing: the hearing process is shared and ends by itself when idle."""
