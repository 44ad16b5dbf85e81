"""A template's YAML file into a Template, or every reason why not, with its line.

Owns what a file may contain. Nothing in it is executed: `$name` is all there is, and the marks of
real template languages are refused, so that nobody believes they work.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as Invalid

from scenarios import yaml_reader
from scenarios.errors import FieldPath, Problem, ScenarioErrors, nearest, problem, quoted
from scenarios.yaml_reader import Document
from services.llm.prompts.compiler import ORDER, Kind, Role
from services.llm.prompts.templates import Part, Template, TemplateError, Variable
from services.llm.request import Language, TaskType

MAX_BYTES = 32 * 1024

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=12_000)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Base = Callable[[str, int], Template]

_MARK = re.compile(
    r"\$\$|\$(?P<name>[a-z][a-z0-9_]*)(?P<reach>\.[A-Za-z_]|[\[(])?|\$\{(?P<braced>[a-z][a-z0-9_]*)\}"
    r"|(?P<foreign>\$|\{[{%#\w][^\n}]{0,40}\}?|%\(\w+\)|<%|__\w+)"
)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Variable(_Model):
    kind: Literal["session", "turn"]
    quote: int | None = Field(default=None, ge=20, le=50_000)
    form: Literal["text", "json"] = "text"


class _Block(_Model):
    kind: Kind
    role: Role
    text: Text
    given: Name | None = None
    without: Name | None = None


def _spelt_out(value: object) -> object:
    """`title: session` is short for `title: {kind: session}`."""
    return {"kind": value} if isinstance(value, str) else value


class _File(_Model):
    about: Note
    task: TaskType
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*@[0-9]{1,6}$")] | None = None
    variables: dict[Name, Annotated[_Variable, BeforeValidator(_spelt_out)]] = Field(
        default_factory=dict, max_length=40
    )
    words: dict[Name, Note] = Field(default_factory=dict, max_length=20)
    blocks: tuple[_Block, ...] = Field(min_length=1, max_length=40)


def parse(
    text: str, *, file: str, name: str, language: Language, version: int, base: Base
) -> Template:
    """The template that the text of a file makes.

    `base` finds the template whose stable blocks this one begins with (`prefix: name@version`).
    Raises: TemplateError with a line `file:line:column: error ...` for each thing that is wrong.
    """
    document = _read(text, file=file)
    shape = _shape(document)
    variables = {
        key: Variable(kind=one.kind, quote=one.quote, form=one.form)
        for key, one in shape.variables.items()
    }
    above = _above(document, shape.prefix, name=name, base=base)
    variables = above.variables | variables
    parts, problems = _parts(shape, variables, document, text)
    if problems:
        raise TemplateError("\n".join(map(str, problems)))
    return Template(
        name=name,
        language=language,
        version=version,
        task=shape.task,
        about=shape.about,
        variables=variables,
        words=above.words | shape.words,
        parts=(*above.parts, *parts),
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


class _Above(NamedTuple):
    """What a template takes over from the one whose stable blocks it begins with."""

    parts: tuple[Part, ...]
    variables: dict[str, Variable]
    words: dict[str, str]


def _above(document: Document, prefix: str | None, *, name: str, base: Base) -> _Above:
    if prefix is None:
        return _Above((), {}, {})
    other, _, number = prefix.partition("@")
    if other == name:
        _refuse(document, ("prefix",), "a template cannot begin with itself")
    found = base(other, int(number))
    parts = tuple(part for part in found.parts if part.kind != "turn")
    used = {one for part in parts for one in _used(part)}
    variables = {key: one for key, one in found.variables.items() if key in used}
    return _Above(parts, variables, dict(found.words))


def _read(text: str, *, file: str) -> Document:
    if len(text.encode()) > MAX_BYTES:
        raise TemplateError(f"{file}:1:1: error: a template may have {MAX_BYTES // 1024} KB")
    if not text.strip():
        raise TemplateError(f"{file}:1:1: error: the file holds no template")
    try:
        document = yaml_reader.read(text, file=file)
    except ScenarioErrors as error:
        raise TemplateError(str(error)) from None
    if document.problems:
        raise TemplateError("\n".join(map(str, document.problems)))
    return document


def _shape(document: Document) -> _File:
    try:
        return _File.model_validate(document.value)
    except Invalid as invalid:
        raise TemplateError(
            "\n".join(
                str(_problem(document, tuple(one["loc"]), one["msg"].rstrip(".")))
                for one in invalid.errors(include_url=False, include_input=False)[:20]
            )
        ) from None


def _parts(
    shape: _File, variables: dict[str, Variable], document: Document, text: str
) -> tuple[list[Part], list[Problem]]:
    parts: list[Part] = []
    problems: list[Problem] = []
    for index, block in enumerate(shape.blocks):
        path: FieldPath = ("blocks", index)
        pieces, uses = _cut(block.text)
        for at, name, wrong in uses:
            cause = wrong or _why_not(name, block.kind, variables)
            if cause:
                problems.append(_within(document, (*path, "text"), text, block.text[:at], cause))
        for field, on in (("given", block.given), ("without", block.without)):
            if on and (cause := _why_not(on, block.kind, variables)):
                problems.append(_problem(document, (*path, field), cause))
        parts.append(
            Part(
                kind=block.kind,
                role=block.role,
                pieces=pieces,
                given=block.given,
                without=block.without,
            )
        )
    return parts, problems


class _Use(NamedTuple):
    """A mark in a text: where, the variable it names, and what is wrong with it or ""."""

    at: int
    name: str
    wrong: str = ""


def _cut(text: str) -> tuple[tuple[str, ...], list[_Use]]:
    """A block's text cut at its variables: text, name, text and so on; and every mark in it."""
    pieces, uses, last = [""], [], 0
    for mark in _MARK.finditer(text):
        pieces[-1] += text[last : mark.start()]
        last = mark.end()
        name = mark["name"] or mark["braced"] or ""
        if mark["foreign"]:
            wrong = f"{quoted(mark['foreign'])} is no variable; write $name"
            uses.append(_Use(mark.start(), "", wrong))
        elif not name:
            pieces[-1] += "$"
        elif mark["reach"]:
            wrong = f"{quoted(mark.group())} reaches into ${name}, whose value is only text"
            uses.append(_Use(mark.start(), name, wrong))
        else:
            uses.append(_Use(mark.start(), name))
            pieces += [name, ""]
    pieces[-1] += text[last:]
    return tuple(pieces), uses


def _why_not(name: str, kind: Kind, variables: dict[str, Variable]) -> str:
    """Why the variable cannot stand in a block of that kind; "" when it can."""
    variable = variables.get(name)
    if variable is None:
        return f"there is no variable ${name}. {nearest(name, variables)}".rstrip(" .")
    if ORDER[variable.kind] > ORDER[kind]:
        return (
            f"${name} changes with the {variable.kind} and would break the prefix that vendors "
            f"cache; a {kind} block may not hold it"
        )
    return ""


def _used(part: Part) -> Iterator[str]:
    yield from part.pieces[1::2]
    yield from (name for name in (part.given, part.without) if name)


def _within(document: Document, path: FieldPath, source: str, before: str, cause: str) -> Problem:
    """A problem at a place inside a value; lines count where the value is a literal block."""
    place = document.place(path)
    lines = source.splitlines()
    literal = lines[place.line - 1][place.column - 1 :].startswith("|")
    line = place.line + (1 + before.count("\n") if literal else 0)
    return problem(document.file, (line, 1 if literal else place.column), "E-TEXT", "text", cause)


def _problem(document: Document, path: FieldPath, cause: str) -> Problem:
    place = document.place(path)
    return problem(document.file, place, "E-TEMPLATE", ".".join(map(str, path)) or "file", cause)


def _refuse(document: Document, path: FieldPath, cause: str) -> None:
    raise TemplateError(str(_problem(document, path, cause)))
