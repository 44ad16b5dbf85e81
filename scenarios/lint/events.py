"""Events that lack something, and events whose time can never come."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.happenings import When
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Phase, Scenario


def needs(scenario: Scenario) -> Iterator[Finding]:
    """What an event does has what it takes."""
    for at, event in enumerate(scenario.events):
        path = ("events", at)
        if event.do == "release" and event.secret is None:
            hint = "Add `secret: character.secret`."
            cause = "`do: release` names no secret"
            yield Finding(code="E-EVENT-NEEDS", path=path, cause=cause, hint=hint)
        if event.do == "say" and event.say is None:
            hint = "Add `say:` with the line."
            cause = "`do: say` has no line"
            yield Finding(code="E-EVENT-NEEDS", path=path, cause=cause, hint=hint)
        if event.do != "release" and event.secret is not None:
            yield Finding(
                code="W-UNUSED",
                path=(*path, "secret"),
                cause=f"`do: {event.do}` releases no secret",
                hint="Write `do: release`, or delete the field.",
            )


def can_fire(scenario: Scenario) -> Iterator[Finding]:
    """Some moment of the scene meets all conditions of an event."""
    for at, event in enumerate(scenario.events):
        for field, cause, hint in _obstacles(event.when, scenario):
            path = ("events", at, "when", field) if field else ("events", at, "when")
            yield Finding(code="E-NEVER-FIRES", path=path, cause=cause, hint=hint)


def waits_longer_than_prompt(scenario: Scenario) -> Iterator[Finding]:
    """A silence that an event waits for is not broken by the scene's own prompt first."""
    prompt_s = scenario.limits.silence_prompt_s
    for at, event in enumerate(scenario.events):
        silence_s = event.when.silence_s
        if silence_s is not None and prompt_s < silence_s <= scenario.limits.silence_end_s:
            yield Finding(
                code="W-SILENCE",
                path=("events", at, "when", "silence_s"),
                cause=f"the scene itself breaks the silence before this, after {prompt_s:g} s",
                hint="Lower it, or raise limits.silence_prompt_s.",
            )


def _obstacles(when: When, scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """(field of `when`, cause, hint) for each condition that cannot hold."""
    limits = scenario.limits
    phases = [one for one in scenario.phases if when.phase in (None, one.id)]
    if not when.model_fields_set or when == When():
        yield "", "the event has no condition", "Add phase, after_s, silence_s, heard or turns."
    if when.heard is not None and when.silence_s is not None:
        yield "silence_s", "words are never heard during a silence", "Make two events of it."
    if when.silence_s is not None and when.silence_s > limits.silence_end_s:
        cause = f"the scene ends after {limits.silence_end_s:g} s of silence"
        yield "silence_s", cause, "Lower it, or raise limits.silence_end_s."
    if when.after_s is not None:
        yield from _too_late(when.after_s, phases, scenario)
    if when.turns is not None and phases:
        most = min(limits.turns, max(phase.turns.max for phase in phases))
        if when.turns > most:
            cause = f"the phase is over after {most} turns of the learner"
            yield "turns", cause, "Lower it, or raise turns.max of the phase."


def _too_late(
    after_s: float, phases: list[Phase], scenario: Scenario
) -> Iterator[tuple[str, str, str]]:
    if after_s >= scenario.limits.duration_s:
        cause = f"the scene ends after {scenario.limits.duration_s} s"
        yield "after_s", cause, "Lower it, or raise limits.duration_s."
        return
    ends_s = [phase.time_limit_s for phase in phases]
    known_s = [end_s for end_s in ends_s if end_s is not None]
    if known_s and len(known_s) == len(ends_s) and after_s > max(known_s):
        cause = f"the phase is over after {max(known_s)} s, and after_s counts from its start"
        yield "after_s", cause, "Lower it, or raise time_limit_s of the phase."


RULES: tuple[Rule, ...] = (needs, can_fire, waits_longer_than_prompt)
