"""What is wrong with a scenario whose fields are all well formed.

Owns the order of the rules and how a finding becomes a problem with its place. Each rule is a
function from a scenario to findings; only `knowledge` looks at the disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from scenarios.errors import Problem, dotted, problem
from scenarios.lint import (
    cast,
    deeds,
    events,
    guests,
    knowledge,
    moderation,
    names,
    phases,
    points,
    presence,
    rubric,
    secrets,
)
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario
from scenarios.yaml_reader import Document

_MAX_FINDINGS = 200

_MODULES = (
    names,
    phases,
    presence,
    guests,
    deeds,
    events,
    points,
    moderation,
    cast,
    secrets,
)
RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)
"""All rules that need nothing but the scenario."""


def check(scenario: Scenario, document: Document, path: Path) -> list[Problem]:
    """Errors and warnings of a scenario read from `path`, whose places are the document's."""
    found = islice(findings(scenario, path), _MAX_FINDINGS)
    return [_problem(one, document) for one in found]


def findings(scenario: Scenario, path: Path) -> Iterator[Finding]:
    """What the rules say, in the order in which an author would mend it."""
    yield from names.folder(scenario, path)
    for rule in RULES:
        yield from rule(scenario)
    yield from knowledge.files(scenario, path.parent)
    yield from rubric.anchors(scenario)
    yield from rubric.weights(scenario)


def _problem(found: Finding, document: Document) -> Problem:
    cause = found.cause
    if found.first is not None:
        cause = f"{cause}; first on line {document.place(found.first).line}"
    place = document.place(found.path, key=found.on_key)
    return problem(document.file, place, found.code, dotted(found.path), cause, found.hint)
