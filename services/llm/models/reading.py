"""A YAML file of settings into values, strictly, with the line of each of them.

Owns form: what a mapping may hold, how numbers, days and texts are written, and how a problem is
told. Scalars are read as they stand in the file, so `none` and `no` are words and prices stay
exact decimals. What the values mean is `catalogue`'s.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

import yaml

from scenarios.errors import nearest, quoted
from services.core.errors import ConfigError

WHOLE_FILE = "(file)"

Word = TypeVar("Word", bound=str)

_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,3}(?:_?\d{3}){0,5}|\d{1,18}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PRICE = "It is meant for a million tokens, in the currency's own unit."
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything that is wrong with one file."""

    file: str
    lines: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, key: str, cause: str, remedy: str) -> None:
        """One problem: where, which key, why, and what to do about it."""
        self.lines.append((line, f"{self.file}:{line}: {key}: {cause}. {remedy}".rstrip()))

    def close(self) -> None:
        """Raises: ConfigError with every problem, in the file's order, one a line."""
        if self.lines:
            raise ConfigError("\n".join(text for _, text in sorted(self.lines)))


class Group:
    """A mapping of the file. What is taken from it is allowed; `close` reports the rest."""

    def __init__(self, node: yaml.Node, path: str, report: Report, line: int | None = None) -> None:
        self.path = path
        self.line = line or _line(node)
        self._report = report
        self._values: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._asked: dict[str, None] = {}
        if not isinstance(node, yaml.MappingNode):
            self.refuse(None, "this is not a group of `key: value`", "Write one key a line.")
            return
        for key_node, value in node.value:
            self._add(key_node, value)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """The keys that are there, in the file's order."""
        return tuple(self._values)

    def line_of(self, key: str) -> int:
        """The line of a key, or of the group when the key is not there."""
        return self._lines.get(key, self.line)

    def refuse(self, key: str | None, cause: str, remedy: str) -> None:
        """Reports a problem with a key, or with the group itself."""
        line = self.line if key is None else self.line_of(key)
        self._report.add(line, self._name(key), cause, remedy)

    def text(self, key: str, *, required: bool = False) -> str | None:
        """A word or a sentence."""
        node = self._take(key, required=required)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or _is_nothing(node):
            self.refuse(key, "this holds no text", "Write it after the colon, or delete the key.")
            return None
        return str(node.value)

    def one_of(self, key: str, choices: Sequence[Word], *, required: bool = False) -> Word | None:
        """One word of a fixed set."""
        text = self.text(key, required=required)
        if text is None:
            return None
        for word in choices:
            if word == text:
                return word
        cause = f"{quoted(text)} is not one of the choices"
        self.refuse(key, cause, f"Write one of: {', '.join(choices)}.")
        return None

    def flag(self, key: str, default: bool) -> bool:
        """`true` or `false`."""
        text = self.one_of(key, ("true", "false"))
        return default if text is None else text == "true"

    def whole(self, key: str, *, least: int, most: int, required: bool = False) -> int | None:
        """A whole number."""
        text = self.text(key, required=required)
        if text is None:
            return None
        if not _WHOLE.fullmatch(text):
            self.refuse(key, f"{quoted(text)} is not a whole number", "Write digits only.")
            return None
        number = int(text)
        if not least <= number <= most:
            cause = f"{number} is out of range"
            self.refuse(key, cause, f"Write a number from {least} to {most}.")
            return None
        return number

    def number(
        self, key: str, *, most: int, required: bool = False, remedy: str = _PRICE
    ) -> Decimal | None:
        """A decimal number of 0 or more, exactly as it is written. `remedy`: above `most`."""
        text = self.text(key, required=required)
        if text is None:
            return None
        if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
            self.refuse(key, f"{text} is negative", "Write 0 or more.")
        elif not _NUMBER.fullmatch(text):
            self.refuse(key, f"{quoted(text)} is not a number", "Write a decimal such as 0.15.")
        elif (number := Decimal(text)) > most:
            self.refuse(key, f"{text} is above {most}", remedy)
        else:
            return number
        return None

    def day(self, key: str, *, required: bool = False) -> date | None:
        """A calendar day."""
        text = self.text(key, required=required)
        if text is None:
            return None
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.refuse(key, f"{quoted(text)} is not a day", "Write it as 2027-01-31.")
        return None

    def group(self, key: str, *, required: bool = False) -> "Group | None":
        """A mapping inside this one."""
        node = self._take(key, required=required)
        if node is None:
            return None
        return Group(node, self._name(key), self._report, self._lines[key])

    def groups(self, key: str) -> tuple["Group", ...]:
        """A list of mappings; empty when the key is not there."""
        node = self._take(key, required=False)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.refuse(key, "this is not a list", 'Begin each entry with "- ", or delete the key.')
            return ()
        path = self._name(key)
        return tuple(
            Group(one, f"{path}[{index}]", self._report) for index, one in enumerate(node.value)
        )

    def close(self) -> None:
        """Reports keys that nobody asked for, with the nearest name."""
        for key in self._values:
            if key not in self._asked:
                self.refuse(key, "there is no such key", nearest(key, self._asked))

    def _add(self, key_node: yaml.Node, value: yaml.Node) -> None:
        if not isinstance(key_node, yaml.ScalarNode):
            line, remedy = _line(key_node), "Write a plain word."
            self._report.add(line, self._name(None), "a key must be one word", remedy)
            return
        key = str(key_node.value)
        if key in self._values:
            cause = f"it stands here a second time; first on line {self._lines[key]}"
            self._report.add(_line(key_node), self._name(key), cause, "Keep one of them.")
            return
        self._values[key] = value
        self._lines[key] = _line(key_node)

    def _take(self, key: str, *, required: bool) -> yaml.Node | None:
        self._asked[key] = None
        if key not in self._values and required:
            self.refuse(key, "it is missing", "Add it.")
        return self._values.get(key)

    def _name(self, key: str | None) -> str:
        return ".".join(part for part in (self.path, key) if part) or WHOLE_FILE


def read(text: str, report: Report) -> Group:
    """The outermost mapping of a YAML text. Raises: ConfigError where it cannot be read."""
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cause = f"this is not YAML ({error.problem or 'unreadable'})"
        report.add(line, WHOLE_FILE, cause, "Compare the line with its neighbours.")
    except yaml.YAMLError:
        report.add(1, WHOLE_FILE, "this is not YAML", "Save it as plain UTF-8 text.")
    else:
        if node is not None:
            return Group(node, "", report)
        report.add(1, WHOLE_FILE, "the file is empty", "docs/models.md has one to copy.")
    report.close()
    raise AssertionError("a report with a problem raises")


def named(group: Group) -> Mapping[str, Group]:
    """The mappings inside a mapping, by their names."""
    return {key: one for key in group.names if (one := group.group(key)) is not None}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _is_nothing(node: yaml.ScalarNode) -> bool:
    return not node.style and node.value in _NOTHING
