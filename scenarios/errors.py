"""What can be wrong with a scenario, in words its author can act on.

    ScenarioError
    |-- ScenarioErrors      one file and everything that is wrong with it
    `-- UnknownScenario     no scene of that id in the catalogue (also a KeyError)

A `Problem` never quotes more than 40 characters of a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]
FieldPath = tuple[str | int, ...]
"""Where a value stands in a file: `("cast", 1, "voice", "pitch")`."""

WHOLE_FILE = "(file)"
"""The field path of a problem that belongs to no field."""

_QUOTED_CHARS = 40
_NEAR = 0.61
"""Likeness of a misspelt name, 0 to 1: `titel` has 0.8, the word `model` and `order` only 0.6."""


class ScenarioError(Exception):
    """Root of what `scenarios` raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong at one place. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    field: str
    cause: str
    hint: str = ""

    def __str__(self) -> str:
        """`file:line:column: error|warning CODE field.path: cause. hint`, always one line."""
        place = f"{self.file}:{self.line}:{self.column}"
        tail = f" {self.hint}" if self.hint else ""
        return f"{place}: {self.severity} {self.code} {self.field}: {self.cause}.{tail}"

    def as_json(self) -> dict[str, str | int]:
        """The fields as plain JSON values."""
        return asdict(self)


class ScenarioErrors(ScenarioError):
    """A scenario that cannot be used, with all that is wrong with it, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(one) for one in self.problems))


class UnknownScenario(ScenarioError, KeyError):
    """The catalogue holds no scene of that id."""

    def __init__(self, id: str, known: Sequence[str]) -> None:
        self.id = id
        hint = nearest(id, known)
        super().__init__(f"no scenario {quoted(id)}. {hint}".strip())

    def __str__(self) -> str:
        """The message itself: KeyError would put it in quotes."""
        return str(self.args[0])


def problem(
    file: str, place: tuple[int, int], code: str, field: str, cause: str, hint: str = ""
) -> Problem:
    """A problem whose severity is its code's: `W-…` warns, `E-…` refuses the scene."""
    severity: Severity = "warning" if code.startswith("W-") else "error"
    return Problem(
        file=file,
        line=place[0],
        column=place[1],
        severity=severity,
        code=code,
        field=field,
        cause=cause,
        hint=hint,
    )


def quoted(value: str) -> str:
    """The text in quotes, on one line, cut to 40 characters, with nothing unprintable."""
    cut = value if len(value) <= _QUOTED_CHARS else value[: _QUOTED_CHARS - 1] + "…"
    return '"' + "".join(c if c.isprintable() else "·" for c in cut) + '"'


def dotted(path: FieldPath) -> str:
    """`cast[1].voice.pitch`; `(file)` for the empty path."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            name = step if step.isidentifier() else quoted(step)
            parts.append(f".{name}" if parts else name)
    return "".join(parts) or WHOLE_FILE


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence with the valid name that is closest, or with the valid names; "" for none."""
    names = list(known)
    if not names:
        return ""
    match = closest(name, names)
    if match:
        return f"Did you mean {quoted(match)}?"
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"Known here: {listed}."


def closest(name: str, known: Iterable[str]) -> str | None:
    """The valid name that a misspelt one was meant to be, if one is near enough."""
    match = get_close_matches(name[:64].lower(), list(known), n=1, cutoff=_NEAR)
    return match[0] if match else None
