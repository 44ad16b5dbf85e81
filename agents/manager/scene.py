"""Where a scene stands, as one frozen snapshot that travels through the store as JSON.

Owns the numbers that decisions depend on. What was said is memory's, not the scene's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from agents.manager.mood import Mood

VERSION = 1
RECENT_SPEAKERS = 8

Tally = tuple[tuple[str, int], ...]
"""Counts by key, in order of first count."""


def count(tally: Tally, key: str) -> int:
    """What the tally holds for the key; 0 for an unknown one."""
    return dict(tally).get(key, 0)


def add(tally: Tally, key: str, amount: int) -> Tally:
    """The tally with `amount` more for the key."""
    counts = dict(tally)
    counts[key] = counts.get(key, 0) + amount
    return tuple(counts.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A snapshot. Times are scene seconds: they start at 0 and stand still while paused.

    `seed` and `serial` (plans committed so far) make every decision repeatable. `at_s` is when the
    snapshot was made: a restored scene goes on from there. `opened` tells that the phase's opening
    was heard, `closed` that a closing was. `unheard` are fired events whose beat nobody has heard.
    `told_turn` is how many turns the learner had had when something last happened. `silence_from_s`
    is when the learner's present silence began, once a prompt or an event broke it. `arrived` maps
    each late guest to the serial of the plan that let them in. `points` is the learner's score,
    `scored` the places in `scenario.points` that count no more. `interrupted` is whose line was cut
    last, until somebody is heard to the end. `cast_turns` counts the lines that the cast was given
    to say to itself since the learner spoke.
    """

    seed: int
    phase: str
    serial: int = 1
    at_s: float = 0.0
    phase_started_s: float = 0.0
    turns: int = 0
    phase_turns: int = 0
    turns_by_phase: Tally = ()
    begun: bool = False
    opened: bool = False
    fired: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    words: Tally = ()
    speakers: tuple[str, ...] = ()
    silence_from_s: float | None = None
    prompted: bool = False
    prompts: int = 0
    ended: str | None = None
    moods: tuple[Mood, ...] = ()
    arrived: Tally = ()
    points: int = 0
    scored: tuple[int, ...] = ()
    told_turn: int | None = None
    closed: bool = False
    interrupted: str | None = None
    cast_turns: int = 0

    def mood_of(self, persona: str) -> Mood | None:
        """The character's mood; None before anything moved it."""
        return next((one for one in self.moods if one.persona == persona), None)

    def words_of(self, persona: str) -> int:
        """Words that the character was heard to say so far."""
        return count(self.words, persona)

    def enter(self, phase: str, now_s: float) -> "Scene":
        """The scene at the start of that phase."""
        return replace(
            self,
            phase=phase,
            phase_started_s=now_s,
            phase_turns=0,
            opened=False,
            interrupted=None,
        )

    def heard_from(self, persona: str, words: int) -> "Scene":
        """The scene after that character was heard."""
        return replace(
            self,
            words=add(self.words, persona, words),
            speakers=(*self.speakers, persona)[-RECENT_SPEAKERS:],
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only; `from_json` gives the equal scene back."""
        out: dict[str, Any] = {"version": VERSION}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _TALLIES:
                value = dict(value)
            elif field.name == "moods":
                value = [one.to_json() for one in value]
            elif isinstance(value, tuple):
                value = list(value)
            out[field.name] = value
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scene":
        """The scene that `to_json` wrote; what else is beside it is left alone.

        Raises: ValueError when it is of another version, or no scene.
        """
        if data.get("version") != VERSION:
            raise ValueError("a scene of another version")
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        if not {"seed", "phase"} <= set(values):
            raise ValueError("not the fields of a scene")
        for name, value in values.items():
            if name in _TALLIES:
                values[name] = tuple((str(key), int(n)) for key, n in value.items())
            elif name == "moods":
                values[name] = tuple(Mood.from_json(one) for one in value)
            elif name == "scored":
                values[name] = tuple(int(one) for one in value)
            elif isinstance(value, list):
                values[name] = tuple(str(one) for one in value)
        return cls(**values)


_TALLIES = frozenset({"turns_by_phase", "words", "arrived"})
