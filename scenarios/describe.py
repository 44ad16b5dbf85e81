"""A scene told to people: to a learner who chooses one, to an author who checks one.

Owns what a learner may see of a scenario. No persona, secret, private knowledge, event, authored
line or rubric anchor is ever in `public_view`.
"""

from __future__ import annotations

from scenarios.happenings import Event
from scenarios.schema import Character, Phase, Scenario

PublicView = dict[str, object]
"""Plain JSON values."""


def public_view(scenario: Scenario) -> PublicView:
    """What learners see: title, their own part, who they will meet, the phases, the time."""
    learner = scenario.learner
    return {
        "id": scenario.id,
        "title": scenario.title,
        "language": scenario.language,
        "summary": scenario.summary,
        "learner": {
            "role": learner.role,
            "brief": learner.brief,
            "goals": list(learner.goals),
        },
        "cast": [{"id": who.id, "name": who.name, "title": who.title} for who in scenario.cast],
        "phases": [{"id": phase.id, "goal": phase.goal} for phase in scenario.phases],
        "rubric": [{"id": one.id, "label": one.label} for one in scenario.rubric],
        "duration_s": scenario.limits.duration_s,
        "turns": scenario.limits.turns,
    }


def summary(scenario: Scenario) -> str:
    """A page for the scene's author, secrets named but not told."""
    limits = scenario.limits
    lines = [
        f"{scenario.title} ({scenario.id}, {scenario.language})",
        scenario.summary,
        "",
        f"You are: {scenario.learner.role}",
        *(f"  - {goal}" for goal in scenario.learner.goals),
        "",
        "Cast",
        *(f"  {_character(who)}" for who in scenario.cast),
        "",
        "Phases",
        *(
            f"  {number}. {_phase(phase, scenario)}"
            for number, phase in enumerate(scenario.phases, 1)
        ),
    ]
    if scenario.events:
        lines += ["", "Events", *(f"  {_event(event)}" for event in scenario.events)]
    if scenario.rubric:
        rubric = ", ".join(f"{one.label} ({one.weight:g})" for one in scenario.rubric)
        lines += ["", f"Scored: {rubric}"]
    lines += [
        "",
        f"Ends after {limits.duration_s} s, {limits.turns} turns or ${limits.cost_usd:g}; "
        f"after {limits.silence_end_s:g} s of silence.",
        f"{len(scenario.knowledge)} knowledge files, {len(scenario.tests)} tests.",
    ]
    return "\n".join(lines)


def _character(who: Character) -> str:
    part, voice = who.understudy, who.voice
    count = len(part.opening) + len(part.lines) + len(part.closing) + len(part.reactions)
    count += len(part.heard) + sum(len(lines) for lines in part.phases.values())
    title = f", {who.title}" if who.title else ""
    sound = f"{voice.gender or 'any voice'}, pitch {voice.pitch:+g}, pace {voice.pace:g}"
    secrets = f", {len(who.secrets)} secret(s)" if who.secrets else ""
    return f"{who.id}: {who.name}{title} ({sound}; {count} lines{secrets})"


def _phase(phase: Phase, scenario: Scenario) -> str:
    others = [id for id in scenario.speakers_of(phase) if id != scenario.lead_of(phase)]
    bounds = f"{phase.turns.min} to {phase.turns.max} turns"
    if phase.time_limit_s is not None:
        bounds += f", {phase.time_limit_s} s"
    cast = ", ".join([f"{scenario.lead_of(phase)} leads", *others])
    return f"{phase.id}: {phase.goal} ({cast}; {bounds})"


def _event(event: Event) -> str:
    when = event.when
    conditions = [
        f"in {when.phase}" if when.phase else "",
        f"after {when.after_s:g} s" if when.after_s is not None else "",
        f"after {when.silence_s:g} s of silence" if when.silence_s is not None else "",
        f"from turn {when.turns}" if when.turns is not None else "",
        f"on hearing {', '.join(when.heard)}" if when.heard else "",
    ]
    what = f"releases {event.secret}" if event.do == "release" else f"{event.do}s"
    return f"{event.id}: {event.by} {what} {', '.join(one for one in conditions if one)}"
