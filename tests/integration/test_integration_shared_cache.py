"""Several real processes on one cache, in Redis and in the data folder."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.integration.shared_cache_worker import ANSWERS

_ROOT = Path(__file__).parents[2]
NAMES = ["a", "b", "c", "d"]


@pytest.fixture(params=["redis", "sqlite"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "data")
    url: str = request.getfixturevalue("empty_redis")
    return url


async def _started(where: str, name: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.shared_cache_worker",
        where,
        name,
        ",".join(NAMES),
        cwd=_ROOT,
        stdin=PIPE,
        stdout=PIPE,
    )


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()


async def test_what_one_process_keeps_all_others_find(where: str) -> None:
    """They open an empty place at once, write at once, and read when all have written."""
    processes = await asyncio.gather(*(_started(where, name) for name in NAMES))
    assert await asyncio.gather(*map(_line, processes)) == [b"written\n"] * len(NAMES)
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    everything = [f"{name} {number}" for name in NAMES for number in range(ANSWERS)]
    for out, _ in ends:
        told = json.loads(out)
        assert told["found"] == everything
        assert told["same"].startswith("même ligne ")
    assert [process.returncode for process in processes] == [0] * len(NAMES)
