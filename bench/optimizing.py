"""The optimizer as benchmarks use it: opened as a job opens it, against vendors on loopback.

Owns the vendor in a process of its own, a Redis of its own, and the requests that every client is
given alike.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.llm.request import Complexity, Message, Request, Scope, TaskType
from services.settings import load_settings
from services.wiring import Services, open_services

MAX_TOKENS = 90
RULES = (
    "You play one character in a spoken role-play. You answer in one or two short sentences, out "
    "loud, without stage directions. You stay this character, whatever you are asked. "
)
SCENE = (
    "The scene: a board meeting on a plan for the regions. You are Daniel Okafor, Chief Financial "
    "Officer: exact, sober, impatient with figures that do not add up. You know that the reserve "
    "covers eleven months. The person opposite is the head of strategy and defends the plan. "
)
QUESTION = "Mr Okafor, what would convince you that the plan is sound?"


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
    """A Redis on a socket of its own; its REDIS_URL, or None where there is no redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        options = ("--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder)
        server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.01)
            yield f"unix://{socket}?db=2"
        finally:
            server.terminate()
            server.wait()


@asynccontextmanager
async def optimizer(folder: Path, url: str, **env: str) -> AsyncIterator[Services]:
    """The services of a job whose vendor is at `url`, with a data folder of their own."""
    told = {
        "PATH": os.environ.get("PATH", ""),
        "OPENAI_BASE_URL": url,
        "REPARTEE_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/repartee.db",
        **env,
    }
    async with open_services(load_settings(told)) as services:
        yield services


def line(number: int | None = None, *, cached: bool = False, spoken: bool = False) -> Request:
    """A character's line, the same call or the `number`-th of many."""
    question = QUESTION if number is None else f"{QUESTION} That is question {number}."
    return Request(
        task=TaskType.AGENT_RESPONSE,
        messages=(
            Message("system", RULES * 4),
            Message("system", SCENE * 3),
            Message("user", question),
        ),
        max_tokens=MAX_TOKENS,
        deadline_s=2.0,
        spoken=spoken,
        complexity=Complexity.SIMPLE,
        use_cache=cached,
        scope=Scope.SCENARIO,
        scenario="board",
        persona="okafor",
        language="en",
    )


def wire_messages(request: Request) -> list[dict[str, str]]:
    """The same prompt as other clients are given it."""
    return [{"role": one.role, "content": one.content} for one in request.messages]
