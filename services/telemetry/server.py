"""GET /metrics on its own port, in a thread: all processes of this machine added up.

They count in one folder, named by PROMETHEUS_MULTIPROC_DIR. prometheus_client decides where it
counts when it is first imported, so the launcher sets the variable, and empties the folder, before
any of these processes starts.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from services.core.errors import ConfigError
from services.core.version import VERSION
from services.telemetry.metrics import BUILD_INFO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LIVE_GAUGE = re.compile(r"^gauge_live\w*_(\d+)\.db$")


class _AllProcesses(Collector):
    """What every process counted, the dead ones' scenes left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inner = MultiProcessCollector(None, path=str(folder))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        _forget_dead(self._folder)
        yield from self._inner.collect()  # type: ignore[no-untyped-call]


@contextmanager
def serve_metrics(host: str, port: int) -> Iterator[int]:
    """Serves /metrics while the block runs; gives the port (0 asks for a free one).

    Raises:
        ConfigError: the address is taken or not ours.
    """
    BUILD_INFO.labels(version=VERSION).set(1)
    try:
        server, thread = start_http_server(port, addr=host, registry=_registry())
    except OSError as error:
        raise ConfigError(
            f"REPARTEE_METRICS_HOST, REPARTEE_METRICS_PORT: cannot listen on {host}:{port}"
            f" ({error.strerror})"
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry() -> CollectorRegistry:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return REGISTRY
    registry = CollectorRegistry()
    registry.register(_AllProcesses(Path(folder)))
    return registry


def _forget_dead(folder: Path) -> None:
    """Drops the live gauges of processes that are gone: a killed job plays no scene any more."""
    for file in folder.glob("gauge_live*.db"):
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
