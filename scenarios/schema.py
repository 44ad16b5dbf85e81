"""The shape of a scenario file, version 1, as frozen pydantic models.

Owns field names, types, ranges and defaults. What needs more than one field to decide (an unknown
character, a phase nobody can reach) is `lint`'s; reading the file safely is `loader`'s.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.fields import Dial, Language, Line, Model, Slug, Text, Words
from scenarios.happenings import Event, Points


class Learner(Model):
    """The person who practises: the part they play and what they try to achieve."""

    role: Text = Field(description="who the learner plays")
    brief: Text | None = Field(default=None, description="what the learner knows beforehand")
    goals: tuple[Line, ...] = Field(default=(), description="what the learner practises")


class Voice(Model):
    """How a character sounds, in words that no engine owns."""

    gender: Literal["female", "male"] | None = None
    pitch: float = Field(default=0.0, ge=-1.0, le=1.0, description="-1 deepest, 1 highest")
    pace: float = Field(default=1.0, ge=0.5, le=2.0, description="1 is the engine's own speed")
    engines: dict[str, str] = Field(
        default_factory=dict, description="engine name -> that engine's own name of a voice"
    )


class Secret(Model):
    """What a character must not say before an event releases it."""

    id: Slug = Field(description="a name for events: `character.secret`")
    text: Text = Field(description="told to the character's model once released")


class Temper(Model):
    """Dials of behaviour, each 0 to 1."""

    patience: Dial = 0.5
    hostility: Dial = 0.2
    talkativeness: Dial = 0.5
    interruption: Dial = 0.2


class Heard(Model):
    """An authored answer: said when one of the words was heard."""

    words: Words = Field(description="words or phrases of the learner; accents do not matter")
    say: Line = Field(description="the answer to them")


class Understudy(Model):
    """Lines the author wrote: spoken when no model answers, and the whole scene without keys."""

    opening: tuple[Line, ...] = Field(min_length=1, description="first lines in the scene")
    lines: tuple[Line, ...] = Field(default=(), description="for any phase")
    phases: dict[Slug, tuple[Line, ...]] = Field(
        default_factory=dict, description="phase id -> lines for that phase, before `lines`"
    )
    heard: tuple[Heard, ...] = Field(default=(), description="answers to words, before `phases`")
    reactions: tuple[Line, ...] = Field(default=(), description="short sounds of a listener")
    closing: tuple[Line, ...] = Field(min_length=1, description="last lines in the scene")

    def lines_for(self, phase: str) -> tuple[str, ...]:
        """The phase's own lines, then those for any phase."""
        return (*self.phases.get(phase, ()), *self.lines)


class Character(Model):
    """One member of the cast."""

    id: Slug = Field(description="the character's short name in this file")
    name: Line = Field(description="what the learner calls the character")
    title: Line | None = Field(default=None, description="function, shown under the name")
    persona: Text = Field(description="who this is, how they speak, what they want")
    voice: Voice = Field(default_factory=Voice)
    knows: tuple[Text, ...] = Field(default=(), description="known to this character only")
    secrets: tuple[Secret, ...] = ()
    temper: Temper = Field(default_factory=Temper)
    understudy: Understudy


class Turns(Model):
    """How many turns of the learner a phase wants."""

    min: int = Field(default=0, ge=0, le=200)
    max: int = Field(default=20, ge=1, le=200)


class Phase(Model):
    """A stretch of the scene with a goal, its speakers and its bounds."""

    id: Slug = Field(description="the phase's short name in this file")
    goal: Text = Field(description="what the cast tries to reach; learners see it")
    lead: Slug | None = Field(default=None, description="who opens; default: first of speakers")
    speakers: tuple[Slug, ...] | None = Field(default=None, description="default: all present")
    present: tuple[Slug, ...] | None = Field(
        default=None, description="who is in the room and hears; default: the whole cast"
    )
    opening: Literal["parallel", "lead"] = "lead"
    order: Literal["author", "first_ready"] = Field(
        default="author", description="of a parallel opening's first lines"
    )
    turns: Turns = Field(default_factory=Turns)
    time_limit_s: int | None = Field(default=None, ge=5, le=7200)


class Airtime(Model):
    """Shares of what the cast says that one character has, at least and at most."""

    min: Dial = 0.0
    max: Dial = 1.0


class Moderation(Model):
    """Who keeps order in the scene, and by which rules."""

    by: Slug | None = Field(default=None, description="default: the lead of the phase")
    turn_s: float | None = Field(
        default=None, ge=5, le=600, description="after so long the learner is cut off"
    )
    airtime: Airtime = Field(default_factory=Airtime)


class Criterion(Model):
    """One line of the rubric, scored 0 to 5."""

    id: Slug = Field(description="the criterion's short name in this file")
    label: Line = Field(description="what learners read")
    weight: float = Field(default=1.0, gt=0, le=100)
    anchors: dict[Annotated[int, Field(ge=0, le=5)], Line] = Field(
        default_factory=dict, description="score -> what it looks like; at least 0, 3 and 5"
    )


class Limits(Model):
    """Where the scene ends whatever happens."""

    duration_s: int = Field(default=900, ge=30, le=7200)
    turns: int = Field(default=60, ge=1, le=400)
    cost_usd: float = Field(default=0.50, gt=0, le=100)
    silence_prompt_s: float = Field(default=60, ge=5, le=600)
    silence_end_s: float = Field(default=120, ge=10, le=1200)
    absence_s: float = Field(
        default=25, ge=5, le=300, description="a person who drops may come back within this time"
    )
    cast_turns: int = Field(
        default=2, ge=0, le=6, description="lines in a row that the cast says to itself"
    )


class Expectation(Model):
    """What must hold after a line of a scripted test."""

    speaker: Slug | None = None
    phase: Slug | None = None
    event: Slug | None = None
    says: Line | None = Field(default=None, description="contained in what is said, any case")
    ends: bool | None = None


class ScriptedTest(Model):
    """One line said to the cast, played offline with the understudy; lines follow one another."""

    say: Line | None = None
    wait_s: float | None = Field(default=None, gt=0, le=7200)
    expect: Expectation = Field(default_factory=Expectation)


class Scenario(Model):
    """A whole scene."""

    schema_version: Literal[1] = Field(alias="schema", description="the format's version, 1")
    id: Slug = Field(description="the name of the scene's folder")
    title: Line = Field(description="what learners choose it by")
    language: Language = Field(description="fr or en: spoken by all in the scene")
    summary: Text = Field(description="a sentence for learners")
    learner: Learner
    cast: tuple[Character, ...] = Field(min_length=1, max_length=6, description="who is met")
    knowledge: tuple[Line, ...] = Field(
        default=(), max_length=50, description="Markdown or text files beside the scenario"
    )
    phases: tuple[Phase, ...] = Field(min_length=1, max_length=20, description="in order")
    events: tuple[Event, ...] = Field(default=(), max_length=100)
    points: tuple[Points, ...] = Field(default=(), max_length=50)
    moderation: Moderation = Field(default_factory=Moderation)
    rubric: tuple[Criterion, ...] = Field(default=(), max_length=30)
    limits: Limits = Field(default_factory=Limits)
    tests: tuple[ScriptedTest, ...] = Field(default=(), description="played offline, in order")

    def character(self, id: str) -> Character:
        """The character with that id. Raises: KeyError."""
        for one in self.cast:
            if one.id == id:
                return one
        raise KeyError(id)

    def speakers_of(self, phase: Phase) -> tuple[str, ...]:
        """Ids of those who may speak in the phase, in the author's order."""
        return phase.speakers if phase.speakers is not None else self.present_in(phase)

    def present_in(self, phase: Phase) -> tuple[str, ...]:
        """Ids of those who hear what is said in the phase, late guests included."""
        return phase.present if phase.present is not None else tuple(c.id for c in self.cast)

    @property
    def late_guests(self) -> tuple[str, ...]:
        """Ids of those who are not there from the start: an event lets them arrive."""
        return tuple(dict.fromkeys(event.by for event in self.events if event.do == "arrive"))

    def lead_of(self, phase: Phase) -> str:
        """Who opens the phase: its lead, or the first of its speakers."""
        return phase.lead or self.speakers_of(phase)[0]
