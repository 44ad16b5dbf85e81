"""Points that nothing waits for, and scores that no points reach."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario


def awaited(scenario: Scenario) -> Iterator[Finding]:
    """Points are counted for an event, and each entry counts for something."""
    waiting = any(
        event.when.score_from is not None or event.when.score_to is not None
        for event in scenario.events
    )
    if scenario.points and not waiting:
        yield Finding(
            code="W-POINTS",
            path=("points",),
            cause="no event waits for a score",
            hint="Add an event with `score_from` or `score_to`, or delete the points.",
        )
    for at, entry in enumerate(scenario.points):
        if entry.add == 0:
            cause = "these words are worth nothing"
            hint = "Give them points, or delete the entry."
            yield Finding(code="W-POINTS", path=("points", at, "add"), cause=cause, hint=hint)


def in_reach(scenario: Scenario) -> Iterator[Finding]:
    """Each score that an event waits for can be reached, and is not there from the start."""
    least, most = bounds(scenario)
    for at, event in enumerate(scenario.events):
        when, path = event.when, ("events", at, "when")
        low, high = when.score_from, when.score_to
        if low is not None and high is not None and low > high:
            cause = f"no score is at least {low} and at most {high}"
            hint = "Let score_from be at most score_to."
            yield Finding(code="E-NEVER-FIRES", path=(*path, "score_from"), cause=cause, hint=hint)
            continue
        if low is not None:
            yield from _from(low, least, most, (*path, "score_from"))
        if high is not None:
            yield from _to(high, least, most, (*path, "score_to"))


def bounds(scenario: Scenario) -> tuple[int, int]:
    """The lowest and the highest score that a learner can have; 0 is where all begin."""
    times = [1 if entry.once else scenario.limits.turns for entry in scenario.points]
    worth = [entry.add * count for entry, count in zip(scenario.points, times, strict=True)]
    return sum(one for one in worth if one < 0), sum(one for one in worth if one > 0)


def _from(wanted: int, least: int, most: int, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if wanted > most:
        cause = f"the learner can have {most} points at most"
        hint = "Lower it, or give more words points." if most else "Add `points:` to the scene."
        yield Finding(code="E-NEVER-FIRES", path=path, cause=cause, hint=hint)
    elif wanted <= least:
        yield _always(path, f"the learner never has less than {least} points")


def _to(wanted: int, least: int, most: int, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if wanted < least:
        cause = f"the learner can have {least} points at least"
        hint = "Raise it, or give words negative points."
        yield Finding(code="E-NEVER-FIRES", path=path, cause=cause, hint=hint)
    elif wanted >= most:
        yield _always(path, f"the learner never has more than {most} points")


def _always(path: tuple[str | int, ...], cause: str) -> Finding:
    return Finding(
        code="W-POINTS",
        path=path,
        cause=f"{cause}: this always holds",
        hint="Delete the condition, or choose a score that has to be earned.",
    )


RULES: tuple[Rule, ...] = (awaited, in_reach)
