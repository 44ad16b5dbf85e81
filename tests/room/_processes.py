"""The processes of a house, found by what they were started with; tests end them as crashes do."""

import os
import signal
from pathlib import Path

from bench.house import House


def worker(house: House) -> int:
    """The worker's main process, also after a restart. Raises: LookupError while there is none."""
    for pid in _of(house):
        if b"livekit.agents\0start" in _read(pid, "cmdline"):
            return pid
    raise LookupError("no worker")


def players(house: House) -> list[int]:
    """Job processes that are in a room: those with a UDP socket, where the sound goes."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    sockets = {f"socket:[{line.split()[9]}]" for line in lines}
    return [pid for pid in _of(house) if sockets & _open_files(pid)]


def kill(*pids: int) -> None:
    """Ends these as a crash would."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _of(house: House) -> list[int]:
    mark = f"REPARTEE_DATA_DIR={house.data_dir}\0".encode()
    pids = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if mark in _read(pid, "environ")]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _open_files(pid: int) -> set[str]:
    found = set()
    try:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.add(str(file.readlink()))
            except OSError:
                continue
    except OSError:
        return set()
    return found
