"""The library's casts, spoken by this machine's engines: every two voices can be told apart."""

from itertools import combinations
from pathlib import Path

import pytest

from bench.voiceprint import VoicePrint, voiceprint
from scenarios.catalogue import LIBRARY
from scenarios.loader import load
from scenarios.schema import Scenario
from services.adapters.espeak import EspeakVoices
from services.adapters.flite import FliteVoices
from services.core.clock import SystemClock
from services.speech.casting import cast_voices
from services.speech.fallback import Voices
from services.speech.ports import VoiceChoice, VoiceEngine
from services.speech.timbres import TIMBRES

APART_MIN = 1.25
"""1 is two semitones, or 6 dB in the shape of the spectrum: what most people notice."""

LEVELS = (0.04, 0.16)
"""No character whispers beside another who shouts: within 12 dB."""

LINES = {
    "fr": "Bonsoir et bienvenue, nous avons beaucoup de choses à voir ensemble.",
    "en": "Good evening and welcome, we have a lot of ground to cover together.",
}
SCENES = sorted(LIBRARY.glob("*/scenario.yaml"))


async def prints_of(scenario: Scenario, *engines: VoiceEngine) -> dict[str, VoicePrint]:
    voices = Voices(engines, clock=SystemClock())
    chosen = cast_voices(scenario.cast, scenario.language, voices.available())
    line = LINES[scenario.language]
    return {
        one.id: voiceprint(b"".join([block async for block in voices.speak(line, chosen[one.id])]))
        for one in scenario.cast
    }


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("with_flite", [True, False])
async def test_the_voices_of_a_scene_are_apart(path: Path, with_flite: bool) -> None:
    engines: list[VoiceEngine] = [EspeakVoices(), FliteVoices()]
    engines = engines if with_flite else engines[:1]
    prints = await prints_of(load(path).scenario, *engines)
    distances = {(a, b): prints[a].distance(prints[b]) for a, b in combinations(prints, 2)}
    assert min(distances.values()) >= APART_MIN, distances


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.parent.name)
async def test_the_voices_of_a_scene_are_equally_loud(path: Path) -> None:
    prints = await prints_of(load(path).scenario, EspeakVoices(), FliteVoices())
    levels = {id: one.level for id, one in prints.items()}
    assert all(LEVELS[0] < level < LEVELS[1] for level in levels.values()), levels


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.parent.name)
async def test_women_sound_higher_than_men(path: Path) -> None:
    scenario = load(path).scenario
    prints = await prints_of(scenario, EspeakVoices(), FliteVoices())
    pitch = {
        gender: [prints[c.id].f0_hz for c in scenario.cast if c.voice.gender == gender]
        for gender in ("female", "male")
    }
    assert min(pitch["female"]) > max(pitch["male"])


async def test_every_espeak_voice_of_the_table_is_installed_and_as_measured() -> None:
    espeak = EspeakVoices()
    for row in (row for row in TIMBRES if row.engine == "espeak"):
        choice = VoiceChoice(engine="espeak", voice=row.voice, language=row.language)
        sound = [block async for block in espeak.speak(LINES[row.language], choice)]
        measured = voiceprint(b"".join(sound))
        assert measured.f0_hz == pytest.approx(row.f0_hz, rel=0.08), row.voice
        assert measured.centroid_hz == pytest.approx(row.brightness_hz, rel=0.15), row.voice
