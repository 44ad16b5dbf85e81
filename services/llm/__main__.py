"""Looks after the data that calls for words are decided by.

    python -m services.llm doctor [--models FILE] [--json]     tiers, chains, prices, what ends when
    python -m services.llm templates list|show|diff|...        versions of the prompts

Without --models it reads the file that REPARTEE_MODELS names, else the shipped one.
Exit 0: clean. 1: the file is refused, or something speaks against a model in use. 2: usage, or no
such file.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.core.clock import SystemClock
from services.core.errors import ConfigError
from services.llm.models.catalogue import SHIPPED, load_models
from services.llm.models.doctor import as_json, as_text, diagnose
from services.llm.models.money import Pricing
from services.llm.models.price_list import PackagedPrices
from services.llm.prompts import command as templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One subcommand: what it is for, what it takes, and what it does; `run` returns the exit."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.llm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.help))
    args = parser.parse_args(argv)
    return COMMANDS[args.command].run(args)


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", metavar="FILE", type=Path, help="a models.yaml")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _doctor(args: argparse.Namespace) -> int:
    path = args.models or Path(os.environ.get("REPARTEE_MODELS") or SHIPPED)
    if not path.is_file():
        print(f"{path}: no such file", file=sys.stderr)
        return 2
    try:
        catalogue = load_models(path)
    except ConfigError as error:
        print(json.dumps({"file": str(path), "refused": str(error).splitlines()}, indent=2)
              if args.json else error)  # fmt: skip
        return 1
    clock = SystemClock()
    prices = PackagedPrices()
    pricing = Pricing(catalogue, prices, clock)
    diagnosis = diagnose(catalogue, pricing, clock.now().date(), edition=prices.edition)
    print(json.dumps(as_json(diagnosis), indent=2) if args.json else as_text(diagnosis))
    return 0 if diagnosis.healthy else 1


COMMANDS: Mapping[str, Command] = {
    "doctor": Command(
        help="tiers, prices and what speaks against them", arguments=_doctor_arguments, run=_doctor
    ),
    "templates": Command(help=templates.HELP, arguments=templates.arguments, run=templates.run),
}


if __name__ == "__main__":
    sys.exit(main())
