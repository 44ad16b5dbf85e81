"""What a process pays for the optimizer: import time and memory, beside the SDK and LiteLLM.

`python -m bench.weight job|optimizer FOLDER URL` is one such process; it prints milliseconds of CPU
for its imports and MB of resident memory beyond an empty Python. Without the optimizer it holds
nothing of ours, so that no part of it is taken for granted.
"""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.table import Table

ROUNDS = 5
KINDS = ("job", "optimizer")
JOB = (
    "livekit.agents", "openai.resources", "aiosqlite", "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.sqlite", "pydantic_settings",
)  # fmt: skip
"""What a job process has anyway: LiveKit, the vendor's SDK, a database, settings."""

OPTIMIZER = ("services.wiring.words", "services.adapters.openai_chat")
"""What it loads for the optimizer; the program's settings and its store come with it."""


async def measure() -> Iterable[Table]:
    """One table: what a job process pays for the optimizer, and what it would for LiteLLM."""
    from bench import peers
    from bench.optimizing import vendor_process

    with vendor_process() as url, TemporaryDirectory() as folder:
        await _children("optimizer", folder, url, rounds=1)  # makes the database, warms the files
        before, after = [
            _typical(await _children(what, folder, url, rounds=ROUNDS)) for what in KINDS
        ]
    theirs = [await peers.play("weight", package="litellm", first="openai") for _ in range(ROUNDS)]
    sizes = {
        "a job process: LiveKit agents, openai SDK, database": before,
        "the optimizer beside it": (after[0], after[1] - before[1]),
        "LiteLLM beside the openai SDK": _typical(theirs),
    }
    return [
        Table(
            title="What a process pays",
            columns=("what", "import (ms of CPU)", "memory (MB)"),
            rows=tuple((what, f"{ms:.0f}", f"{mb:.0f}") for what, (ms, mb) in sizes.items()),
            note=(
                f"Of {ROUNDS} processes each, files warm: the least time, the median of resident "
                "memory. The first row is after a call through the plain SDK and a query, the "
                "second after a call through the optimizer: settings, store, price list, caches, "
                "ledger and metrics are in it. LiteLLM is imported only, and told not to wait for "
                "its price list from the network. Job processes that are forked share most of this."
            ),
        )
    ]


async def _children(what: str, folder: str, url: str, *, rounds: int) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "bench.weight", what, folder, url]
    told = [await asyncio.to_thread(subprocess.check_output, command) for _ in range(rounds)]
    return [json.loads(one) for one in told]


def _typical(told: list[dict[str, float]]) -> tuple[float, float]:
    """The least time, since what else the machine does only adds to it, and the middle memory."""
    return min(one["import_ms"] for one in told), median(one["mb"] for one in told)


def resident_mb() -> float:
    """This process's resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def main(what: str, folder: str, url: str) -> dict[str, float]:
    """Imports, then calls once, through the SDK or through the optimizer."""
    before_mb, taken_ms = resident_mb(), _import_ms(JOB)
    if what == "optimizer":
        taken_ms = _import_ms(OPTIMIZER)
    asyncio.run((_optimizer if what == "optimizer" else _sdk)(Path(folder), url))
    return {"import_ms": taken_ms, "mb": resident_mb() - before_mb}


def _import_ms(names: Iterable[str]) -> float:
    """CPU time: that of these imports alone."""
    began = time.process_time()
    for name in names:
        importlib.import_module(name)
    return (time.process_time() - began) * 1000


async def _optimizer(folder: Path, url: str) -> None:
    from bench.optimizing import opened
    from bench.questions import line

    async with opened(folder, url) as words:
        await words.optimizer.respond(line(0))


async def _sdk(folder: Path, url: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    from bench.questions import line
    from bench.sdk import Sdk

    sdk, engine = Sdk(url), create_async_engine(f"sqlite+aiosqlite:///{folder}/plain.db")
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))
    await sdk.whole(line(0))
    await sdk.aclose()
    await engine.dispose()


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4])))
