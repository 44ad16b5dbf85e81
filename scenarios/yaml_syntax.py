"""What libyaml found wrong with a file's form, in an author's words.

Owns the table from libyaml's messages to causes and hints. Line and column come from its marks.
"""

from __future__ import annotations

from typing import NamedTuple

import yaml

from scenarios.errors import Problem, problem
from scenarios.source import Place


class _Saying(NamedTuple):
    """A cause and a hint; `{line}` is where the unfinished thing began."""

    cause: str
    hint: str
    at_start: bool = False


_QUOTES = 'Put the whole text in quotes: say: "Bonsoir : à vous."'
_SAYINGS: dict[str, _Saying] = {
    "found unexpected end of stream": _Saying(
        "the quote that opens here is never closed", "Close it with the same quote.", True
    ),
    "found unexpected document indicator": _Saying(
        "the quote that opens here is never closed", "Close it with the same quote.", True
    ),
    "did not find expected ',' or ']'": _Saying(
        "the list opened with [ on line {line} lacks a comma or its ] before this", "Add it."
    ),
    "did not find expected ',' or '}'": _Saying(
        "the group opened with { on line {line} lacks a comma or its } before this",
        "Add it; text that holds , : { or } must be in quotes.",
    ),
    "mapping values are not allowed in this context": _Saying(
        "this colon cannot stand here",
        f"{_QUOTES} Or check that the line begins under its neighbours.",
    ),
    "could not find expected ':'": _Saying(
        "a line is neither `field: value` nor a list entry",
        "Add the colon, or indent the line under the text it continues.",
    ),
    "did not find expected key": _Saying(
        "this does not continue the group of fields begun on line {line}",
        "Let its fields begin in the same column; text after a closing quote is not read.",
    ),
    "did not find expected '-' indicator": _Saying(
        "this does not continue the list begun on line {line}",
        'Let all its "- " begin in the same column.',
    ),
    "found character that cannot start any token": _Saying(
        "a text cannot begin with this character", "Put the text in quotes."
    ),
    "found unknown escape character": _Saying(
        "this backslash means nothing between double quotes",
        "Use single quotes, or write the backslash twice.",
    ),
    "block sequence entries are not allowed in this context": _Saying(
        "a list cannot begin on this line", "Begin it on the next line, or write [one, two]."
    ),
    "did not find expected node content": _Saying(
        "a value is missing before this", "Write it, or delete the comma."
    ),
    "did not find expected alphabetic or numeric character": _Saying(
        "a text cannot begin with * or &", "Put the text in quotes."
    ),
    "did not find expected hexdecimal number": _Saying(
        "the escape in this quote lacks hexadecimal digits", "Use single quotes.", True
    ),
    "did not find expected comment or line break": _Saying(
        "nothing may follow | or > on its line", "Begin the text on the next line."
    ),
}
_UNKNOWN = _Saying("this is not valid YAML", "Compare the line with its neighbours.")


def explain_syntax(error: yaml.YAMLError, text: str, *, file: str, field: str) -> Problem:
    """The one problem that stopped libyaml."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return problem(file, (1, 1), "E-SYNTAX", field, _UNKNOWN.cause, _UNKNOWN.hint)
    at = Place(error.problem_mark.line + 1, error.problem_mark.column + 1)
    mark = error.context_mark or error.problem_mark
    start = Place(mark.line + 1, mark.column + 1)
    tab = _tab(text, start.line, at.line)
    if tab:
        cause = "a tab stands before the text of this line"
        return problem(file, tab, "E-TAB", field, cause, "Indent with spaces, two a level.")
    saying = _SAYINGS.get(error.problem or "", _UNKNOWN)
    cause = saying.cause.replace("{line}", str(start.line))
    return problem(file, start if saying.at_start else at, "E-SYNTAX", field, cause, saying.hint)


def _tab(text: str, first: int, last: int) -> Place | None:
    """The first tab in the indentation of those lines (from 1), which libyaml stumbles over."""
    lines = text.splitlines()
    for number in range(max(first, last - 3), last + 1):
        line = lines[number - 1] if number <= len(lines) else ""
        margin = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in margin:
            return Place(number, margin.index("\t") + 1)
    return None
