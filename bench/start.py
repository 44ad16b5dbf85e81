"""`make run` from a fresh clone to the printed address, and a second time.

What the package clients keep in their caches is used, as it would be on a machine that has built
anything before; a machine without them also downloads about 600 MB.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.table import Table

READY = b"is ready"
LIMIT_S = 900.0


async def measure() -> Iterable[Table]:
    """One table: the first start and the second."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "repartee"
        git = await asyncio.create_subprocess_exec(
            "git", "clone", "--quiet", "--no-hardlinks", ".", str(clone)
        )
        await git.wait()
        taken = [await _run(clone), await _run(clone)]
    return [
        Table(
            title="make run (seconds to the printed address)",
            columns=("first, fresh clone", "second"),
            rows=((f"{taken[0]:.0f}", f"{taken[1]:.1f}"),),
        )
    ]


async def _run(clone: Path) -> float:
    ports = {"REPARTEE_HTTP_PORT": "0", "REPARTEE_WORKER_PORT": "0", "REPARTEE_METRICS_PORT": "0"}
    began_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *("make", "run"),
        cwd=clone,
        env={**os.environ, **ports, "REPARTEE_DATA_DIR": str(clone / "var")},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            async for line in process.stdout:
                if READY in line:
                    return time.monotonic() - began_s
        raise RuntimeError("make run ended before it was ready")
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGINT)
        await process.wait()
