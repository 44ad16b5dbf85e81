"""Starting a machine's host so that it outlives whoever needed it first."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

Ready = Callable[[str], None]
"""Told once, with one line, that the host answers."""


def detached(host: Callable[[Ready], int]) -> int:
    """Runs the host in a process of its own session; returns once it is ready, or its code."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        is_ready = os.read(reading, 1)
        return 0 if is_ready else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(reading)
    os.setsid()

    def ready(line: str) -> None:
        say(line)
        os.write(writing, b"1")

    return host(ready)


def say(line: str) -> None:
    """One line to whoever started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def log_of(socket: Path) -> Path:
    """Where the host of that socket says why it could not start; no speech is in it."""
    return socket.with_suffix(".log")


def opened_log(socket: Path) -> IO[bytes]:
    """That file, to be appended to."""
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return log_of(socket).open("ab")


async def start_detached(command: Sequence[str], *, socket: Path, cwd: Path) -> int:
    """The code with which starting ended: 0 when the host is ready.

    Cancelled, it ends what it started.
    """
    with opened_log(socket) as log:
        child = await asyncio.create_subprocess_exec(
            *command,
            "--detach",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
