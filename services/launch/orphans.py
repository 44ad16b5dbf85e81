"""Processes that our children leave behind: on Linux they become ours, so that we can end them.

A job process may start a helper that outlives it in a session of its own (the hearing process
does, so that rooms can share it); no process group reaches that one.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
"""Source: linux/prctl.h."""


def adopt_orphans() -> bool:
    """Become the parent of what our children leave behind; False where the system cannot."""
    if sys.platform != "linux":
        return False
    status: int = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return status == 0


def end_orphans() -> int:
    """SIGKILL every child that is still there; how many there were."""
    ended = 0
    while left := _living_children():
        for pid in left:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                ended += 1
    return ended


def _living_children() -> list[int]:
    """Pids whose parent is this process; those that ended already are reaped on the way."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    own = os.getpid()
    return [pid for pid in _pids() if _parent(pid) == own]


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
