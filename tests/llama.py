"""The local model for tests: a tiny file of our own and its real process, ended by its id."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.adapters.llama import HostPlan, LlamaChat, local_spec, plan_llama
from tests.gguf import write_gguf


def tiny_plan(folder: Path, *, gguf: dict[str, Any] | None = None, **more: Any) -> HostPlan:
    """A model file in the folder and the plan of its process, which ends soon when left alone."""
    model = folder / "tiny.gguf"
    if not model.exists():
        write_gguf(model, **(gguf or {}))
    return plan_llama(folder, model, **{"linger_s": 0.5, **more})


def pid_of(plan: HostPlan) -> int:
    """The process that owns the model."""
    return int(plan.socket.with_suffix(".lock").read_text())


def is_alive(pid: int) -> bool:
    """Whether that process still runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def until_gone(pid: int) -> None:
    """Waits for the end of a process. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while is_alive(pid):  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def tiny_chat(plan: HostPlan) -> AsyncIterator[LlamaChat]:
    """A client of the model; the process is ended afterwards."""
    chat = LlamaChat(local_spec(plan.model_path), plan)
    try:
        yield chat
    finally:
        await chat.aclose()
        with contextlib.suppress(OSError, ValueError):
            pid = pid_of(plan)
            os.kill(pid, signal.SIGTERM)
            await until_gone(pid)
