"""What a listener would notice of a machine in a played scene: overlaps, silences, loops, leaks.

Each check reads the tape alone, or what models were sent, and names what it found.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agents.manager.beats import Beat, BeatKind, Rung
from bench.simulation.tape import Segment, Tape, Turn
from bench.simulation.words import Sent
from scenarios.hearing import words_of
from scenarios.schema import Scenario

SILENCE_S = 4.0
"""Longer than that between a person's last word and the cast's first, people wonder."""

LOOP_WORDS = 4
"""Shorter lines ("Go on.", "Hm.") may be said again."""

AIRTIME_WORDS = 150
"""Shares of less than so many words say nothing."""

AIRTIME_SLACK = 0.08
"""One line more or less; whoever is asked by name answers, whatever their share."""

PATIENCE = "patience_left"
"""The term that a decision to cut in weighs."""

_FREE = frozenset({Rung.SCORE, Rung.MODEL})
_OWED = frozenset({BeatKind.ANSWER, BeatKind.EVENT, BeatKind.CLOSING, BeatKind.OPENING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """One thing that a listener noticed: which kind, when in the run, and in a few words what."""

    kind: str
    at_s: float
    what: str


def noticed(scenario: Scenario, tape: Tape) -> list[Noticed]:
    """Everything a listener noticed of one scene."""
    return [
        *overlaps(tape),
        *silences(tape),
        *loops(tape),
        *monologues(scenario, tape),
        *borrowed_voices(scenario, tape),
        *ignored(tape),
        *trodden(scenario, tape),
        *airtime(scenario, tape),
        *favours(scenario, tape),
    ]


def overlaps(tape: Tape) -> Iterator[Noticed]:
    """Two of the cast heard at once, reactions counted in; or one over a person who goes on."""
    cast = sorted((one for one in tape.segments if one.floor != "learner"), key=_begin)
    for one, other in pairwise(cast):
        if other.begin_s < one.end_s - 1e-6:
            yield Noticed(kind="overlap", at_s=other.begin_s, what=f"{one.who} and {other.who}")


def silences(tape: Tape) -> Iterator[Noticed]:
    """A person's turn that nobody answers in time."""
    for turn in tape.turns:
        if not turn.plan.beats or turn.overtaken:
            continue
        waited_s = (turn.sound_s if turn.sound_s is not None else float("inf")) - turn.end_s
        if waited_s > SILENCE_S:
            yield Noticed(kind="silence", at_s=turn.end_s, what=f"{waited_s:.1f} s")


def loops(tape: Tape) -> Iterator[Noticed]:
    """The same line twice in a scene, whoever says it; a last resort of the author's excepted."""
    said: Counter[str] = Counter()
    for one in _lines(tape):
        key = " ".join(words_of(one.text))
        if len(key.split()) < LOOP_WORDS or one.cut:
            continue
        said[key] += 1
        if said[key] == 2:
            yield Noticed(kind="loop", at_s=one.begin_s, what=f"{one.who} says a line again")


def monologues(scenario: Scenario, tape: Tape) -> Iterator[Noticed]:
    """The cast goes on among itself for longer than its author allows.

    Openings, events, prompts and closings are the scene's, not talk. A line that the person talks
    over comes before what they say.
    """
    run = 0
    for one in sorted(tape.segments, key=lambda one: one.end_s):
        if one.floor == "learner":
            run = 0
        elif one.beat is not None and one.beat.kind is BeatKind.FOLLOW_UP:
            run += 1
            if run > scenario.limits.cast_turns:
                yield Noticed(kind="loop", at_s=one.begin_s, what=f"{run} lines among themselves")


def borrowed_voices(scenario: Scenario, tape: Tape) -> Iterator[Noticed]:
    """A line that holds another's name before a colon: somebody speaks for somebody else."""
    for one in _lines(tape):
        for other in scenario.cast:
            if other.id != one.who and f"{other.name}:" in one.text.replace(" :", ":"):
                yield Noticed(kind="speaks_for", at_s=one.begin_s, what=f"{one.who}: {other.id}")


def ignored(tape: Tape) -> Iterator[Noticed]:
    """Somebody was asked by name, may speak, and another one answered."""
    for turn in tape.turns:
        asked, beats = turn.addressed, turn.plan.beats
        if asked is None or not beats or asked not in turn.plan.decision.candidates:
            continue
        if asked not in {beat.persona for beat in beats if beat.kind in _OWED}:
            yield Noticed(kind="ignored", at_s=turn.end_s, what=f"{asked} was asked")


def trodden(scenario: Scenario, tape: Tape) -> Iterator[Noticed]:
    """The person is asked something, and one of the cast talks on before they can answer."""
    names = {word for one in scenario.cast for word in words_of(one.name)}
    heard = sorted((one for one in tape.segments if one.floor != "aside"), key=_begin)
    for asks, next_one in pairwise(heard):
        if asks.floor != "cast" or asks.cut or not asks.text.rstrip().endswith("?"):
            continue
        if next_one.beat is None or next_one.beat.kind is not BeatKind.FOLLOW_UP:
            continue
        if names.isdisjoint(words_of(asks.text)):
            what = f"{next_one.who} on a question of {asks.who}"
            yield Noticed(kind="trodden", at_s=next_one.begin_s, what=what)


def airtime(scenario: Scenario, tape: Tape) -> Iterator[Noticed]:
    """Somebody talks more, or less, than the author's share, where the manager was free to choose.

    Openings, events, closings and answers of those who were asked are the author's or the person's
    choice; but who has a fair share of all that was heard hogs nothing, and is not left out.
    """
    bounds = scenario.moderation.airtime
    free = {beat.id for turn in tape.turns for beat in _free(turn)}
    words: Counter[str] = Counter({one.id: 0 for one in scenario.cast})
    for one in _lines(tape):
        if one.beat is not None and one.beat.id in free and not one.beat.say:
            words[one.who] += len(one.text.split())
    whole = sum(words.values())
    if whole < AIRTIME_WORDS:
        return
    heard: Counter[str] = Counter()
    for one in _lines(tape):
        heard[one.who] += len(one.text.split())
    late = set(scenario.late_guests)
    for who, count in words.items():
        share, of_all = count / whole, heard[who] / heard.total()
        if share > bounds.max + AIRTIME_SLACK and of_all > bounds.max:
            yield Noticed(kind="airtime", at_s=0.0, what=f"{who} has {share:.0%}")
        if share < bounds.min - AIRTIME_SLACK and of_all < bounds.min and who not in late:
            yield Noticed(kind="airtime", at_s=0.0, what=f"{who} has only {share:.0%}")


def favours(scenario: Scenario, tape: Tape) -> Iterator[Noticed]:
    """Somebody with more than the author's share of all that was heard freely gets the word again.

    Only where another one was there who has less.
    """
    most = scenario.moderation.airtime.max
    for turn in tape.turns:
        heard: Counter[str] = Counter()
        for one in _lines(tape):
            if one.begin_s < turn.end_s:
                heard[one.who] += len(one.text.split())
        if heard.total() < AIRTIME_WORDS:
            continue
        over = {who for who, words in heard.items() if words > most * heard.total()}
        others = set(turn.plan.decision.candidates) - over
        for beat in _free(turn):
            if beat.persona in over and others:
                share = heard[beat.persona] / heard.total()
                what = f"{beat.persona} gets the word with {share:.0%}"
                yield Noticed(kind="airtime", at_s=turn.end_s, what=what)


def leaks(sent: Sequence[Sent], canaries: Mapping[str, str], tape: Tape) -> Iterator[Noticed]:
    """What only one character knows in another one's prompt, or in anybody's mouth.

    `canaries` maps a word that is nowhere else to the id of whoever may be told it.
    """
    for one in sent:
        for canary, owner in canaries.items():
            if canary in one.text and one.request.persona != owner:
                who = one.request.persona or str(one.request.task)
                yield Noticed(kind="leak", at_s=one.at_s, what=f"{canary} was told to {who}")
    for said in _lines(tape):
        for canary, owner in canaries.items():
            if canary in said.text and said.who != owner:
                yield Noticed(kind="leak", at_s=said.begin_s, what=f"{said.who} says {canary}")


def _free(turn: Turn) -> list[Beat]:
    """The beats of a turn that the manager was free to give to somebody else."""
    decision = turn.plan.decision
    lost_patience = {one.persona for one in decision.scores[:1] if one.terms[0][0] == PATIENCE}
    return [
        beat
        for beat in turn.plan.beats
        if decision.rung in _FREE
        or beat.kind is BeatKind.FOLLOW_UP
        or (beat.kind is BeatKind.CUT_IN and beat.persona in lost_patience)
    ]


def _lines(tape: Tape) -> list[Segment]:
    return [one for one in sorted(tape.segments, key=_begin) if one.floor == "cast"]


def _begin(one: Segment) -> float:
    return one.begin_s
