"""`python -m services.jobs purge|sweep`: what an operator does to the cache by hand.

Owns the command's words; `purge` does the work. Nothing but the cache is opened.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from services.core.clock import SystemClock
from services.core.errors import BackendError, ConfigError
from services.core.ids import user_key
from services.jobs.purge import purge, sweep
from services.llm.cache.answers import FRESH_S
from services.llm.cache.key import Tag
from services.settings import load_settings
from services.wiring.shared import open_cache

_OF: Mapping[Tag, str] = {
    Tag.SCENARIO: "the scene's id",
    Tag.PERSONA: "the character's id, in all scenes",
    Tag.MODEL: "provider/model, as in models.yaml",
    Tag.USER: "the `sub` of the person's token",
    Tag.SESSION: "the room's name",
}


def add_commands(parser: argparse.ArgumentParser) -> None:
    """What the command takes besides nothing."""
    commands = parser.add_subparsers(dest="command", metavar="purge | sweep")
    one = commands.add_parser("purge", help="forgets the cached answers of one of these")
    which = one.add_mutually_exclusive_group(required=True)
    for tag, help in _OF.items():
        which.add_argument(f"--{tag}", metavar="ID", help=help)
    commands.add_parser("sweep", help="forgets expired answers and those of an older schema")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Does it. Returns 0, 1 when the cache does not answer, 2 when the environment is wrong."""
    try:
        sys.stdout.write(f"{asyncio.run(_done(args, environ))}\n")
    except (ConfigError, BackendError) as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, ConfigError) else 1
    return 0


async def _done(args: argparse.Namespace, environ: Mapping[str, str]) -> str:
    async with open_cache(load_settings(environ), SystemClock()) as opened:
        if args.command == "sweep":
            return f"{_entries(await sweep(opened.cache))} swept from {opened.place}"
        tag, id = _asked(vars(args))
        name = user_key(id) if tag is Tag.USER else id
        gone = await purge(opened.cache, opened.keys.tag(tag, name))
        return (
            f"{_entries(gone)} of the {tag} {id} purged from {opened.place};"
            f" running processes forget theirs within {FRESH_S:.0f} s"
        )


def _asked(args: Mapping[str, Any]) -> tuple[Tag, str]:
    return next((tag, args[tag]) for tag in _OF if args[tag] is not None)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
