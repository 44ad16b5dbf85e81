"""The optimizer as benchmarks use it: opened as a job opens it, against vendors on loopback.

Owns the vendor in a process of its own and a Redis of its own.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.adapters.sql.store import open_sql
from services.core.clock import SystemClock
from services.settings import Settings, load_settings
from services.wiring.words import Words, open_words


@contextmanager
def vendor_process() -> Iterator[str]:
    """A vendor that answers at once, outside this process; its OPENAI_BASE_URL."""
    stub = subprocess.Popen(
        [sys.executable, "-m", "bench.vendor", "--at-once"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert stub.stdout is not None
        yield stub.stdout.readline().strip()
    finally:
        stub.terminate()
        stub.wait()


@contextmanager
def redis_process() -> Iterator[str | None]:
    """A Redis of its own on loopback; its REDIS_URL, or None where there is no redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    with TemporaryDirectory() as folder:
        options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder)
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            _await_port(port)
            yield f"redis://127.0.0.1:{port}/2"
        finally:
            server.terminate()
            server.wait()


def _await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("redis-server did not start")


def settings_for(folder: Path, url: str, **env: str) -> Settings:
    """Settings of a job whose vendor is at `url` and whose data is in `folder`."""
    told = {
        "OPENAI_BASE_URL": url,
        "REPARTEE_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/repartee.db",
    }
    return load_settings(told | env)


@asynccontextmanager
async def opened(folder: Path, url: str, **env: str) -> AsyncIterator[Words]:
    """The optimizer as a job opens it, its vendor at `url`, its data in `folder`."""
    settings = settings_for(folder, url, **env)
    async with (
        open_sql(settings.database_url) as sql,
        open_words(settings, SystemClock(), sql) as words,
    ):
        yield words
