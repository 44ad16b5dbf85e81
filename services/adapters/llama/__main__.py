"""The model's process: one a machine, shared by all rooms.

    python -m services.adapters.llama --socket PATH --model FILE

Prints one line `ready SOCKET` when it listens; with `--detach` it returns then and works on alone.
Exit codes: 0 ended or another one is there, 3 the model cannot be used.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from services.adapters.llama.host import Host
from services.adapters.llama.plan import EXIT_NO_MODEL
from services.core.errors import NotFound
from services.speech.detaching import Ready, detached, say
from services.speech.hosting import AlreadyRunning, sole_owner

NICENESS = 10
"""Audio goes first: beside this a tick of 20 ms stays within 4 ms. Source: measured, 2026-11."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="llama", description="the local model's process")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--context", type=int, default=8192, help="tokens of prompt and answer")
    parser.add_argument("--queue", type=int, default=4, help="requests that may wait")
    parser.add_argument("--linger-s", type=float, help="end after this long without a client")
    parser.add_argument("--idle-exit-s", type=float, help="end after this long without work")
    parser.add_argument("--detach", action="store_true", help="return once the model is ready")
    return parser.parse_args()


def main() -> int:
    """Runs until it is told to stop or nobody needs it. Returns the exit code."""
    os.environ["OMP_WAIT_POLICY"] = "passive"  # spinning threads starve a busy core, 50 times
    os.umask(0o077)
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    args = _arguments()
    return detached(lambda ready: _host(args, ready)) if args.detach else _host(args, say)


def _host(args: argparse.Namespace, ready: Ready) -> int:
    try:
        with sole_owner(args.socket):
            asyncio.run(_serve(args, lambda: ready(f"ready {args.socket}")))
    except AlreadyRunning:
        ready(f"already running {args.socket}")
    except NotFound as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NO_MODEL
    return 0


async def _serve(args: argparse.Namespace, ready: Callable[[], None]) -> None:
    from services.adapters.llama.engine import Engine  # OpenMP reads its settings when it loads

    engine = Engine(args.model, context_tokens=args.context)
    host = Host(
        engine, queue_limit=args.queue, linger_s=args.linger_s, idle_exit_s=args.idle_exit_s
    )
    try:
        await host.serve(args.socket, ready=ready)
    finally:
        engine.close()


if __name__ == "__main__":
    sys.exit(main())
