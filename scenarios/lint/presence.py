"""Who is in the room: nobody speaks in a phase that they are out of."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import FieldPath, quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Phase, Scenario


def somebody(scenario: Scenario) -> Iterator[Finding]:
    """Someone is in the room in each phase."""
    for at, phase in enumerate(scenario.phases):
        if phase.present == ():
            yield Finding(
                code="E-NO-SPEAKERS",
                path=("phases", at, "present"),
                cause="nobody is in the room in this phase",
                hint="Name who is there; without the field the whole cast is.",
            )


def speakers(scenario: Scenario) -> Iterator[Finding]:
    """Whoever speaks in a phase, or leads it, is in the room."""
    for at, phase in enumerate(scenario.phases):
        if not phase.present:
            continue
        out = _out_of(phase, scenario)
        for number, id in enumerate(phase.speakers or ()):
            if id in out:
                yield _absent(("phases", at, "speakers", number), id, phase, "speaks")
        if phase.lead in out:
            yield _absent(("phases", at, "lead"), phase.lead or "", phase, "leads")


def events(scenario: Scenario) -> Iterator[Finding]:
    """Whoever acts in an event is in the room when it comes."""
    for at, event in enumerate(scenario.events):
        path: FieldPath = ("events", at, "by")
        for phase in scenario.phases:
            if event.by not in _out_of(phase, scenario):
                continue
            if event.when.phase == phase.id:
                yield _absent(path, event.by, phase, "acts")
            elif event.when.phase is None:
                yield Finding(
                    code="W-ABSENT",
                    path=path,
                    cause=f"{quoted(event.by)} is out in {quoted(phase.id)}: it waits there",
                    hint="Add `phase:` to `when`, or let someone act who is always there.",
                )
                break


def moderator(scenario: Scenario) -> Iterator[Finding]:
    """Whoever keeps order is in the room to do so."""
    for phase in scenario.phases:
        if scenario.moderation.by in _out_of(phase, scenario):
            yield Finding(
                code="W-ABSENT",
                path=("moderation", "by"),
                cause=f"nobody keeps order in {quoted(phase.id)}: the moderator is not present",
                hint="Add the moderator to `present` of the phase.",
            )


def _out_of(phase: Phase, scenario: Scenario) -> frozenset[str]:
    """Members of the cast who are not in the room in that phase; an empty room is `somebody`'s."""
    if not phase.present:
        return frozenset()
    return frozenset(one.id for one in scenario.cast) - frozenset(phase.present)


def _absent(path: FieldPath, id: str, phase: Phase, verb: str) -> Finding:
    return Finding(
        code="E-ABSENT",
        path=path,
        cause=f"{quoted(id)} {verb} in {quoted(phase.id)} and is not present there",
        hint="Add the character to `present` of the phase.",
    )


RULES: tuple[Rule, ...] = (somebody, speakers, events, moderator)
