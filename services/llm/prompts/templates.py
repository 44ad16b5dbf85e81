"""One version of one template: which blocks it has, which variables they take, how it is filled in.

Owns strictness, not the files' places (`store`) nor their reading (`template_file`). There is no
template language: `$name` stands for a variable's value, and nothing inside a value is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scenarios.errors import nearest
from services.core.errors import ConfigError
from services.llm.prompts.compiler import Block, Kind, Role
from services.llm.prompts.quoting import Quoted, quote, quote_json
from services.llm.request import Language, TaskType

MAX_VALUE_CHARS = 100_000


class TemplateError(ConfigError):
    """A template, or what it was to be filled with, is wrong. The message quotes no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What may be filled in. `quote` is the most characters of text that others wrote, else None.

    A `turn` variable changes from call to call and so may stand in turn blocks only.
    """

    kind: Literal["session", "turn"]
    quote: int | None = None
    form: Literal["text", "json"] = "text"

    def fitted(self, value: str) -> str:
        """The value as it goes in: quoted, unless it already is or is ours."""
        if self.quote is None or isinstance(value, Quoted):
            return value
        return (quote if self.form == "text" else quote_json)(value, self.quote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A block before it is filled in: `pieces` are text and variables' names in turns.

    Left out when the variable `given` is blank, or when the variable `without` is not.
    """

    kind: Kind
    role: Role
    pieces: tuple[str, ...]
    given: str | None = None
    without: str | None = None

    def filled(self, values: Mapping[str, str]) -> Block | None:
        """The block, or None when it is left out."""
        if self.given is not None and not values[self.given].strip():
            return None
        if self.without is not None and values[self.without].strip():
            return None
        pieces = list(self.pieces)
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return Block(self.kind, self.role, "".join(pieces))


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A version that can be used. `words` are short texts for those who prepare the values.

    `digest` is the SHA-256 of the file it came from.
    """

    name: str
    language: Language
    version: int
    task: TaskType
    about: str
    variables: Mapping[str, Variable]
    words: Mapping[str, str]
    parts: tuple[Part, ...]
    text: str
    digest: str

    @property
    def ref(self) -> str:
        """`persona_answer.fr@3`: how a request, an outcome and the ledger name it."""
        return f"{self.name}.{self.language}@{self.version}"

    def render(self, **values: str) -> tuple[Block, ...]:
        """The blocks, filled in. Raises TemplateError for a missing, unknown or unfit value."""
        if values.keys() != self.variables.keys():
            raise TemplateError(self._misfit(values))
        fitted: dict[str, str] = {}
        for name, value in values.items():
            if not isinstance(value, str):
                raise TemplateError(f"{self.ref}: ${name} must be text, not {type(value).__name__}")
            if len(value) > MAX_VALUE_CHARS:
                raise TemplateError(f"{self.ref}: ${name} is longer than {MAX_VALUE_CHARS} letters")
            fitted[name] = self.variables[name].fitted(value)
        blocks = (part.filled(fitted) for part in self.parts)
        return tuple(block for block in blocks if block is not None)

    def _misfit(self, values: Mapping[str, str]) -> str:
        for name in values:
            if name not in self.variables:
                hint = nearest(name, self.variables)
                return f"{self.ref}: there is no variable ${name}. {hint}".strip()
        missing = next(name for name in self.variables if name not in values)
        hint = nearest(missing, [name for name in values if name not in self.variables])
        return f"{self.ref}: the variable ${missing} is missing. {hint}".strip()
