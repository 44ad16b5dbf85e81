"""Names that must be unique, and names that must be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from scenarios.errors import FieldPath, nearest, quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario

_UNKNOWN = {
    "character": "E-UNKNOWN-CHARACTER",
    "phase": "E-UNKNOWN-PHASE",
    "event": "E-UNKNOWN-EVENT",
}


def folder(scenario: Scenario, path: Path) -> Iterator[Finding]:
    """A scene in `<slug>/scenario.yaml` bears its folder's name; other file names are free."""
    name = path.absolute().parent.name
    if path.name == "scenario.yaml" and scenario.id != name:
        cause = f"the id is {quoted(scenario.id)}, its folder is {quoted(name)}"
        yield Finding(code="E-FOLDER-NAME", path=("id",), cause=cause, hint="Rename one of them.")


def unique_ids(scenario: Scenario) -> Iterator[Finding]:
    """Ids are unique in their list; whoever and whatever is named in a list stands once."""
    lists: list[tuple[FieldPath, list[str], tuple[str, ...]]] = [
        (("cast",), [one.id for one in scenario.cast], ("id",)),
        (("phases",), [one.id for one in scenario.phases], ("id",)),
        (("events",), [one.id for one in scenario.events], ("id",)),
        (("rubric",), [one.id for one in scenario.rubric], ("id",)),
        (("knowledge",), list(scenario.knowledge), ()),
    ]
    for at, who in enumerate(scenario.cast):
        lists.append((("cast", at, "secrets"), [one.id for one in who.secrets], ("id",)))
    for at, phase in enumerate(scenario.phases):
        lists.append((("phases", at, "speakers"), list(phase.speakers or ()), ()))
        lists.append((("phases", at, "present"), list(phase.present or ()), ()))
    for at, event in enumerate(scenario.events):
        lists.append((("events", at, "to"), list(event.to), ()))
    for path, ids, tail in lists:
        yield from _repeated(path, ids, tail)


def unique_names(scenario: Scenario) -> Iterator[Finding]:
    """Two characters of one name cannot be addressed apart."""
    seen: dict[str, int] = {}
    for at, who in enumerate(scenario.cast):
        first = seen.setdefault(who.name.casefold(), at)
        if first != at:
            yield Finding(
                code="W-SAME-NAME",
                path=("cast", at, "name"),
                cause=f"two characters are called {quoted(who.name)}",
                hint="Give one of them another name: the learner calls them by it.",
                first=("cast", first, "name"),
            )


def known_names(scenario: Scenario) -> Iterator[Finding]:
    """Characters, phases and events that are spoken of exist."""
    known = {
        "character": [one.id for one in scenario.cast],
        "phase": [one.id for one in scenario.phases],
        "event": [one.id for one in scenario.events],
    }
    for kind, name, path in (*_in_scene(scenario), *_in_events(scenario), *_in_tests(scenario)):
        yield from _known(kind, name, known[kind], path)
    for at, who in enumerate(scenario.cast):
        for id in who.understudy.phases:
            key = ("cast", at, "understudy", "phases", id)
            yield from _known("phase", id, known["phase"], key, on_key=True)


_Reference = tuple[str, str | None, FieldPath]
"""A kind of thing, the name that it is called by, and where."""


def _in_scene(scenario: Scenario) -> Iterator[_Reference]:
    for at, phase in enumerate(scenario.phases):
        path = ("phases", at)
        yield "character", phase.lead, (*path, "lead")
        for number, speaker in enumerate(phase.speakers or ()):
            yield "character", speaker, (*path, "speakers", number)
        for number, id in enumerate(phase.present or ()):
            yield "character", id, (*path, "present", number)
    yield "character", scenario.moderation.by, ("moderation", "by")


def _in_events(scenario: Scenario) -> Iterator[_Reference]:
    for at, event in enumerate(scenario.events):
        path = ("events", at)
        yield "character", event.by, (*path, "by")
        yield "phase", event.when.phase, (*path, "when", "phase")
        if event.when.mood is not None:
            yield "character", event.when.mood.of, (*path, "when", "mood", "of")
        for number, id in enumerate(event.to):
            yield "character", id, (*path, "to", number)


def _in_tests(scenario: Scenario) -> Iterator[_Reference]:
    for at, test in enumerate(scenario.tests):
        expect, path = test.expect, ("tests", at, "expect")
        yield "character", expect.speaker, (*path, "speaker")
        yield "phase", expect.phase, (*path, "phase")
        yield "event", expect.event, (*path, "event")


def tests_do_something(scenario: Scenario) -> Iterator[Finding]:
    """A line of a test says something or waits."""
    for at, test in enumerate(scenario.tests):
        if test.say is None and test.wait_s is None:
            cause = "this test neither says something nor waits"
            hint = "Add `say:` or `wait_s:`."
            yield Finding(code="E-TEST", path=("tests", at), cause=cause, hint=hint)


def _known(
    kind: str, name: str | None, known: list[str], path: FieldPath, *, on_key: bool = False
) -> Iterator[Finding]:
    if name is not None and name not in known:
        yield Finding(
            code=_UNKNOWN[kind],
            path=path,
            cause=f"there is no {kind} {quoted(name)}",
            hint=nearest(name, known) or f"This scene has no {kind}s.",
            on_key=on_key,
        )


def _repeated(path: FieldPath, ids: Iterable[str], tail: tuple[str, ...]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for at, id in enumerate(ids):
        first = seen.setdefault(id, at)
        if first != at:
            yield Finding(
                code="E-DUPLICATE-ID",
                path=(*path, at, *tail),
                cause=f"{quoted(id)} stands in this list twice",
                hint="Rename or delete one of them.",
                first=(*path, first, *tail),
            )


RULES: tuple[Rule, ...] = (unique_ids, unique_names, known_names, tests_do_something)
