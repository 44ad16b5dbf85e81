"""Which file of the data folder is the shared one, and the lock under which that changes.

A corrupt file is never renamed or deleted while others may have it open: closing it, SQLite deletes
the write-ahead log *by its name*, which would then be its successor's. So the successor gets a name
of its own: `shared.db`, then `shared.1.db`. Source: sqlite.org/howtocorrupt.html, section 4.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.core.errors import BackendTimeout

_NAME = re.compile(r"shared(?:\.(\d+))?\.db")
_LOCK = "shared.lock"
_LOCK_TRIES = 1_000
_LOCK_POLL_S = 0.01


class Folder:
    """The folder, and the newest shared file in it. All methods block for some microseconds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = -1
        self.path = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes from opening and replacing; makes the folder.

        Raises:
            BackendTimeout: somebody has held the lock for ten seconds.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            for _ in range(_LOCK_TRIES):
                if _locked(handle):
                    break
                time.sleep(_LOCK_POLL_S)
            else:
                raise BackendTimeout("another process keeps the shared file", code="shared_file")
            yield
        finally:
            os.close(handle)

    def find(self) -> None:
        """Turns to the newest file; makes the next one when there is none. Only when `alone`."""
        there = self._numbers()
        self._turn_to(max(there) if there else self._number + 1)

    def advance(self) -> None:
        """Turns to a new file after this one. Only when `alone`."""
        self._turn_to(self._number + 1)

    def moved_on(self) -> bool:
        """Whether this file has a successor or is gone."""
        return self._next.exists() or not self.path.exists()

    def left_behind(self) -> list[Path]:
        """Files of older numbers with their logs, which nobody opens any more."""
        older = [self._named(number) for number in self._numbers() if number < self._number]
        return [
            path
            for one in older
            for path in (one, Path(f"{one}-wal"), Path(f"{one}-shm"))
            if path.exists()
        ]

    def _numbers(self) -> list[int]:
        found = (_NAME.fullmatch(path.name) for path in self._folder.iterdir())
        return [int(match.group(1) or 0) for match in found if match]

    def _turn_to(self, number: int) -> None:
        self._number = number
        self.path = self._named(number)
        self._next = self._named(number + 1)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))

    def _named(self, number: int) -> Path:
        return self._folder / (f"shared.{number}.db" if number else "shared.db")


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
