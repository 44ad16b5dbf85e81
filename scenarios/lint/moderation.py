"""Rules of order that nobody can keep, and limits that fit nobody's manners."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario

MAX_ABSENCE_S = 120
"""Whoever comes back after a dropped line does so within two minutes."""


def airtime(scenario: Scenario) -> Iterator[Finding]:
    """Shares of airtime can be given to all: they sum up to one."""
    least, most = scenario.moderation.airtime.min, scenario.moderation.airtime.max
    cast, path = len(scenario.cast), ("moderation", "airtime")
    there = cast - len(scenario.late_guests)
    if least > most:
        yield Finding(
            code="E-AIRTIME",
            path=path,
            cause=f"min is {least:g}, max is {most:g}",
            hint="Let min be at most max.",
        )
    elif round(least * cast, 6) > 1:
        yield Finding(
            code="E-AIRTIME",
            path=(*path, "min"),
            cause=f"{cast} characters cannot each have {least:.0%} of what is said",
            hint=f"Lower it to {1 / cast:.2f} or less.",
        )
    elif round(most * cast, 6) < 1:
        yield Finding(
            code="E-AIRTIME",
            path=(*path, "max"),
            cause=f"{cast} characters with at most {most:.0%} each leave a part unsaid",
            hint=f"Raise it to {1 / cast + 0.005:.2f} or more.",
        )
    elif 0 < there < cast and round(most * there, 6) < 1:
        yield Finding(
            code="W-AIRTIME",
            path=(*path, "max"),
            cause=f"until guests arrive {there} characters share all, {most:.0%} each at most",
            hint=f"Raise it to {1 / there + 0.005:.2f} or more.",
        )


def time_box(scenario: Scenario) -> Iterator[Finding]:
    """A learner can speak for so long that the moderator cuts in."""
    turn_s = scenario.moderation.turn_s
    ends_s = [phase.time_limit_s or scenario.limits.duration_s for phase in scenario.phases]
    if turn_s is not None and turn_s >= max(ends_s):
        yield Finding(
            code="W-TIME-LIMIT",
            path=("moderation", "turn_s"),
            cause=f"every phase is over after {max(ends_s)} s: nobody speaks that long",
            hint="Lower it: 45 s is a long answer.",
        )


def absence(scenario: Scenario) -> Iterator[Finding]:
    """A seat is not kept longer than anybody needs to come back."""
    limits = scenario.limits
    most = min(MAX_ABSENCE_S, limits.duration_s / 2)
    if limits.absence_s > most:
        yield Finding(
            code="W-ABSENCE",
            path=("limits", "absence_s"),
            cause=f"the cast waits {limits.absence_s:g} s for a person who is gone",
            hint=f"Lower it to {most:g} or less: a dropped line is back within a minute.",
        )


def chatter(scenario: Scenario) -> Iterator[Finding]:
    """Openings are not one after the other where the cast says nothing to itself."""
    for at, phase in enumerate(scenario.phases):
        path = ("phases", at)
        count = len(scenario.speakers_of(phase))
        if phase.order == "first_ready" and phase.opening != "parallel":
            yield Finding(
                code="W-UNUSED",
                path=(*path, "order"),
                cause="only a parallel opening has an order",
                hint="Write `opening: parallel`, or delete the field.",
            )
        if phase.opening == "parallel" and count > 1 and scenario.limits.cast_turns == 0:
            yield Finding(
                code="W-CAST-TURNS",
                path=(*path, "opening"),
                cause=(
                    f"{count} open {quoted(phase.id)} in a row, and limits.cast_turns 0 lets the "
                    "cast say nothing to itself"
                ),
                hint="Write `opening: lead`, or raise limits.cast_turns.",
            )


RULES: tuple[Rule, ...] = (airtime, time_box, absence, chatter)
