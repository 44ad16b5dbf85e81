"""Jobs of one house as real processes, told by lines what to ask, and the purse between them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.vendor import Vendor
from services.core.clock import SystemClock
from services.llm.ledger.budgets import parse_budgets
from services.llm.ports import BudgetLine, Purse
from services.settings import Settings
from tests.integration.purse_worker import opened_purse

ROOT = Path(__file__).parents[1]
BUDGETS = "session=5, user/day=5, day=10"


class Job:
    """A process with services of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def heard(self) -> Any:
        """What it tells next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            line = await self.process.stdout.readline()
        assert line, "the job ended without a word"
        return json.loads(line)

    def order(self, do: str, **more: Any) -> None:
        """Tells it what to do; `heard` gives what came of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")

    async def done(self, do: str, **more: Any) -> Any:
        self.order(do, **more)
        return await self.heard()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def jobs(environ: dict[str, str], count: int) -> AsyncIterator[list[Job]]:
    """So many of them, open; those that were not killed end in peace. They log into one file."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "tests.integration.optimizer_worker")
    told = {**os.environ, **environ}
    async with AsyncExitStack() as ends:
        log = ends.enter_context(log_of(environ).open("ab"))
        started = []
        for _ in range(count):
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=told, stdin=pipe, stdout=pipe, stderr=log
            )
            ends.push_async_callback(process.communicate, b"")
            started.append(Job(process))
        for job in started:
            assert await job.heard() == "open"
        yield started


def log_of(environ: dict[str, str]) -> Path:
    """Where the jobs' logs go."""
    return Path(environ["REPARTEE_DATA_DIR"]).parent / "jobs.log"


def embedded(folder: Path, stub: Vendor) -> dict[str, str]:
    return {
        "REPARTEE_DATA_DIR": str(folder / "var"),
        "OPENAI_BASE_URL": stub.url,
        "REPARTEE_BUDGETS": BUDGETS,
    }


def turns(*words: str, **more: Any) -> list[dict[str, Any]]:
    """Turns for a job, as JSON."""
    return [{"words": one, **more} for one in words]


@asynccontextmanager
async def purse_of(settings: Settings) -> AsyncIterator[Purse]:
    """The jobs' purse, in the hands of somebody who never saw it before."""
    async with opened_purse(settings.redis_url or str(settings.data_dir)) as purse:
        yield purse


def lines_of(settings: Settings, **ids: Any) -> tuple[BudgetLine, ...]:
    return parse_budgets(settings.budgets).lines(now=SystemClock().now(), **ids)
