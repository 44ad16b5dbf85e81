"""`python -m bench [NAME...]`: print the tables behind the README's figures.

A benchmark is a module of this folder with `async def measure() -> Iterable[Table]`; its name on
the command line is the module's. Without names all of them run, in alphabetical order.
"""

import argparse
import asyncio
import importlib
import os
import pkgutil
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

import bench
from bench.table import Table, machine

Measure = Callable[[], Awaitable[Iterable[Table]]]


def benchmarks() -> dict[str, Measure]:
    """Each benchmark by its name."""
    found = {}
    for info in pkgutil.iter_modules(bench.__path__):
        if info.name != "__main__":
            module = importlib.import_module(f"bench.{info.name}")
            if hasattr(module, "measure"):
                found[info.name] = module.measure
    return found


def main() -> int:
    """Exit status: 0 measured, 2 no such benchmark."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known) or "none yet")
    names = parser.parse_args().names or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine(os.cpu_count())}\n")
    for name in names:
        for table in asyncio.run(_measured(known[name])):
            print(table, flush=True)
    return 0


async def _measured(measure: Measure) -> list[Table]:
    return list(await measure())


if __name__ == "__main__":
    sys.exit(main())
