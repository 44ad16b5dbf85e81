"""Where the machine's local model listens, and how it is started: by whoever needs it first."""

import asyncio
import fcntl
import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.adapters.llama.wire import MAX_LINE_BYTES, line, read_line
from services.core.errors import BackendError, BackendTimeout, ConfigError
from services.llm.spec import ModelSpec, Takes, Tier
from services.speech.detaching import log_of, start_detached

log = logging.getLogger(__name__)

EXIT_NO_MODEL = 3
CONNECT_S = 1.0
START_S = 60.0
"""Reading a file of 2 GB from a cold disk takes most of it; from memory 0.1 to 1.4 s."""

CONTEXT_TOKENS = 8192
LINGER_S = 60.0
"""Rooms come and go; reading the model again costs the next one a second."""

IDLE_EXIT_S = 900.0
SOCKET_PATH_BYTES = 100
"""Unix socket paths end at 107 bytes on Linux, 103 on macOS."""

_POLLS, _POLL_S = 20, 0.05
_MAGIC = b"GGUF"
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """The model file, the socket of its process, and when that process ends by itself.

    It ends `linger_s` after the last client, `idle_exit_s` after the last work; None is never.
    """

    socket: Path
    model_path: Path
    context_tokens: int = CONTEXT_TOKENS
    queue_limit: int = 4
    linger_s: float | None = LINGER_S
    idle_exit_s: float | None = IDLE_EXIT_S

    def command(self) -> list[str]:
        """The command line of the model's process."""
        told = [sys.executable, "-m", "services.adapters.llama", "--socket", str(self.socket)]
        told += ["--model", str(self.model_path), "--context", str(self.context_tokens)]
        told += ["--queue", str(self.queue_limit)]
        if self.linger_s is not None:
            told += ["--linger-s", str(self.linger_s)]
        if self.idle_exit_s is not None:
            told += ["--idle-exit-s", str(self.idle_exit_s)]
        return told


def plan_llama(data_dir: Path, model_path: Path, **more: Any) -> HostPlan:
    """How the local model works with these settings; `more` are fields of HostPlan.

    Another file, or the same one replaced, has another process: nobody is answered by a model that
    they did not ask for.

    Raises: ConfigError when the file is missing or no GGUF.
    """
    try:
        with model_path.open("rb") as file:
            magic, state = file.read(len(_MAGIC)), os.fstat(file.fileno())
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise ConfigError(f"LLAMA_MODEL_PATH: {model_path} cannot be read: {cause}") from None
    if magic != _MAGIC:
        raise ConfigError(f"LLAMA_MODEL_PATH: {model_path} is not a GGUF file")
    path = model_path.resolve()
    told = f"{path} {state.st_size} {state.st_mtime_ns} {more.get('context_tokens')}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return HostPlan(socket=_socket_path(data_dir, digest), model_path=path, **more)


def local_spec(model_path: Path, *, context_tokens: int = CONTEXT_TOKENS) -> ModelSpec:
    """The file as a model: it is named after the file, keeps to schemas and continues answers."""
    return ModelSpec(
        id=f"local/{model_path.stem}",
        provider="local",
        model=model_path.stem,
        tier=Tier.LOCAL,
        context_tokens=context_tokens,
        takes=Takes(json="schema", prefill=True),
    )


def _socket_path(data_dir: Path, digest: str) -> Path:
    path = data_dir.resolve() / "run" / f"llama-{digest}.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    whole = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"repartee-{os.getuid()}" / f"{whole}.sock"


async def open_line(plan: HostPlan) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the process. Raises OSError or TimeoutError when it is not there."""
    async with asyncio.timeout(CONNECT_S):
        return await asyncio.open_unix_connection(str(plan.socket), limit=MAX_LINE_BYTES)


async def state_of(plan: HostPlan) -> dict[str, Any] | None:
    """What the process says of itself (`waiting`, `running`, `aborted`, …), None: it is away."""
    try:
        reader, writer = await open_line(plan)
        try:
            writer.write(line({"op": "ping"}))
            async with asyncio.timeout(CONNECT_S):
                return await read_line(reader)
        finally:
            writer.close()
    except (OSError, TimeoutError, BackendError):
        return None


async def is_ready(plan: HostPlan) -> bool:
    """Whether the model's process answers."""
    return bool((await state_of(plan) or {}).get("ready"))


async def ensure_host(plan: HostPlan, *, timeout_s: float = START_S) -> None:
    """Returns once the model's process answers; starts it if nobody has.

    Safe from many processes at once: one starts it, the others wait for it.

    Raises: BackendError (`model`, not to be repeated) when the file cannot be used, BackendTimeout.
    """
    if await is_ready(plan):
        return
    try:
        async with asyncio.timeout(timeout_s), _starting(plan):
            while not await is_ready(plan):
                await _start(plan)
                await _until_ready(plan)
    except TimeoutError:
        raise BackendTimeout("the local model does not start in time", code="timeout") from None


async def _until_ready(plan: HostPlan) -> None:
    """Waits a little for a process that somebody else has started and that still reads its model.

    It may also be one that is dying and still held the lock: then another start is due.
    """
    for _ in range(_POLLS):
        if await is_ready(plan):
            log.info("llama.host_started")
            return
        await asyncio.sleep(_POLL_S)


async def _start(plan: HostPlan) -> None:
    """Raises: BackendError when the process ended before it was ready."""
    code = await start_detached(plan.command(), socket=plan.socket, cwd=_ROOT)
    if code:
        cause = "cannot be used" if code == EXIT_NO_MODEL else f"ended its process with code {code}"
        raise BackendError(
            f"LLAMA_MODEL_PATH: {plan.model_path} {cause}: see {log_of(plan.socket)}",
            retryable=False,
            code="model",
        )


@asynccontextmanager
async def _starting(plan: HostPlan) -> AsyncIterator[None]:
    """Only one process of the machine starts it; the others wait."""
    plan.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with plan.socket.with_suffix(".starting").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield
