"""What pydantic found wrong with a file's values, in an author's words and at their place.

Owns the table from pydantic's error types to codes, causes and hints. Knows no rule of its own:
ranges, choices and field names come from the schema.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scenarios.errors import FieldPath, Problem, closest, dotted, nearest, problem, quoted
from scenarios.shape import bounds_at, choices_at, fields_at, home_of, node_at
from scenarios.yaml_reader import Document

_MAX_ERRORS = 200


class _Said(NamedTuple):
    code: str
    cause: str
    hint: str


def problems_of(error: ValidationError, document: Document) -> list[Problem]:
    """One problem for each of pydantic's errors that the reader has not reported already."""
    found = []
    details = list(islice(error.errors(include_url=False), _MAX_ERRORS))
    meant = _meant(details)
    for detail in details:
        path, on_key = _path(detail)
        if detail["type"] == "missing" and path in meant:
            continue  # it is there, misspelt
        if detail["type"] == "too_short" and detail["input"]:
            continue  # entries are there: each has its own error
        if any(path[: len(gone)] == gone for gone in document.unread):
            continue
        code, cause, hint = _say(detail, path, on_key=on_key)
        place = document.place(path, key=on_key)
        found.append(problem(document.file, place, code, dotted(path), cause, hint))
    return found


def _meant(details: list[ErrorDetails]) -> set[FieldPath]:
    """Fields that unknown ones beside them were meant to be."""
    unknown = [one["loc"] for one in details if one["type"] == "extra_forbidden"]
    guesses = ((loc[:-1], closest(str(loc[-1]), fields_at(loc[:-1]))) for loc in unknown)
    return {(*group, name) for group, name in guesses if name}


def _path(detail: ErrorDetails) -> tuple[FieldPath, bool]:
    """The field's path, and whether the error is about its name."""
    loc = detail["loc"]
    if loc and loc[-1] == "[key]":
        return loc[:-1], True
    return loc, detail["type"] in ("extra_forbidden", "invalid_key")


def _say(detail: ErrorDetails, path: FieldPath, *, on_key: bool) -> _Said:
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return _missing(path)
    if kind in ("extra_forbidden", "invalid_key"):
        return _unknown_field(path)
    if kind == "string_pattern_mismatch":
        return _bad_id(str(value))
    if kind == "literal_error":
        return _choice(path, value)
    if kind in _SIZES:
        return _size(path, value)
    if kind in _RANGES:
        return _range(path, value, on_key=on_key)
    return _type(kind, path, value, on_key=on_key)


_SIZES = frozenset({"string_too_short", "string_too_long", "too_short", "too_long"})
_RANGES = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}
)


def _missing(path: FieldPath) -> _Said:
    node = node_at(path)
    about = node.get("description")
    what = (
        str(about).partition(". ")[0].rstrip(".") if isinstance(about, str) else _a(_kind_of(path))
    )
    return _Said("E-MISSING", "this field is missing", f"Add `{path[-1]}:` ({what}).")


def _unknown_field(path: FieldPath) -> _Said:
    name, group = str(path[-1]), path[:-1]
    cause = f"there is no field {quoted(name)} here"
    home = home_of(name, group)
    hint = f"Did you mean {quoted(home)}?" if home else nearest(name, fields_at(group))
    return _Said("E-UNKNOWN-FIELD", cause, hint)


def _bad_id(value: str) -> _Said:
    folded = unicodedata.normalize("NFKD", value[:64]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", folded).strip("-_")
    slug = re.sub(r"^[^a-z]+", "", slug)
    example = f", such as {quoted(slug)}" if slug else ""
    hint = f"Use a small letter, then small letters, digits, - and _{example}."
    return _Said("E-ID", f"{quoted(value)} cannot be an id", hint)


def _choice(path: FieldPath, value: object) -> _Said:
    choices = choices_at(path)
    hint = nearest(str(value), choices) if isinstance(value, str) else ""
    return _Said(
        "E-CHOICE",
        f"{_found(value)} is not one of the choices",
        hint or f"Choose from: {', '.join(choices)}.",
    )


def _size(path: FieldPath, value: object) -> _Said:
    bounds = bounds_at(path)
    if isinstance(value, str):
        if not value.strip():
            return _Said("E-LENGTH", "the text is empty", "Write it, or delete the field.")
        most = int(bounds.get("maxLength", 64))
        cause = f"the text has {len(value):,} characters; at most {most:,} are allowed"
        return _Said("E-LENGTH", cause, "Shorten it, or split it.")
    count = len(value) if isinstance(value, tuple | dict) else 0
    if not count:
        return _Said("E-LENGTH", "the list is empty", "Write at least one entry.")
    cause = (
        f"the list has {count:,} entries; at most {int(bounds.get('maxItems', 0)):,} are allowed"
    )
    return _Said("E-LENGTH", cause, "Keep the best ones.")


def _range(path: FieldPath, value: object, *, on_key: bool) -> _Said:
    hint = "Allowed: 0 to 5." if on_key else _allowed(path)
    return _Said("E-RANGE", f"{_found(value)} is out of range", hint)


def _allowed(path: FieldPath) -> str:
    """`Allowed: -1 to 1.`; "" for a field without a range."""
    bounds = bounds_at(path)
    low, above, high = (bounds.get(k) for k in ("minimum", "exclusiveMinimum", "maximum"))
    lowest = f"more than {above:g}" if above is not None else f"{low:g}" if low is not None else ""
    if high is None:
        return f"Allowed: {lowest} and up." if lowest else ""
    joint = ", at most " if above is not None else " to "
    return f"Allowed: {lowest}{joint}{high:g}." if lowest else f"Allowed: up to {high:g}."


def _type(kind: str, path: FieldPath, value: object, *, on_key: bool) -> _Said:
    wanted = _WANTED.get(kind) or _kind_of(path)
    if on_key:
        cause = f"the name of this entry must be {_a(wanted)}, not {_found(value)}"
        return _Said("E-TYPE", cause, "Numbers stand without quotes, words begin with a letter.")
    hint = _hint(wanted, path, value)
    return _Said("E-TYPE", f"{_a(wanted)} is wanted here, not {_found(value)}", hint)


_WANTED = {
    "string_type": "text",
    "int_type": "whole number",
    "int_from_float": "whole number",
    "float_type": "number",
    "bool_type": "true or false",
    "tuple_type": "list",
    "dict_type": "group",
    "model_type": "group",
}
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "group",
}
_NAMES = {
    "text": "a text",
    "whole number": "a whole number",
    "number": "a number",
    "true or false": "true or false",
    "list": "a list",
    "group": "a group of fields",
    "value": "another value",
}


def _hint(wanted: str, path: FieldPath, value: object) -> str:
    if value is None:
        return "Write a value after the colon, or delete the line."
    match wanted:
        case "text" if isinstance(value, bool | int | float):
            return "Put it in quotes."
        case "text" if isinstance(value, dict):
            return 'A text that holds ": " must be in quotes.'
        case "whole number" | "number":
            return _allowed(path)
        case "true or false":
            return "Write true or false, without quotes."
        case "list":
            return 'Write [one, two], or one line each that begins with "- ".'
        case "group":
            names = ", ".join(f"{name}: …" for name in fields_at(path)[:3])
            return f"Write {{{names}}}." if names else "Write {name: value}."
        case _:
            return ""


def _kind_of(path: FieldPath) -> str:
    return _KINDS.get(str(node_at(path).get("type")), "value")


def _a(wanted: str) -> str:
    return _NAMES.get(wanted, "another value")


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a group of fields" if isinstance(value, dict) else "a list"
