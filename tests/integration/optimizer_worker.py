"""A process with services of its own, as a job has: it is told by lines what to ask, and tells the
outcomes as JSON. It may be killed at any moment."""

import asyncio
import json
import os
import resource
import sys
from typing import Any

from services.llm.outcome import Outcome
from services.settings import load_settings
from services.telemetry.logs import configure_logging
from services.wiring import Services, open_services
from tests.wired import say, turn

SPARE_BYTES = 4096


async def tell(told: object) -> None:
    """One line to whoever started this."""
    await asyncio.to_thread(print, json.dumps(told), flush=True)


async def hear() -> dict[str, Any]:
    """The next order; empty when there will be none."""
    line = await asyncio.to_thread(sys.stdin.readline)
    return dict(json.loads(line)) if line else {}


def of(outcome: Outcome) -> dict[str, Any]:
    """What is told of an outcome."""
    return {
        "source": outcome.source,
        "level": outcome.level,
        "fault": outcome.fault,
        "complete": outcome.complete,
        "text": outcome.text,
    }


async def obey(services: Services, order: dict[str, Any]) -> object:
    """Does what is asked for, and gives what is told of it."""
    match order["do"]:
        case "say":
            requests = [turn(**fields) for fields in order["turns"]]
            made = await asyncio.gather(*(say(services, request) for request in requests))
            return [of(outcome) for _, outcome in made]
        case "flush":
            return await services.books.flush()
        case "fill_disk":
            files = services.settings.data_dir.glob("repartee.db*")
            largest = max(one.stat().st_size for one in files)
            _limit_files(largest + SPARE_BYTES)
            return largest
        case "free_disk":
            _limit_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
            return None
        case "waiting":
            return services.books.waiting
    raise ValueError(order["do"])


def _limit_files(size_bytes: int) -> None:
    """No file of this process may grow beyond that: a full disk, for the ledger and all else."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))


async def main() -> None:
    configure_logging()
    async with open_services(load_settings(os.environ)) as services:
        await tell("open")
        while order := await hear():
            await tell(await obey(services, order))


if __name__ == "__main__":
    asyncio.run(main())
