"""Text of a scenario file into plain values, safely, with the place of each of them.

Owns the limits of the format: 20 levels, 20,000 values, one document, no anchors, aliases or
tags, no key twice, and scalars as YAML 1.2's core schema reads them (`no` and `12:30` are text).
Built on libyaml's events, never on its constructors, so nothing recurses and nothing is expanded.
What the values mean is `schema`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from scenarios.errors import FieldPath, Problem, ScenarioErrors, dotted, problem, quoted
from scenarios.source import Place, checked, code_point, unwanted_in
from scenarios.yaml_syntax import explain_syntax

MAX_DEPTH: Final = 20
MAX_VALUES: Final = 20_000
MAX_PROBLEMS: Final = 50

Value = str | int | float | bool | None | tuple["Value", ...] | dict[str | int, "Value"]

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,4})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""Source: YAML 1.2.2, section 10.3.2 (core schema); `.inf` and `.nan` stay text here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's values, the place of each, and what was wrong with its form.

    Values under a path in `unread` were left out: their problem is already in `problems`.
    """

    file: str
    value: Value
    places: Mapping[FieldPath, Place]
    keys: Mapping[FieldPath, Place]
    unread: frozenset[FieldPath] = frozenset()
    problems: tuple[Problem, ...] = ()

    def place(self, path: FieldPath, *, key: bool = False) -> Place:
        """Where the value (or its key) begins; the nearest thing around it if it is not there."""
        for length in range(len(path), -1, -1):
            inner = path[:length]
            found = self.keys.get(inner) if key else self.places.get(inner)
            found = found or self.places.get(inner)
            if found:
                return found
        return Place(1, 1)


def read(text: str, *, file: str) -> Document:
    """The values of a scenario's text.

    Raises: ScenarioErrors where the text cannot be read to its end; lesser problems are listed in
    the document.
    """
    builder = _Builder(file)
    text = checked(text, file=file)
    try:
        parser = yaml.CSafeLoader(text)
        while event := parser.get_event():
            builder.take(event)
    except yaml.YAMLError as error:
        path = builder.path()
        builder.problems.append(explain_syntax(error, text, file=file, field=dotted(path)))
        raise ScenarioErrors(builder.problems) from None
    return builder.document()


def scalar(text: str) -> str | int | float | bool | None:
    """What a plain (unquoted) scalar means in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass(slots=True, kw_only=True)
class _Frame:
    """An open list or mapping; `key` is the mapping's key that waits for its value."""

    path: FieldPath
    items: list[Value] | None = None
    entries: dict[str | int, Value] | None = None
    key: str | int | None = None
    seen: dict[str, Place] = field(default_factory=dict)

    def next_path(self) -> FieldPath:
        if self.items is not None:
            return (*self.path, len(self.items))
        return self.path if self.key is None else (*self.path, self.key)

    def add(self, value: Value) -> None:
        if self.items is not None:
            self.items.append(value)
        elif self.entries is not None and self.key is not None:
            self.entries.setdefault(self.key, value)
            self.key = None


class _Builder:
    """Takes events one by one; holds a stack of open collections instead of recursing."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.places: dict[FieldPath, Place] = {}
        self.keys: dict[FieldPath, Place] = {}
        self.unread: set[FieldPath] = set()
        self._frames: list[_Frame] = []
        self._root: Value = None
        self._documents = 0
        self._values = 0

    def path(self) -> FieldPath:
        """Where in the scenario the reader stands."""
        return self._frames[-1].next_path() if self._frames else ()

    def document(self) -> Document:
        """What was read. Raises: ScenarioErrors for an empty file."""
        if not self._documents or self._root is None:
            hint = "Start with `schema: 1`; docs/authoring.md has a whole scene to copy."
            self._refuse("E-EMPTY", Place(1, 1), "the file holds no scenario", hint)
        return Document(
            file=self.file,
            value=self._root,
            places=self.places,
            keys=self.keys,
            unread=frozenset(self.unread),
            problems=tuple(self.problems),
        )

    def take(self, event: yaml.Event) -> None:
        """One event of the parser. Raises: ScenarioErrors where reading on would be unsafe."""
        place = _place(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    hint = "Keep one scene a file: delete this `---` and what follows."
                    self._refuse("E-DOCUMENTS", place, "a second document begins here", hint)
            case yaml.ScalarEvent():
                self._count(place)
                self._look_for_tags(event, place)
                self._scalar(event, place)
            case yaml.AliasEvent():
                self._count(place)
                hint = "Write the text again; or put it in quotes if the `*` is meant."
                self._report("E-ALIAS", place, "references to other values are not read", hint)
                self._expect_no_key(place)
                self.unread.add(self.path())
                self._add(None, place)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._count(place)
                self._look_for_tags(event, place)
                self._open(event, place)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> None:
        plain = bool(event.implicit[0]) and event.tag is None
        frame = self._frames[-1] if self._frames else None
        bad = unwanted_in(event.value)
        if bad:
            cause = f"the character {code_point(bad)} cannot stand in a scenario"
            self._report("E-CHARACTER", place, cause, "Delete its escape sequence.")
            self.unread.add(self.path())
        if frame and frame.entries is not None and frame.key is None:
            self._key(frame, event.value, plain=plain, place=place)
        else:
            self._add(scalar(event.value) if plain else event.value, place)

    def _key(self, frame: _Frame, text: str, *, plain: bool, place: Place) -> None:
        frame.key = int(text) if plain and re.fullmatch(r"[0-9]{1,9}", text) else text
        first = frame.seen.setdefault(str(frame.key), place)
        if first is not place:
            cause = f"{quoted(text)} stands here a second time; first on line {first.line}"
            self._report("E-DUPLICATE-KEY", place, cause, "Keep one of them.")
        self.keys.setdefault(frame.next_path(), place)

    def _open(self, event: yaml.Event, place: Place) -> None:
        self._expect_no_key(place)
        path = self.path()
        if len(self._frames) >= MAX_DEPTH:
            cause = f"lists and groups are nested more than {MAX_DEPTH} deep"
            self._refuse("E-DEPTH", place, cause, "A scenario needs 6.")
        self.places.setdefault(path, place)
        if isinstance(event, yaml.MappingStartEvent):
            self._frames.append(_Frame(path=path, entries={}))
        else:
            self._frames.append(_Frame(path=path, items=[]))

    def _close(self) -> None:
        frame = self._frames.pop()
        value: Value = frame.entries if frame.entries is not None else tuple(frame.items or ())
        self._add(value, self.places[frame.path])

    def _add(self, value: Value, place: Place) -> None:
        self.places.setdefault(self.path(), place)
        if self._frames:
            self._frames[-1].add(value)
        else:
            self._root = value

    def _expect_no_key(self, place: Place) -> None:
        frame = self._frames[-1] if self._frames else None
        if frame and frame.entries is not None and frame.key is None:
            hint = "Text that begins with {, [ or * must be in quotes."
            self._refuse("E-KEY", place, "a field's name must be a plain word", hint)

    def _look_for_tags(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place
    ) -> None:
        if event.anchor is not None:
            hint = "Delete it; or put the text in quotes if the `&` is meant."
            self._report(
                "E-ALIAS", place, f"the anchor {quoted('&' + event.anchor)} is not read", hint
            )
        if event.tag is not None:
            hint = "Delete it; or put the text in quotes if the `!` is meant."
            self._report("E-TAG", place, f"the tag {quoted(event.tag)} is not read", hint)
            self.unread.add(self.path())

    def _count(self, place: Place) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            cause = f"the file passes {MAX_VALUES:,} values here"
            self._refuse("E-SIZE", place, cause, "A scene of an hour has fewer than 2,000.")

    def _report(self, code: str, place: Place, cause: str, hint: str) -> None:
        self.problems.append(problem(self.file, place, code, dotted(self.path()), cause, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise ScenarioErrors(self.problems)

    def _refuse(self, code: str, place: Place, cause: str, hint: str) -> None:
        self._report(code, place, cause, hint)
        raise ScenarioErrors(self.problems)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
