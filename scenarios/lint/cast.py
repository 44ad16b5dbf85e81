"""Characters who sound alike, who have nothing to say, or who are never on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from scenarios.errors import closest, nearest, quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario, Voice

ENGINES = ("espeak", "flite", "kokoro", "openai")
"""Names that `voice.engines` may use."""

VOICES: Mapping[str, tuple[str, ...]] = {
    "flite": ("awb", "kal16", "rms", "slt"),
    "openai": (
        "alloy",
        "ash",
        "ballad",
        "coral",
        "echo",
        "fable",
        "nova",
        "onyx",
        "sage",
        "shimmer",
        "verse",
    ),
}
"""Voices of engines that have a fixed few. A vendor in OpenAI's place may have others."""

PITCH_APART = 0.25
PACE_APART = 0.15
"""Voices of one gender that differ less in pitch and in pace are mistaken for each other."""


def voices(scenario: Scenario) -> Iterator[Finding]:
    """Any two characters can be told apart with closed eyes."""
    for (first, one), (second, two) in combinations(enumerate(scenario.cast), 2):
        if alike(one.voice, two.voice):
            yield Finding(
                code="W-VOICE",
                path=("cast", second, "voice"),
                cause=f"{quoted(two.id)} sounds like {quoted(one.id)}",
                hint=(
                    f"Move pitch {PITCH_APART:g} or pace {PACE_APART:g} away from "
                    f"{one.voice.pitch:g} and {one.voice.pace:g}, or change the gender."
                ),
                first=("cast", first),
            )


def alike(one: Voice, two: Voice) -> bool:
    """Whether two voices may be mistaken: a gender that is not given may be either."""
    if one.gender and two.gender and one.gender != two.gender:
        return False
    shared = one.engines.keys() & two.engines.keys()
    if any(one.engines[name] != two.engines[name] for name in shared):
        return False
    near = round(abs(one.pitch - two.pitch), 6) < PITCH_APART
    return near and round(abs(one.pace - two.pace), 6) < PACE_APART


def engines(scenario: Scenario) -> Iterator[Finding]:
    """Voices are named for engines that exist."""
    for at, who in enumerate(scenario.cast):
        for name in who.voice.engines:
            if name not in ENGINES:
                yield Finding(
                    code="E-UNKNOWN-ENGINE",
                    path=("cast", at, "voice", "engines", name),
                    cause=f"there is no speech engine {quoted(name)}",
                    hint=nearest(name, ENGINES),
                    on_key=True,
                )


def voice_names(scenario: Scenario) -> Iterator[Finding]:
    """A voice that an engine is asked for is one that it has, as far as that is known."""
    for at, who in enumerate(scenario.cast):
        for engine, name in who.voice.engines.items():
            known = VOICES.get(engine, ())
            misspelt = closest(name, known) if name not in known else None
            if misspelt or (engine == "flite" and name not in known):
                yield Finding(
                    code="E-UNKNOWN-VOICE",
                    path=("cast", at, "voice", "engines", engine),
                    cause=f"{engine} has no voice {quoted(name)}",
                    hint=nearest(name, known),
                )


def understudy(scenario: Scenario) -> Iterator[Finding]:
    """Whoever may speak in a phase has lines for it."""
    for at, who in enumerate(scenario.cast):
        mute = [
            phase.id
            for phase in scenario.phases
            if who.id in scenario.speakers_of(phase) and not who.understudy.lines_for(phase.id)
        ]
        if mute:
            yield Finding(
                code="W-UNDERSTUDY",
                path=("cast", at, "understudy"),
                cause=f"{quoted(who.id)} has no lines for: {', '.join(mute)}",
                hint="Add `lines:` for any phase, or `phases:` with lines for these.",
            )


def on_stage(scenario: Scenario) -> Iterator[Finding]:
    """Each character speaks in some phase or event."""
    speaking = {id for phase in scenario.phases for id in scenario.speakers_of(phase)}
    speaking |= {event.by for event in scenario.events}
    for at, who in enumerate(scenario.cast):
        if who.id not in speaking:
            yield Finding(
                code="W-IDLE",
                path=("cast", at),
                cause=f"{quoted(who.id)} speaks in no phase and in no event",
                hint="Add the character to the speakers of a phase.",
            )


RULES: tuple[Rule, ...] = (voices, engines, voice_names, understudy, on_stage)
