"""Phases that nobody speaks in, that are never reached, that cannot come to an end."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import nearest, quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Phase, Scenario


def speakers(scenario: Scenario) -> Iterator[Finding]:
    """Each phase has someone to speak, and its lead is one of them."""
    known = {one.id for one in scenario.cast}
    for at, phase in enumerate(scenario.phases):
        if phase.speakers is None:
            continue
        if not phase.speakers:
            yield Finding(
                code="E-NO-SPEAKERS",
                path=("phases", at, "speakers"),
                cause="nobody may speak in this phase",
                hint="Name its speakers; without the field the whole cast speaks.",
            )
        elif phase.lead in known and phase.lead not in phase.speakers:
            yield Finding(
                code="E-LEAD",
                path=("phases", at, "lead"),
                cause=f"{quoted(phase.lead or '')} opens this phase and is not among its speakers",
                hint=nearest(phase.lead or "", phase.speakers),
            )


def turns(scenario: Scenario) -> Iterator[Finding]:
    """The fewest turns of a phase are not more than its most."""
    for at, phase in enumerate(scenario.phases):
        if phase.turns.min > phase.turns.max:
            yield Finding(
                code="E-TURNS",
                path=("phases", at, "turns"),
                cause=f"min is {phase.turns.min}, max is {phase.turns.max}",
                hint="Let min be at most max.",
            )


def reachable(scenario: Scenario) -> Iterator[Finding]:
    """The phases before one leave it some of the scene's turns and of its time."""
    limits, used_turns, used_s = scenario.limits, 0, 0
    for at, phase in enumerate(scenario.phases):
        path = ("phases", at)
        if at and used_turns >= limits.turns:
            cause = (
                f"the phases before {quoted(phase.id)} take {used_turns} turns, "
                f"the scene ends after {limits.turns}"
            )
            hint = "Raise limits.turns, lower their turns.max, or give them a time_limit_s."
            yield Finding(code="E-UNREACHABLE", path=path, cause=cause, hint=hint)
        elif at and used_s >= limits.duration_s:
            cause = (
                f"the phases before {quoted(phase.id)} may take {used_s} s, "
                f"the scene ends after {limits.duration_s} s"
            )
            hint = "Raise limits.duration_s or lower their time_limit_s."
            yield Finding(code="E-UNREACHABLE", path=path, cause=cause, hint=hint)
        used_turns += wanted_turns(phase)
        used_s += phase.time_limit_s or 0


def ends(scenario: Scenario) -> Iterator[Finding]:
    """The scene can come to its own end, not only to its limits."""
    least = sum(phase.turns.min for phase in scenario.phases)
    if least > scenario.limits.turns:
        cause = (
            f"the phases want {least} turns at least, the scene is cut off after "
            f"{scenario.limits.turns}: it can never end by itself"
        )
        hint = "Raise limits.turns or lower turns.min of the phases."
        yield Finding(code="E-NO-END", path=("limits", "turns"), cause=cause, hint=hint)
    for at, phase in enumerate(scenario.phases):
        if phase.time_limit_s is not None and phase.time_limit_s > scenario.limits.duration_s:
            yield Finding(
                code="W-TIME-LIMIT",
                path=("phases", at, "time_limit_s"),
                cause=f"the scene ends after {scenario.limits.duration_s} s, before this limit",
                hint="Raise limits.duration_s or lower the phase's limit.",
            )


def silence(scenario: Scenario) -> Iterator[Finding]:
    """Someone asks whether the learner is there before the scene gives up."""
    limits = scenario.limits
    if limits.silence_prompt_s >= limits.silence_end_s:
        yield Finding(
            code="W-SILENCE",
            path=("limits", "silence_prompt_s"),
            cause=(
                f"the scene ends after {limits.silence_end_s:g} s of silence, before its prompt "
                f"at {limits.silence_prompt_s:g} s"
            ),
            hint="Let silence_prompt_s be less than silence_end_s.",
        )


def wanted_turns(phase: Phase) -> int:
    """Turns of the learner that pass before the phase is over if all goes as written."""
    return phase.turns.max if phase.time_limit_s is None else phase.turns.min


RULES: tuple[Rule, ...] = (speakers, turns, reachable, ends, silence)
