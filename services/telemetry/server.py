"""GET /metrics on its own port, in threads: all processes of this machine added up.

They count in one folder, named by PROMETHEUS_MULTIPROC_DIR, and in folders inside it: a worker has
one of its own, since LiveKit empties whatever it is given. prometheus_client decides where it
counts when it is first imported, so the launcher sets the variable, and empties the folder, before
any of these processes starts.
"""

import json
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from services.core.errors import ConfigError
from services.core.version import VERSION
from services.telemetry.metrics import BUILD_INFO

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LIVE_GAUGE = re.compile(r"^gauge_live\w*_(\d+)\.db$")


class Refusal(NamedTuple):
    """Why a caller is not told the metrics; `code` is stable."""

    status: HTTPStatus
    code: str
    detail: str


Door = Callable[[Mapping[str, str]], Refusal | None]
"""Looks at a call's headers (names in lower case); None lets it in. Called in several threads."""


def open_door(_: Mapping[str, str]) -> Refusal | None:
    """Lets everybody in: for an address that only this machine reaches."""
    return None


class _AllProcesses(Collector):
    """What every process counted, the dead ones' scenes left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        _forget_dead(self._folder)
        files = [str(file) for file in self._folder.rglob("*.db")]
        yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]


@contextmanager
def serve_metrics(host: str, port: int, *, door: Door) -> Iterator[int]:
    """Serves /metrics while the block runs; gives the port (0 asks for a free one).

    Raises:
        ConfigError: the address is taken or not ours.
    """
    BUILD_INFO.labels(version=VERSION).set(1)
    try:
        server = _Server(host, port)
    except OSError as error:
        raise ConfigError(
            f"REPARTEE_METRICS_HOST, REPARTEE_METRICS_PORT: cannot listen on {host}:{port}"
            f" ({error.strerror})"
        ) from None
    server.set_app(_guarded(make_wsgi_app(_registry()), door))
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family, address = found[0][0], str(found[0][4][0])
        super().__init__((address, port), _Silent)


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a scrape is no event."""


def _guarded(app: "WSGIApplication", door: Door) -> "WSGIApplication":
    def guarded(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        refusal = door(_headers(environ))
        if refusal is None:
            return app(environ, start)
        status = refusal.status
        headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
        if status is HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", "Bearer"))
        start(f"{status.value} {status.phrase}", headers)
        told = {"type": "about:blank", "title": status.phrase, "status": status.value}
        return [json.dumps(told | {"code": refusal.code, "detail": refusal.detail}).encode()]

    return guarded


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    return {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _registry() -> CollectorRegistry:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return REGISTRY
    registry = CollectorRegistry()
    registry.register(_AllProcesses(Path(folder)))
    return registry


def _forget_dead(folder: Path) -> None:
    """Drops the live gauges of processes that are gone: a killed job plays no scene any more."""
    for file in folder.rglob("gauge_live*.db"):
        found = _LIVE_GAUGE.match(file.name)
        if found and not _alive(int(found[1])):
            file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
