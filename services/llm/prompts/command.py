"""`python -m services.llm templates`: what there is, what changed, and which version is used.

Owns the command's words; `store` does the work. An operator's versions stand in the data folder.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from services.llm.prompts.folder import LANGUAGES
from services.llm.prompts.store import TemplateStore, templates_folder
from services.llm.prompts.templates import TemplateError
from services.llm.request import Language

HELP = "versions of prompts: list, show, diff, export, import, activate, rollback"

_REF = re.compile(r"([a-z][a-z0-9_]{0,39})\.([a-z]{2})(?:@([1-9][0-9]{0,5}))?")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the subcommand takes."""
    parser.add_argument(
        "--data-dir", metavar="FOLDER", type=Path, help="default: REPARTEE_DATA_DIR, else var"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="every template, its versions and which is used")
    _with_ref(actions.add_parser("show", help="the file of a version"))
    diff = _with_ref(actions.add_parser("diff", help="what changed from version A to version B"))
    diff.add_argument("a", metavar="A", type=int)
    diff.add_argument("b", metavar="B", type=int)
    for name, help in (
        ("export", "writes every version into a folder"),
        ("import", "takes over the versions of a folder"),
    ):
        actions.add_parser(name, help=help).add_argument("folder", metavar="FOLDER", type=Path)
    _with_ref(actions.add_parser("activate", help="uses that version from now on"))
    _with_ref(actions.add_parser("rollback", help="uses the version before the one in use"))
    actions.add_parser("manifest", help="the digests of the shipped versions, as JSON")


def run(args: argparse.Namespace) -> int:
    """Does it. Returns 0, or 1 with the reason on stderr."""
    data_dir = args.data_dir or Path(os.environ.get("REPARTEE_DATA_DIR") or "var")
    store = TemplateStore(templates_folder(data_dir))
    try:
        text = _ACTIONS[args.action](store, args)
    except TemplateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    return 0


def manifest(store: TemplateStore) -> str:
    """The SHA-256 of every version's file, by ref, as sorted JSON."""
    digests = {template.ref: template.digest for template in store.check()}
    return json.dumps(digests, indent=1, sort_keys=True) + "\n"


def _list(store: TemplateStore, _: argparse.Namespace) -> str:
    lines = [f"{'template':28} {'in use':>6}  versions  what it is for"]
    for name in store.names():
        for language in store.languages(name):
            active = store.get(name, language)
            versions = ",".join(map(str, store.versions(name, language)))
            label = f"{name}.{language}"
            lines.append(f"{label:28} {active.version:>6}  {versions:8}  {active.about}")
    return "\n".join(lines)


def _show(store: TemplateStore, args: argparse.Namespace) -> str:
    return store.get(*_parsed(args.template)).text


def _diff(store: TemplateStore, args: argparse.Namespace) -> str:
    name, language, _ = _parsed(args.template)
    return store.diff(name, language, args.a, args.b) or "no difference"


def _export(store: TemplateStore, args: argparse.Namespace) -> str:
    return f"{len(store.export(args.folder))} versions in {args.folder}"


def _import(store: TemplateStore, args: argparse.Namespace) -> str:
    fresh = store.import_(args.folder)
    return "\n".join(f"imported {ref}" for ref in fresh) or "nothing new"


def _activate(store: TemplateStore, args: argparse.Namespace) -> str:
    name, language, version = _parsed(args.template)
    if version is None:
        raise TemplateError(f"say which version: {name}.{language}@1, for example")
    return f"in use: {store.activate(name, language, version).ref}"


def _rollback(store: TemplateStore, args: argparse.Namespace) -> str:
    name, language, _ = _parsed(args.template)
    return f"in use: {store.rollback(name, language).ref}"


def _manifest(_: TemplateStore, __: argparse.Namespace) -> str:
    return manifest(TemplateStore())


_ACTIONS: Mapping[str, Callable[[TemplateStore, argparse.Namespace], str]] = {
    "list": _list,
    "show": _show,
    "diff": _diff,
    "export": _export,
    "import": _import,
    "activate": _activate,
    "rollback": _rollback,
    "manifest": _manifest,
}


def _with_ref(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("template", metavar="NAME.LANGUAGE[@VERSION]")
    return parser


def _parsed(ref: str) -> tuple[str, Language, int | None]:
    found = _REF.fullmatch(ref)
    if found is None or found[2] not in LANGUAGES:
        raise TemplateError(f"{ref[:60]!r} is no template: write persona_answer.fr or ...fr@2")
    return found[1], cast("Language", found[2]), int(found[3]) if found[3] else None
