"""Events whose time can never come, or has come before the scene begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scenarios.errors import FieldPath, quoted
from scenarios.happenings import MoodWhen, When
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Phase, Scenario


class _Obstacle(NamedTuple):
    """Why a condition cannot hold; `path` leads from `when` to it."""

    path: FieldPath
    cause: str
    hint: str


def can_fire(scenario: Scenario) -> Iterator[Finding]:
    """Some moment of the scene meets all conditions of an event."""
    for at, event in enumerate(scenario.events):
        for path, cause, hint in _obstacles(event.when, scenario):
            whole = ("events", at, "when", *path)
            yield Finding(code="E-NEVER-FIRES", path=whole, cause=cause, hint=hint)


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


def _obstacles(when: When, scenario: Scenario) -> Iterator[_Obstacle]:
    limits = scenario.limits
    phases = [one for one in scenario.phases if when.phase in (None, one.id)]
    if when == When():
        hint = "Add phase, after_s, silence_s, heard, turns, a score or a mood."
        yield _Obstacle((), "the event has no condition", hint)
    if when.heard is not None and when.silence_s is not None:
        cause = "words are never heard during a silence"
        yield _Obstacle(("silence_s",), cause, "Make two events of it.")
    if when.silence_s is not None and when.silence_s > limits.silence_end_s:
        cause = f"the scene ends after {limits.silence_end_s:g} s of silence"
        yield _Obstacle(("silence_s",), cause, "Lower it, or raise limits.silence_end_s.")
    if when.after_s is not None:
        yield from _too_late(when.after_s, phases, scenario)
    if when.turns is not None and phases:
        most = min(limits.turns, max(phase.turns.max for phase in phases))
        if when.turns > most:
            cause = f"the phase is over after {most} turns of the learner"
            yield _Obstacle(("turns",), cause, "Lower it, or raise turns.max of the phase.")
    if when.mood is not None:
        yield from _moodless(when.mood)


def _too_late(after_s: float, phases: list[Phase], scenario: Scenario) -> Iterator[_Obstacle]:
    if after_s >= scenario.limits.duration_s:
        cause = f"the scene ends after {scenario.limits.duration_s} s"
        yield _Obstacle(("after_s",), cause, "Lower it, or raise limits.duration_s.")
        return
    ends_s = [phase.time_limit_s for phase in phases]
    known_s = [end_s for end_s in ends_s if end_s is not None]
    if known_s and len(known_s) == len(ends_s) and after_s > max(known_s):
        cause = f"the phase is over after {max(known_s)} s, and after_s counts from its start"
        yield _Obstacle(("after_s",), cause, "Lower it, or raise time_limit_s of the phase.")


def _moodless(mood: MoodWhen) -> Iterator[_Obstacle]:
    """Bounds that no mood meets. Each is a strict one: above 1 and below 0 there is nothing."""
    above, below = mood.trust_above, mood.trust_below
    if above is None and below is None and mood.impatience_above is None:
        hint = "Add trust_below, trust_above or impatience_above, each 0 to 1."
        yield _Obstacle(("mood",), f"no mood of {quoted(mood.of)} is waited for", hint)
    if above is not None and below is not None and above >= below:
        cause = f"trust cannot be above {above:g} and below {below:g} at once"
        yield _Obstacle(("mood", "trust_above"), cause, "Let trust_above be less than trust_below.")
        return
    if below == 0:
        cause = "trust is never below 0"
        yield _Obstacle(("mood", "trust_below"), cause, "Raise it: 0.2 is little trust.")
    for name, value in (("trust_above", above), ("impatience_above", mood.impatience_above)):
        if value == 1:
            cause = f"{name.partition('_')[0]} is never above 1"
            yield _Obstacle(("mood", name), cause, "Lower it: 0.8 is a lot.")


RULES: tuple[Rule, ...] = (can_fire, waits_longer_than_prompt)
