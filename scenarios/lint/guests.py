"""Late guests: they arrive once, act afterwards, find a phase to speak in, and are a surprise."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import FieldPath, quoted
from scenarios.happenings import Event
from scenarios.hearing import words_of
from scenarios.lint.finding import Finding, Rule
from scenarios.lint.secrets import public_texts
from scenarios.schema import Phase, Scenario

_TURN_S = 8
"""A turn of the learner and its answer take at least so long, as a rule."""


def arrive_once(scenario: Scenario) -> Iterator[Finding]:
    """A guest arrives by one event."""
    first: dict[str, int] = {}
    for at, event in enumerate(scenario.events):
        if event.do == "arrive" and first.setdefault(event.by, at) != at:
            yield Finding(
                code="E-ARRIVES-TWICE",
                path=("events", at, "by"),
                cause=f"{quoted(event.by)} arrives twice",
                hint="Delete one of the two events: who has arrived stays.",
                first=("events", first[event.by], "by"),
            )


def act_afterwards(scenario: Scenario) -> Iterator[Finding]:
    """A guest does nothing in an event whose time comes before the arrival."""
    arrivals = _arrivals(scenario)
    for at, event in enumerate(scenario.events):
        arrival = arrivals.get(event.by)
        if event.do != "arrive" and arrival and _before(event, arrival, scenario):
            cause = f"{quoted(event.by)} acts here before arriving by {quoted(arrival.id)}"
            hint = "Move it behind the arrival, or let someone else act."
            yield Finding(code="E-LATE", path=("events", at, "by"), cause=cause, hint=hint)


def leads(scenario: Scenario) -> Iterator[Finding]:
    """A phase is opened by someone who has arrived by then, and never only guests are in it."""
    for at, phase in enumerate(scenario.phases):
        speakers = scenario.speakers_of(phase)
        late = [id for id in speakers if not _surely_there(id, at, scenario)]
        path: FieldPath = ("phases", at)
        if speakers and len(late) == len(speakers):
            yield Finding(
                code="E-NO-SPEAKERS",
                path=(*path, "speakers") if phase.speakers else path,
                cause=f"only late guests speak in {quoted(phase.id)}, and may not have arrived",
                hint="Add a speaker who is there from the start.",
            )
        elif speakers and scenario.lead_of(phase) in late:
            lead = scenario.lead_of(phase)
            where = "lead" if phase.lead else "speakers" if phase.speakers else ""
            yield Finding(
                code="W-LATE",
                path=(*path, where) if where else path,
                cause=f"{quoted(lead)} opens {quoted(phase.id)} and may not have arrived by then",
                hint="Let someone lead who is there from the start, or let the guest come earlier.",
            )


def moderator(scenario: Scenario) -> Iterator[Finding]:
    """Order is kept from the start."""
    by = scenario.moderation.by
    if by in scenario.late_guests:
        yield Finding(
            code="W-LATE",
            path=("moderation", "by"),
            cause=f"{quoted(by or '')} keeps order and is not there from the start",
            hint="Name someone who is.",
        )


def stay(scenario: Scenario) -> Iterator[Finding]:
    """A guest has a phase to speak in, or something to do, once arrived."""
    arrivals = _arrivals(scenario)
    for at, event in enumerate(scenario.events):
        if event is not arrivals.get(event.by):
            continue
        rest = scenario.phases[_phase_number(event, scenario) :]
        speaks = any(event.by in scenario.speakers_of(phase) for phase in rest)
        acts = any(one.by == event.by and one.do != "arrive" for one in scenario.events)
        if not speaks and not acts:
            yield Finding(
                code="W-IDLE",
                path=("events", at, "by"),
                cause=f"{quoted(event.by)} arrives and speaks in no phase from then on",
                hint="Add the guest to the speakers of a phase, or let the guest come earlier.",
            )


def surprise(scenario: Scenario) -> Iterator[Finding]:
    """Nothing that learners see beforehand names a guest."""
    for at, who in enumerate(scenario.cast):
        if who.id not in scenario.late_guests:
            continue
        surname = words_of(who.name)[-1:]
        for path, shown in public_texts(scenario):
            if path[:2] != ("cast", at) and surname and surname[0] in words_of(shown):
                yield Finding(
                    code="W-SURPRISE",
                    path=path,
                    cause=f"learners read here of {quoted(who.name)}, who comes as a surprise",
                    hint="Leave the name out, or let the character be there from the start.",
                )


def _arrivals(scenario: Scenario) -> dict[str, Event]:
    """The first arrival of each late guest, by id."""
    found: dict[str, Event] = {}
    for event in scenario.events:
        if event.do == "arrive":
            found.setdefault(event.by, event)
    return found


def _phase_number(event: Event, scenario: Scenario) -> int:
    """The first phase that the event may come in, from 0."""
    ids = [phase.id for phase in scenario.phases]
    return ids.index(event.when.phase) if event.when.phase in ids else 0


def _before(event: Event, arrival: Event, scenario: Scenario) -> bool:
    """Whether the event's time passes before the guest may arrive."""
    if event.when.phase is None:
        return False
    mine, theirs = _phase_number(event, scenario), _phase_number(arrival, scenario)
    if mine != theirs or arrival.when.phase is None:
        return mine < theirs
    pairs = (
        (event.when.after_s, arrival.when.after_s),
        (event.when.turns, arrival.when.turns),
    )
    return any(one is not None and two is not None and one < two for one, two in pairs)


def _surely_there(id: str, phase_number: int, scenario: Scenario) -> bool:
    """Whether the character is in the scene when that phase opens, as far as can be told."""
    arrival = _arrivals(scenario).get(id)
    if arrival is None:
        return True
    when = arrival.when
    if when.phase is None or _phase_number(arrival, scenario) >= phase_number:
        return False
    chancy = (when.heard, when.silence_s, when.score_from, when.score_to, when.mood)
    return all(one is None for one in chancy) and _comes_in_time(
        arrival, scenario.phases[_phase_number(arrival, scenario)]
    )


def _comes_in_time(arrival: Event, phase: Phase) -> bool:
    """Whether a learner who takes the fewest turns, or the quickest, still sees the arrival."""
    when = arrival.when
    in_turns = when.turns is None or when.turns <= max(1, phase.turns.min)
    shortest_s = phase.turns.max * _TURN_S
    if phase.time_limit_s is not None:
        shortest_s = min(shortest_s, phase.time_limit_s)
    return in_turns and (when.after_s is None or when.after_s <= shortest_s)


RULES: tuple[Rule, ...] = (arrive_once, act_afterwards, leads, moderator, stay, surprise)
