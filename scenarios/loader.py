"""A scenario file into a scene that can be played, or into all that is wrong with it.

Owns the order of the checks: form (`yaml_reader`), types (`schema`), sense (`lint`). Errors refuse
a scene, warnings do not. A session pins `Loaded.text` and comes back to it with `parse`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from scenarios import source, yaml_reader
from scenarios.errors import WHOLE_FILE, Problem, ScenarioErrors, problem
from scenarios.lint import check
from scenarios.schema import Scenario
from scenarios.wording import problems_of
from scenarios.yaml_reader import MAX_PROBLEMS, Document

FILE_NAME = "scenario.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A scene as it stood on disk: `hash` is the SHA-256 (hex) of `text` in UTF-8."""

    scenario: Scenario
    text: str
    hash: str
    folder: Path
    warnings: tuple[Problem, ...] = ()


def load(path: Path) -> Loaded:
    """The scene of a file, or of the `scenario.yaml` in a folder, with all checks.

    Raises: ScenarioErrors with everything that is wrong, warnings included.
    """
    path = file_of(path)
    file = str(path)
    text = source.read(path, file=file)
    scenario, document = _understood(text, file=file)
    problems = _in_order(check(scenario, document, path))
    if any(one.severity == "error" for one in problems):
        raise ScenarioErrors(problems)
    return Loaded(
        scenario=scenario,
        text=text,
        hash=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        folder=path.parent,
        warnings=tuple(problems),
    )


def parse(text: str, *, file: str) -> Scenario:
    """The scene of a text that `load` accepted once: form and types only, nothing on disk.

    A rule that lint gained since then does not end a session that is under way.
    Raises: ScenarioErrors.
    """
    return _understood(source.checked(text, file=file), file=file)[0]


def problems_in(path: Path) -> list[Problem]:
    """All errors and warnings of a file or folder, in the file's order."""
    try:
        return list(load(path).warnings)
    except ScenarioErrors as errors:
        return list(errors.problems)


def unchecked(path: Path) -> Problem | None:
    """The warning that names, events and secrets wait for a file whose form or types are wrong.

    It stands at the last of those errors. None where all was checked, or nothing could be read.
    """
    path = file_of(path)
    file = str(path)
    try:
        text = source.read(path, file=file)
        yaml_reader.read(text, file=file)
    except ScenarioErrors:
        return None
    try:
        _understood(text, file=file)
    except ScenarioErrors as errors:
        last = errors.problems[-1]
        cause = "names, events and secrets are not checked yet"
        hint = "They are once the errors above are mended."
        return problem(file, (last.line, last.column), "W-UNCHECKED", WHOLE_FILE, cause, hint)
    return None


def file_of(path: Path) -> Path:
    """The scenario file that a file's or a folder's path means."""
    return path / FILE_NAME if path.is_dir() else path


def _understood(text: str, *, file: str) -> tuple[Scenario, Document]:
    document = yaml_reader.read(text, file=file)
    try:
        scenario = Scenario.model_validate(document.value, strict=True)
    except ValidationError as error:
        problems = [*document.problems, *problems_of(error, document)]
        raise ScenarioErrors(_in_order(problems)) from None
    if document.problems:
        raise ScenarioErrors(_in_order(document.problems))
    return scenario, document


def _in_order(problems: list[Problem] | tuple[Problem, ...]) -> list[Problem]:
    """By place, at most MAX_PROBLEMS, the last of them then saying that there are more."""
    ordered = sorted(problems, key=lambda one: (one.line, one.column))
    if len(ordered) <= MAX_PROBLEMS:
        return ordered
    kept, next_one = ordered[: MAX_PROBLEMS - 1], ordered[MAX_PROBLEMS - 1]
    cause = f"{len(ordered) - len(kept)} more problems follow from here"
    place = (next_one.line, next_one.column)
    code = "E-MORE" if any(one.severity == "error" for one in ordered) else "W-MORE"
    return [*kept, problem(next_one.file, place, code, WHOLE_FILE, cause)]
