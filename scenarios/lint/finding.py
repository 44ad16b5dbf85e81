"""What a rule of lint says, before it has a line number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scenarios.errors import FieldPath
from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with the value at `path`, or with its name if `on_key`.

    `first` is where the same thing stands for the first time; its line is added to the cause.
    """

    code: str
    path: FieldPath
    cause: str
    hint: str = ""
    on_key: bool = False
    first: FieldPath | None = None


Rule = Callable[[Scenario], Iterator[Finding]]
