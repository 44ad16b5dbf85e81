"""Guards over every test: a scrubbed environment, no stranger's network, no forgotten task."""

import asyncio
import ipaddress
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import empty_postgres, postgres_folder
from tests.redis_server import _kept_redis, empty_redis, own_redis

__all__ = ["_kept_redis", "empty_postgres", "empty_redis", "own_redis", "postgres_folder"]

_ROOT = Path(__file__).parent.parent
_OURS = re.compile(
    r"^(REPARTEE|LIVEKIT|OPENAI|MISTRAL|SCALEWAY|CELERY|LLM|LLAMA|WHISPER|KOKORO|PROMETHEUS)_"
    r"|^(REDIS|DATABASE)_URL$"
)

for _name in [name for name in os.environ if _OURS.match(name)]:
    del os.environ[_name]


@pytest.fixture(autouse=True)
def _environment_stays_clean() -> Iterator[None]:
    """What the program is told by a person's shell must not decide a test."""
    yield
    left = [name for name in os.environ if _OURS.match(name)]
    for name in left:
        del os.environ[name]
    assert not left, f"a test left variables behind: {left}"


@pytest.fixture(autouse=True)
def _fixed_seed() -> None:
    random.seed(20261121)


@pytest.fixture(autouse=True)
def _network_is_fenced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network in tests/unit, only this machine elsewhere: no vendor is ever called."""
    allowed = _nowhere if _ROOT / "tests" / "unit" in request.path.parents else is_loopback
    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, _fenced(getattr(socket.socket, name), allowed))
    monkeypatch.setattr(socket, "getaddrinfo", _fenced_lookup(socket.getaddrinfo, allowed))


@pytest.fixture(autouse=True)
async def _no_task_is_forgotten() -> AsyncIterator[None]:
    """Whoever starts a task ends it: none of ours is still running when its test is over."""
    yield
    await asyncio.sleep(0)
    left = forgotten_tasks()
    assert not left, f"tasks still running: {left}"


def _nowhere(host: str) -> bool:
    return False


def is_loopback(host: str) -> bool:
    """Whether that host is this machine."""
    if host in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def forgotten_tasks() -> "list[asyncio.Task[Any]]":
    """Tasks of ours that still run; the SDKs' own do not count."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return [task for task in others if _is_ours(task)]


def _fenced(call: Callable[..., Any], allowed: Callable[[str], bool]) -> Callable[..., Any]:
    def guarded(sock: socket.socket, address: Any) -> Any:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not allowed(str(address[0])):
            raise AssertionError(f"a test reaches for the network: {address[0]}")
        return call(sock, address)

    return guarded


def _fenced_lookup(call: Callable[..., Any], allowed: Callable[[str], bool]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if not allowed(name):
            raise AssertionError(f"a test looks up a host: {name}")
        return call(host, *args, **more)

    return guarded


def _is_ours(task: "asyncio.Task[Any]") -> bool:
    code = getattr(task.get_coro(), "cr_code", None) or getattr(task.get_coro(), "ag_code", None)
    file = Path(code.co_filename) if code else Path()
    return _ROOT in file.parents and _ROOT / ".venv" not in file.parents
