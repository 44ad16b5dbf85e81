"""`make run`'s house as a whole: it opens, brings back what dies, and leaves nobody behind."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.launch.ports import http_status

ROOT = Path(__file__).parents[2]
FREE = dict.fromkeys(("REPARTEE_HTTP_PORT", "REPARTEE_WORKER_PORT", "REPARTEE_METRICS_PORT"), "0")
OPEN_S, CLOSE_S = 90, 30


def living(data_dir: Path) -> set[int]:
    """Processes that were started for that data folder, the LiveKit server among them."""
    mark = str(data_dir).encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark in told:
            found.add(int(folder.name))
    return found


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(OPEN_S):
        while not fact():  # noqa: ASYNC110 - the facts are about other processes
            await asyncio.sleep(0.1)


async def launch(data_dir: Path, **env: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.launch", "--json-ready", "--drain-s", "0.5"),
        cwd=ROOT,
        env={**os.environ, **FREE, "REPARTEE_DATA_DIR": str(data_dir), **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    process = await launch(data_dir)
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), OPEN_S)
        yield process, json.loads(line)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), CLOSE_S)


async def test_the_house_opens_brings_back_a_dead_worker_and_leaves_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, ready):
        port = int(ready["http_url"].rpartition(":")[2])
        assert await http_status(port, "/readyz") == 200
        assert await http_status(port, "/") == 200
        assert set(ready["pids"]) >= {"livekit", "app", "worker"}
        assert "secret" not in json.dumps(ready)

        os.kill(ready["pids"]["worker"], signal.SIGKILL)
        log = tmp_path / "logs" / "worker.log"
        await until(lambda: log.read_text("utf-8").count('"registered worker"') == 2)

        second = await launch(tmp_path)
        _, said = await asyncio.wait_for(second.communicate(), OPEN_S)
        assert second.returncode == 2
        assert b"already runs on" in said
    assert living(tmp_path) == set()


async def test_a_launch_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    async with opened(tmp_path) as (process, _):
        assert len(living(tmp_path)) >= 5
        process.kill()
        await until(lambda: living(tmp_path) == set())


async def test_o2_a_misspelt_setting_stops_the_start_and_names_the_nearest(tmp_path: Path) -> None:
    process = await launch(tmp_path, REPARTEE_HTTP_PROT="8000")
    _, said = await asyncio.wait_for(process.communicate(), OPEN_S)
    assert process.returncode == 2
    assert b"REPARTEE_HTTP_PROT: no such setting; nearest: REPARTEE_HTTP_PORT" in said
    assert living(tmp_path) == set()
