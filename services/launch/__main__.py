"""`python -m services.launch`: open the house, keep it open, close it on Ctrl-C or SIGTERM."""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from services.core.errors import ConfigError, ServiceError
from services.launch.banner import banner, ready_line
from services.launch.orphans import adopt_orphans, end_orphans
from services.launch.parts import House, furnish
from services.launch.supervisor import Supervisor
from services.settings import Settings, load_settings

_KEPT_LOG_BYTES = 5_000_000
_LEAVING_S = 3.0
"""What a worker needs beyond its drain to disconnect and end its processes."""


def main() -> int:
    """Exit status: 0 ended on demand, 1 a part failed, 2 the environment cannot be used."""
    arguments = _parser().parse_args()
    try:
        environ = {**_from_file(arguments.env_file), **os.environ}
        settings = load_settings(environ)
        with _only_one(settings.data_dir):
            house = furnish(settings, environ)
            _shorten_logs(house.logs)
            adopt_orphans()
            try:
                asyncio.run(_serve(house, settings, arguments))
            finally:
                end_orphans()
    except ConfigError as error:
        print(f"Repartee cannot start: {error}", file=sys.stderr)
        return 2
    except ServiceError as error:
        print(f"Repartee stops: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(house: House, settings: Settings, arguments: argparse.Namespace) -> None:
    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    def opened() -> None:
        if arguments.json_ready:
            print(ready_line(house, supervisor.pids), flush=True)
        else:
            print(banner(house, settings, colour=sys.stdout.isatty()), flush=True)

    for words in house.moved:
        say(words)
    say("Opening the house ...")
    supervisor = Supervisor(house.parts, say=say)
    stop = asyncio.Event()
    with _signals(stop, supervisor):
        drain_s = settings.drain_s if arguments.drain_s is None else arguments.drain_s
        await supervisor.run(opened, stop, drain_s=drain_s + _LEAVING_S)


@contextmanager
def _signals(stop: asyncio.Event, supervisor: Supervisor) -> Iterator[None]:
    """The first signal closes the house in order, the second at once."""
    loop = asyncio.get_running_loop()
    killing: set[asyncio.Task[None]] = set()

    def close() -> None:
        if stop.is_set():
            killing.add(loop.create_task(supervisor.kill()))
        else:
            print("Closing ...", file=sys.stderr, flush=True)
            stop.set()

    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in watched:
        loop.add_signal_handler(number, close)
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder. Raises: ConfigError when another launch holds it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "launch.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"Repartee already runs on {data_dir}; set REPARTEE_DATA_DIR for a second one"
            ) from None
        yield


def _shorten_logs(logs: Path) -> None:
    for log in logs.glob("*.log"):
        if log.stat().st_size > _KEPT_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))


def _from_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.exists():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.launch", description=__doc__)
    parser.add_argument(
        "--json-ready", action="store_true", help="print one line of JSON once ready, for programs"
    )
    parser.add_argument(
        "--drain-s", type=float, help="seconds that running scenes get to end (REPARTEE_DRAIN_S)"
    )
    parser.add_argument(
        "--env-file", type=Path, help="NAME=value lines; what is set already goes first"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
