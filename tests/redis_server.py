"""A Redis server of the tests' own, on a private socket: it can be killed, frozen and started."""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTED_S = 10.0


class RedisServer:
    """One server. What it held is gone when it was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Database 2 of it."""
        return f"unix://{self._socket}?db=2"

    def start(self, *more: str) -> None:
        """Starts it, with options of redis-server; returns when it answers."""
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: apt-get install redis-server"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir"]
        with (self._folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [program, *options, str(self._folder), *more], stdout=log, stderr=log
            )
        until = time.monotonic() + _STARTED_S
        while not self._answers():
            assert time.monotonic() < until, (self._folder / "log").read_text()
            time.sleep(0.01)

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def nap(self, seconds: int) -> None:
        """It does nothing for that long; needs `--enable-debug-command yes`.

        Returns as soon as it sleeps: what others ask before that is still answered.
        """
        with contextlib.closing(self._connected()) as sock:
            sock.sendall(_packed("DEBUG", "SLEEP", str(seconds)))
            while self._is_awake():
                pass

    def kill(self) -> None:
        """Ends it at once; does nothing when it does not run."""
        if self._child is not None:
            self._signal(signal.SIGKILL)
            self._child.wait(timeout=10)
            self._child = None
        self._socket.unlink(missing_ok=True)

    def ask(self, *command: str) -> bytes:
        """One command over a connection of its own, its reply as it came over the wire."""
        with contextlib.closing(self._connected()) as sock:
            sock.sendall(_packed("SELECT", "2"))
            assert sock.recv(64) == b"+OK\r\n"
            sock.sendall(_packed(*command))
            return sock.recv(1 << 16)

    @property
    def _socket(self) -> Path:
        return self._folder / "redis.sock"

    def _connected(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(2)
        try:
            sock.connect(str(self._socket))
        except OSError:
            sock.close()
            raise
        return sock

    def _answers(self) -> bool:
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def _is_awake(self) -> bool:
        """Whether it answers at once; a connection is taken even while it sleeps."""
        with contextlib.closing(self._connected()) as sock:
            sock.settimeout(0.1)
            sock.sendall(_packed("PING"))
            try:
                return bool(sock.recv(64))
            except TimeoutError:
                return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.send_signal(number)


def _packed(*words: str) -> bytes:
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return f"*{len(parts)}\r\n{''.join(parts)}".encode()


@pytest.fixture(scope="session")
def _kept_redis() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="repartee-redis-"))
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture
def empty_redis(_kept_redis: RedisServer) -> str:
    """The URL of an empty Redis, the same server for all; not to be killed or frozen."""
    assert _kept_redis.ask("FLUSHALL") == b"+OK\r\n"
    return _kept_redis.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server for one test, not started."""
    folder = Path(tempfile.mkdtemp(prefix="repartee-redis-"))
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
