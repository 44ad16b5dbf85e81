"""A scenario file's bytes into text: size, encoding, and characters that cannot be meant.

Owns what is decided before YAML is looked at. At most 256 KB are ever read. UTF-8 only; a leading
UTF-8 byte order mark is dropped.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final, NamedTuple

from scenarios.errors import WHOLE_FILE, ScenarioErrors, problem

MAX_BYTES: Final = 256 * 1024
_MARK: Final = "\ufeff"
_BREAK = re.compile(r"\r\n|\r|\n")
_UNWANTED = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
"""What YAML forbids, byte order marks inside the text, and characters that hide or turn text."""


class Place(NamedTuple):
    """A place in a file, both counted from 1; columns are characters."""

    line: int
    column: int


START = Place(1, 1)


def read(path: Path, *, file: str) -> str:
    """The text of a scenario file. Raises: ScenarioErrors for anything but 256 KB of UTF-8."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refused(file, START, "E-READ", "this is not a regular file")
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refused(file, START, "E-READ", "there is no such file") from None
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise _refused(file, START, "E-READ", f"the file cannot be read ({reason})") from None
    return decoded(data, file=file)


def decoded(data: bytes, *, file: str) -> str:
    """UTF-8 bytes as text without byte order mark. Raises: ScenarioErrors."""
    if len(data) > MAX_BYTES:
        raise _too_big(file, Place(data.count(b"\n", 0, MAX_BYTES) + 1, 1))
    wide = _wide_encoding(data)
    if wide:
        cause = f"the file is saved as {wide}, not as UTF-8"
        raise _refused(file, START, "E-ENCODING", cause, "Save it as UTF-8 in your editor.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = end_of(data[: error.start].decode("utf-8"))
        byte = data[error.start : error.start + 1]
        guess = byte.decode("cp1252", errors="ignore")
        seen = f'; in Windows-1252 or Latin-1 it is "{guess}"' if guess.isprintable() else ""
        cause = f"byte 0x{byte.hex().upper()} is not UTF-8{seen if guess else ''}"
        hint = "Save the file as UTF-8 in your editor."
        raise _refused(file, place, "E-ENCODING", cause, hint) from None
    return checked(text, file=file)


def checked(text: str, *, file: str) -> str:
    """The text without its byte order mark. Raises: ScenarioErrors for size and characters."""
    text = text.removeprefix(_MARK)
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _too_big(file, Place(text.count("\n", 0, MAX_BYTES) + 1, 1))
    match = _UNWANTED.search(text)
    if match:
        place = end_of(text[: match.start()])
        cause = f"the character {code_point(match.group())} cannot stand in a scenario"
        raise _refused(file, place, "E-CHARACTER", cause, "Delete it: most editors do not show it.")
    return text


def unwanted_in(text: str) -> str | None:
    """The first character of a value that YAML escapes brought in and no file may hold."""
    match = _UNWANTED.search(text)
    return match.group() if match else None


def code_point(character: str) -> str:
    """`U+0007`."""
    return f"U+{ord(character):04X}"


def end_of(text: str) -> Place:
    """The place just after the text, which begins at 1:1."""
    last, line = 0, 1
    for found in _BREAK.finditer(text):
        last, line = found.end(), line + 1
    return Place(line, len(text) - last + 1)


def _wide_encoding(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "UTF-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    head = data[:64]
    looks_wide = len(head) >= 4 and head.count(0) * 3 >= len(head) and len(set(head)) > 2
    return "UTF-16" if looks_wide else None


def _too_big(file: str, place: Place) -> ScenarioErrors:
    cause = f"the file passes {MAX_BYTES // 1024} KB here"
    hint = "Move long texts into files under knowledge/."
    return _refused(file, place, "E-SIZE", cause, hint)


def _refused(file: str, place: Place, code: str, cause: str, hint: str = "") -> ScenarioErrors:
    return ScenarioErrors([problem(file, place, code, WHOLE_FILE, cause, hint)])
