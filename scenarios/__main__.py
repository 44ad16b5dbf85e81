"""Checks and explains scenario files.

    python -m scenarios lint PATH... [--json]     a file, a scene's folder, or a folder of scenes
    python -m scenarios describe SLUG|PATH
    python -m scenarios schema

Exit 0: clean. 1: problems, warnings too. 2: usage, or a path without a scene.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scenarios.catalogue import LIBRARY, scenes_below
from scenarios.describe import summary
from scenarios.errors import Problem, ScenarioErrors, nearest
from scenarios.loader import load, problems_in, unchecked
from scenarios.shape import json_schema


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m scenarios",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    lint = commands.add_parser("lint", help="list what is wrong with scenes")
    lint.add_argument("paths", nargs="+", metavar="PATH")
    lint.add_argument("--json", action="store_true", help="one JSON list of problems")
    tell = commands.add_parser("describe", help="a scene on one page")
    tell.add_argument("scene", metavar="SLUG|PATH")
    commands.add_parser("schema", help="the JSON Schema, for editors")
    args = parser.parse_args(argv)
    match args.command:
        case "lint":
            return _lint(args.paths, as_json=args.json)
        case "describe":
            return _describe(args.scene)
        case _:
            print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
            return 0


def _lint(paths: Sequence[str], *, as_json: bool) -> int:
    files: list[Path] = []
    for name in paths:
        found = _files(Path(name))
        if not found:
            print(f"{name}: no scenario here", file=sys.stderr)
            return 2
        files += [one for one in found if one not in files]
    problems = [one for file in files for one in _told(file)]
    if as_json:
        print(json.dumps([one.as_json() for one in problems], indent=2, ensure_ascii=False))
    else:
        for one in problems:
            print(one)
        print(f"{len(files)} scene(s), {len(problems)} problem(s)", file=sys.stderr)
    return 1 if problems else 0


def _told(file: Path) -> list[Problem]:
    """What is wrong with a file, and what such errors kept from being looked at."""
    problems, waits = problems_in(file), unchecked(file)
    return [*problems, waits] if waits else problems


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else []
    return scenes_below(path)


def _describe(name: str) -> int:
    known = {one.parent.name: one for one in scenes_below(LIBRARY)}
    path = known.get(name) or Path(name)
    if not path.exists():
        print(f"{name}: no such scene. {nearest(name, known)}", file=sys.stderr)
        return 2
    try:
        print(summary(load(path).scenario))
    except ScenarioErrors as errors:
        print(errors, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
