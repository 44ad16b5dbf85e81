"""One child process: its own process group, its output in a log file, an end that leaves nobody."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KEPT_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What to run. `stop_s` seconds lie between a polite SIGTERM and the group's SIGKILL."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    stop_s: float = 3.0


class Child:
    """A process that can be started again after it ended."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.started_s = 0.0
        self._log_start = 0
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the last start; 0 before the first."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it; the kernel ends it should this process die without ending it.

        Raises: OSError when the program cannot be started.
        """
        self._starting = asyncio.create_task(self._spawn())
        await asyncio.shield(self._starting)  # a start cut short would leave a child unknown to us

    async def wait(self) -> int:
        """Its exit status, once it ended; what it left in its group is ended too."""
        if self._process is None:
            return 0
        status = await self._process.wait()
        self._signal_group(signal.SIGKILL)
        return status

    async def stop(self, limit_s: float | None = None) -> None:
        """SIGTERM to the process, then SIGKILL to its whole group after `limit_s` (`stop_s`)."""
        await self._started()
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.spec.stop_s if limit_s is None else limit_s):
                await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL to the whole group, at once."""
        await self._started()
        if self._process is None:
            return
        self._signal_group(signal.SIGKILL)
        await self._process.wait()

    def output(self) -> str:
        """What it wrote to its log since the last start."""
        try:
            with self.spec.log.open("rb") as log:
                log.seek(self._log_start)
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def last_lines(self) -> str:
        """The end of its output, for a person who must find out what failed."""
        return "\n".join(self.output().splitlines()[-KEPT_LINES:])

    async def _spawn(self) -> None:
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        with self.spec.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *_tied_to_us(self.spec.argv),
                env=dict(self.spec.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started_s = time.monotonic()

    async def _started(self) -> None:
        if self._starting is not None:
            await asyncio.wait({self._starting})

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _tied_to_us(argv: tuple[str, ...]) -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", *argv) if setpriv else argv
