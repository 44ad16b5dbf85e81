"""Free ports on loopback, and waiting until something answers there."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Literal

Kind = Literal["tcp", "udp"]
LOOPBACK = "127.0.0.1"
_POLL_S = 0.05


def is_free(port: int, kind: Kind = "tcp", host: str = LOOPBACK) -> bool:
    """Whether a server could listen on that port now."""
    with _socket(kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int = 0, kind: Kind = "tcp", host: str = LOOPBACK) -> int:
    """The preferred port when it is free, else one that the system picks."""
    if preferred and is_free(preferred, kind, host):
        return preferred
    with _socket(kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


async def http_status(port: int, path: str = "/", host: str = LOOPBACK) -> int:
    """Status of `GET path`; 0 when nothing answers HTTP within a second."""
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode("ascii"))
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def until_answers(
    port: int,
    path: str = "/",
    *,
    limit_s: float,
    alive: Callable[[], bool] = lambda: True,
) -> bool:
    """Wait until `GET path` gives 200; False when `limit_s` passed or `alive` turned false."""
    end = time.monotonic() + limit_s
    while await http_status(port, path) != 200:
        if time.monotonic() > end or not alive():
            return False
        await asyncio.sleep(_POLL_S)
    return True


def _socket(kind: Kind) -> socket.socket:
    stream = kind == "tcp"
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    if stream:  # as servers do: a port in TIME_WAIT is free
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made
