"""`python -m services.jobs`: the runner. Each minute it does its chores, until it is told to stop.

    python -m services.jobs                         the runner
    python -m services.jobs purge --scenario ID     forgets cached answers; `purge -h` for others
    python -m services.jobs sweep                   forgets expired ones now

The runner writes `run/jobs.alive` in the data folder after each round: an old file means a stuck
runner.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence

from services.core.errors import BackendError, ConfigError, ServiceError
from services.jobs import command
from services.jobs.lost_sessions import end_lost_sessions
from services.settings import Settings, load_settings
from services.stats.routes import FRESH
from services.telemetry.logs import configure_logging
from services.telemetry.metrics import CAUGHT
from services.wiring import Services, open_services

ROUND_S = 60.0

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 ended on demand, 1 a part failed, 2 the environment cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m services.jobs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_commands(parser)
    args = parser.parse_args(argv)
    if args.command is not None:
        return command.run(args, os.environ)
    configure_logging()
    try:
        asyncio.run(_serve(load_settings(os.environ)))
    except ConfigError as error:
        print(f"The job runner cannot start: {error}", file=sys.stderr)
        return 2
    except ServiceError as error:
        print(f"The job runner stops: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    alive = settings.data_dir / "run" / "jobs.alive"
    alive.parent.mkdir(parents=True, exist_ok=True)
    async with open_services(settings) as services:
        while not stop.is_set():
            await _chores(services)
            alive.touch()
            try:
                async with asyncio.timeout(ROUND_S):
                    await stop.wait()
            except TimeoutError:
                continue


async def _chores(services: Services) -> None:
    await _sweep(services)
    if services.rooms is None:
        return
    try:
        ended = await end_lost_sessions(
            services.store, services.presence, services.rooms, services.clock
        )
    except BackendError as error:
        CAUGHT.labels(where="jobs").inc()
        log.warning("jobs.chore_failed", extra={"cause": str(error)})
        return
    if ended:
        log.info("jobs.lost_sessions_ended", extra={"count": ended})


async def _sweep(services: Services) -> None:
    """Takes away what nobody will be served again: answers and what dead processes said.

    Reading the budgets brings their metric up to date, also when nobody calls.
    """
    try:
        swept = await services.answers.sweep()
        swept += await services.board.sweep(before=services.clock.now() - FRESH)
        await services.stats.budgets()
    except BackendError as error:
        CAUGHT.labels(where="jobs").inc()
        log.warning("jobs.chore_failed", extra={"cause": error.code})
        return
    if swept:
        log.info("jobs.swept", extra={"count": swept})


if __name__ == "__main__":
    sys.exit(main())
