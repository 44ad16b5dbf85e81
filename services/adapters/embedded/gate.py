"""The way into the shared file for callers who cannot wait: another process may keep it locked.

The first call that finds it locked waits a quarter of a second; all others fail at once until a
write has got through again, which is tried every second and holds no call up.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from services.adapters.embedded.file import SharedFile
from services.core.clock import Clock
from services.core.errors import BackendError, BackendTimeout

_REST_S = 1.0
_MOST_WAITS = 8

T = TypeVar("T")


class Gate:
    """Writes to `file`, which whoever opened it closes after this.

    `wait_s` is how long a call waits for other processes' locks. The queue of this process's own
    writes does not count; a disk that hangs does after eight times as long.
    """

    def __init__(self, file: SharedFile, clock: Clock, *, wait_s: float) -> None:
        self._file = file
        self._clock = clock
        self._wait_s = wait_s
        self._try_at_s: float | None = None
        self._trying: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """Passes unless the file was locked when it was last tried.

        Raises:
            BackendError: it was.
        """
        if self._try_at_s is None:
            return
        if self._trying is None and self._clock.monotonic_s() >= self._try_at_s:
            self._trying = asyncio.create_task(self._try(), name="shared-file-gate")
        raise BackendError("the shared file is locked", code="shared_file")

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """As `SharedFile.write`. Whoever gives up has perhaps been served all the same.

        Raises:
            BackendError: locked, disk full, or broken.
            BackendTimeout: nobody knows whether it will be done.
        """
        self.enter()
        writing = self._file.submit(job, wait_s=self._wait_s)
        try:
            for _ in range(_MOST_WAITS):
                await asyncio.wait({writing}, timeout=self._wait_s)
                if writing.done():
                    return writing.result()
                if self._file.locked_s >= self._wait_s:
                    break
            raise BackendTimeout("the shared file is busy", code="shared_file")
        except BackendError:
            if self._file.locked_s > 0 or not writing.done():
                self._rest()
            raise
        finally:
            writing.cancel()

    async def aclose(self) -> None:
        """Ends the task that tries again."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait({self._trying})

    def _rest(self) -> None:
        self._try_at_s = self._clock.monotonic_s() + _REST_S

    async def _try(self) -> None:
        try:
            await self._file.submit(_nothing, wait_s=self._wait_s)
        except BackendError:
            self._rest()
        else:
            self._try_at_s = None
        finally:
            self._trying = None


def _nothing(_: sqlite3.Connection) -> None:
    """Takes the lock and gives it back."""
