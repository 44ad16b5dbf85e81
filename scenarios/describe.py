"""A scene told to people: to a learner who chooses one, to an author who checks one.

Owns what a learner may see of a scenario. No persona, secret, private knowledge, event, authored
line or rubric anchor is ever in `public_view`, nor a late guest: a guest is a surprise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scenarios.errors import quoted
from scenarios.happenings import Event, Points, When
from scenarios.schema import Airtime, Character, Moderation, Phase, Scenario

PublicView = dict[str, object]
"""Plain JSON values."""


def public_view(scenario: Scenario) -> PublicView:
    """What learners see: title, their own part, whom they meet from the start, phases, time."""
    learner, guests = scenario.learner, scenario.late_guests
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
        "cast": [
            {"id": who.id, "name": who.name, "title": who.title}
            for who in scenario.cast
            if who.id not in guests
        ],
        "phases": [{"id": phase.id, "goal": phase.goal} for phase in scenario.phases],
        "rubric": [{"id": one.id, "label": one.label} for one in scenario.rubric],
        "duration_s": scenario.limits.duration_s,
        "turns": scenario.limits.turns,
    }


def summary(scenario: Scenario) -> str:
    """A page for the scene's author, secrets named but not told."""
    lines = [
        f"{scenario.title} ({scenario.id}, {scenario.language})",
        scenario.summary,
        "",
        f"You are: {scenario.learner.role}",
        *(f"  - {goal}" for goal in scenario.learner.goals),
        *_listed("Cast", (_character(who, scenario) for who in scenario.cast)),
        *_listed(
            "Phases",
            (f"{number}. {_phase(one, scenario)}" for number, one in enumerate(scenario.phases, 1)),
        ),
        *_listed("Events", map(_event, scenario.events)),
        *_listed("Points", map(_points, scenario.points)),
        *_listed("Order", _order(scenario)),
    ]
    if scenario.rubric:
        rubric = ", ".join(f"{one.label} ({one.weight:g})" for one in scenario.rubric)
        lines += ["", f"Scored: {rubric}"]
    limits = scenario.limits
    lines += [
        "",
        f"Ends after {limits.duration_s} s, {limits.turns} turns or ${limits.cost_usd:g}; "
        f"after {limits.silence_end_s:g} s of silence; {limits.absence_s:g} s after a line drops.",
        f"{len(scenario.knowledge)} knowledge files, {len(scenario.tests)} tests.",
    ]
    return "\n".join(lines)


def _listed(heading: str, entries: Iterable[str]) -> Iterator[str]:
    """An empty line, the heading and its entries; nothing without entries."""
    listed = [f"  {one}" for one in entries]
    if listed:
        yield from ("", heading, *listed)


def _character(who: Character, scenario: Scenario) -> str:
    part, voice = who.understudy, who.voice
    count = len(part.opening) + len(part.lines) + len(part.closing) + len(part.reactions)
    count += len(part.heard) + sum(len(lines) for lines in part.phases.values())
    title = f", {who.title}" if who.title else ""
    sound = f"{voice.gender or 'any voice'}, pitch {voice.pitch:+g}, pace {voice.pace:g}"
    secrets = f", {len(who.secrets)} secret(s)" if who.secrets else ""
    late = "; late guest" if who.id in scenario.late_guests else ""
    temper = ", ".join(f"{name} {value:g}" for name, value in who.temper.model_dump().items())
    return f"{who.id}: {who.name}{title} ({sound}; {temper}; {count} lines{secrets}{late})"


def _phase(phase: Phase, scenario: Scenario) -> str:
    speakers = scenario.speakers_of(phase)
    others = [id for id in speakers if id != scenario.lead_of(phase)]
    cast = ", ".join([f"{scenario.lead_of(phase)} leads", *others])
    late = scenario.late_guests
    silent = [id for id in scenario.present_in(phase) if id not in (*speakers, *late)]
    out = [one.id for one in scenario.cast if one.id not in scenario.present_in(phase)]
    bounds = f"{phase.turns.min} to {phase.turns.max} turns"
    if phase.time_limit_s is not None:
        bounds += f", {phase.time_limit_s} s"
    parts = [
        cast,
        f"listening: {', '.join(silent)}" if silent else "",
        f"out of the room: {', '.join(out)}" if out else "",
        _OPENINGS[phase.order] if phase.opening == "parallel" else "",
        bounds,
    ]
    return f"{phase.id}: {phase.goal} ({'; '.join(one for one in parts if one)})"


_OPENINGS = {
    "author": "all open in this order",
    "first_ready": "all open, whoever is ready first",
}


def _event(event: Event) -> str:
    return f"{event.id}: {event.by} {_deed(event)} {', '.join(_conditions(event.when))}"


def _deed(event: Event) -> str:
    match event.do:
        case "release":
            return f"releases {event.secret}"
        case "show":
            title = event.document.title if event.document else ""
            return f"shows {quoted(title)}"
        case "news":
            return f"brings news to {', '.join(event.to) or 'nobody else'}"
        case do:
            return f"{do}s"


def _conditions(when: When) -> Iterator[str]:
    if when.phase:
        yield f"in {when.phase}"
    if when.after_s is not None:
        yield f"after {when.after_s:g} s"
    if when.silence_s is not None:
        yield f"after {when.silence_s:g} s of silence"
    if when.turns is not None:
        yield f"from turn {when.turns}"
    if when.heard:
        yield f"on hearing {', '.join(when.heard)}"
    if when.score_from is not None:
        yield f"from {when.score_from} points"
    if when.score_to is not None:
        yield f"up to {when.score_to} points"
    if when.mood is not None:
        bounds = when.mood.model_dump(exclude={"of"}, exclude_none=True)
        told = " and ".join(f"{k.replace('_', ' ')} {value:g}" for k, value in bounds.items())
        yield f"once {when.mood.of} has {told}"


def _points(entry: Points) -> str:
    often = "once" if entry.once else "each turn"
    return f"{entry.add:+d} {often} for {', '.join(entry.heard)}"


def _order(scenario: Scenario) -> Iterator[str]:
    """Who keeps order and by which rules; nothing where the scene has none of its own."""
    rules, limits = scenario.moderation, scenario.limits
    if rules == Moderation():
        return
    yield f"kept by {rules.by or 'the lead of the phase'}"
    if rules.turn_s is not None:
        yield f"the learner is cut off after {rules.turn_s:g} s"
    if rules.airtime != Airtime():
        low, high = rules.airtime.min, rules.airtime.max
        yield f"each has {low:.0%} to {high:.0%} of what the cast says"
    yield f"the cast says {limits.cast_turns} line(s) in a row to itself"
