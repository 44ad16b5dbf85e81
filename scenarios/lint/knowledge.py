"""Knowledge files: inside the scene's folder, plain text, of a size that can be read.

Owns the rule that an author's file name never leads out of the scene's folder: no URL, no
absolute path, no `..`, no symbolic link to elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from scenarios.errors import nearest, quoted
from scenarios.lint.finding import Finding
from scenarios.schema import Scenario
from scenarios.source import unwanted_in

MAX_BYTES: Final = 256 * 1024
SUFFIXES: Final = (".md", ".txt")

_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]*:|//|www\.")
_MAX_LISTED = 200


class _Refused(Exception):
    """Why a knowledge file cannot be used: code, cause, hint."""

    def __init__(self, code: str, cause: str, hint: str = "") -> None:
        super().__init__(code, cause, hint)
        self.code, self.cause, self.hint = code, cause, hint


def files(scenario: Scenario, folder: Path) -> Iterator[Finding]:
    """Each file of `knowledge` can be read as text from inside the folder."""
    for at, name in enumerate(scenario.knowledge):
        try:
            text = read(name, folder)
        except _Refused as refused:
            yield Finding(
                code=refused.code,
                path=("knowledge", at),
                cause=refused.cause,
                hint=refused.hint,
            )
        else:
            if not text.strip():
                cause = f"the file {quoted(name)} is empty"
                yield Finding(code="W-KNOWLEDGE-EMPTY", path=("knowledge", at), cause=cause)


def read(name: str, folder: Path) -> str:
    """The text of one knowledge file. Raises: _Refused."""
    path = _inside(name, folder)
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError:
        raise _Refused("E-KNOWLEDGE-MISSING", f"the file {quoted(name)} cannot be read") from None
    if len(data) > MAX_BYTES:
        cause = f"the file {quoted(name)} passes {MAX_BYTES // 1024} KB"
        raise _Refused("E-KNOWLEDGE-SIZE", cause, "Split it, and keep what the scene needs.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        cause = f"line {line} of {quoted(name)} is not UTF-8"
        raise _Refused("E-KNOWLEDGE-ENCODING", cause, "Save the file as UTF-8.") from None
    if unwanted_in(text):
        cause = f"the file {quoted(name)} holds characters that are no text"
        raise _Refused("E-KNOWLEDGE-ENCODING", cause, "Save it as plain text, in UTF-8.")
    return text


def _inside(name: str, folder: Path) -> Path:
    """The real path of a file below the folder. Raises: _Refused."""
    outside = f"{quoted(name)} leads out of the scene's folder"
    copy = "Copy the file into knowledge/ beside the scenario."
    if _URL.match(name):
        raise _Refused("E-KNOWLEDGE-URL", f"{quoted(name)} is an address, not a file", copy)
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or name.startswith("~"):
        raise _Refused("E-KNOWLEDGE-OUTSIDE", outside, copy)
    if pure.suffix.lower() not in SUFFIXES:
        cause = f"{quoted(name)} is neither .md nor .txt"
        raise _Refused("E-KNOWLEDGE-TYPE", cause, "Save it as Markdown or plain text.")
    try:
        root = folder.resolve()
        path = (root / pure).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        hint = nearest(name, _present(folder)) or "Create it beside the scenario."
        raise _Refused("E-KNOWLEDGE-MISSING", f"there is no file {quoted(name)}", hint) from None
    if not path.is_relative_to(root):
        raise _Refused("E-KNOWLEDGE-OUTSIDE", outside, copy)
    if not path.is_file():
        raise _Refused("E-KNOWLEDGE-MISSING", f"{quoted(name)} is not a regular file")
    return path


def _present(folder: Path) -> list[str]:
    """Text files that an author may have meant, such as `knowledge/fret.md`."""
    found: list[str] = []
    for below in (folder, folder / "knowledge"):
        if below.is_dir():
            inside = (one for one in below.iterdir() if one.suffix.lower() in SUFFIXES)
            found += [one.relative_to(folder).as_posix() for one in islice(inside, _MAX_LISTED)]
    return sorted(found)
