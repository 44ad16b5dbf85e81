"""The voices that casting chooses from, with what was measured of each.

Owns the table only. Pitch is the median F0, brightness the spectral centroid of a welcome sentence
in the voice's language (espeak-ng 1.51, flite 2.2, Kokoro v1.0 int8); `pace` makes all voices speak
equally fast, `gain` equally loud (-22 dBFS) without clipping.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.speech.ports import Language

Gender = Literal["female", "male"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """One voice of one engine in one language, as measured; `shift_semitones` is how far it bends.

    `brightness_hz` 0: not measured; such a voice counts as unlike every other one.
    """

    engine: str
    voice: str
    language: Language
    gender: Gender
    f0_hz: float
    brightness_hz: float = 0.0
    pace: float = 1.0
    gain: float = 1.0
    shift_semitones: int = 0


_FR = """
female f2 200 748 1.00 72
female f5 210 811 1.00 88
female f3 218 732 1.00 72
female f1 182 857 1.02 75
female belinda 232 772 1.00 52
female linda 232 866 1.03 57
female Annie 262 903 1.00 84
female aunty 172 747 1.03 66
female shelby 187 1031 1.00 95
female steph 187 289 1.00 82
female Alicia 253 953 1.17 76
male - 104 723 1.00 89
male Mario 112 631 1.00 83
male pablo 115 931 1.00 71
male Lee 98 639 1.07 73
male m7 110 557 1.00 76
male quincy 89 568 1.00 108
male Storm 87 975 1.00 62
male gustave 110 440 1.00 51
male announcer 70 447 1.03 100
male Nguyen 155 423 1.00 98
"""

_EN_US = """
female f2 185 832 1.03 72
female f5 197 908 1.03 88
female f3 199 914 1.00 82
female f1 174 901 1.03 73
female belinda 225 916 0.98 62
female Annie 225 1154 1.00 84
female aunty 176 877 1.03 73
female shelby 167 1415 1.00 76
female steph 181 293 1.00 73
female Alicia 244 1268 1.18 77
male - 98 825 1.00 86
male Mario 107 654 1.00 76
male pablo 110 1161 1.00 63
male Lee 93 691 1.04 87
male m7 101 574 1.00 71
male quincy 92 551 1.00 102
male Storm 83 1249 1.00 55
male gustave 107 431 1.00 45
male announcer 73 520 1.02 88
male Nguyen 142 441 1.00 89
"""

_EN_RP = """
female f2 185 818 1.00 69
female Annie 225 1131 0.98 80
female f3 199 886 0.98 83
male - 97 813 0.98 84
male Mario 105 650 0.98 76
male gustave 108 430 0.98 45
"""

_FLITE = """
female slt 165 229 1.00 40 3
male rms 103 280 1.13 87 0
male awb 123 341 0.97 75 3
male kal16 91 577 0.91 195 4
"""

_KOKORO = """
female jf_gongitsune 230 359
female jf_nezumi:0.7+jm_kumo:0.3 190 510
female jf_alpha 264 532
female jf_alpha:0.5+jm_kumo:0.5 169 463
female jf_nezumi 235 550
male jm_kumo 94 440
male jf_gongitsune:0.3+jm_kumo:0.7 124 410
female jf_tebukuro 324 550
"""
_KOKORO_GAIN = 0.75

_OPENAI = """
female coral 200
female nova 210
female shimmer 190
female sage 205
female alloy 170
male ash 110
male onyx 85
male echo 115
male ballad 120
male verse 118
male fable 125
"""
"""Names by OpenAI's speech guide (2026-11); pitches are guesses by ear, never measured."""

ESPEAK_SHIFT_SEMITONES = 4
"""Further than four semitones a formant voice turns into another creature."""


def _rows(table: str) -> Iterator[tuple[Gender, list[str]]]:
    for line in table.strip().splitlines():
        gender, *cells = line.split()
        yield ("female" if gender == "female" else "male"), cells


def _espeak(base: str, language: Language, table: str) -> Iterator[Timbre]:
    for gender, (variant, f0, brightness, pace, percent) in _rows(table):
        yield Timbre(
            engine="espeak",
            voice=base if variant == "-" else f"{base}+{variant}",
            language=language,
            gender=gender,
            f0_hz=float(f0),
            brightness_hz=float(brightness),
            pace=float(pace),
            gain=int(percent) / 100,
            shift_semitones=ESPEAK_SHIFT_SEMITONES,
        )


def _flite() -> Iterator[Timbre]:
    for gender, (voice, f0, brightness, pace, percent, shift) in _rows(_FLITE):
        yield Timbre(
            engine="flite",
            voice=voice,
            language="en",
            gender=gender,
            f0_hz=float(f0),
            brightness_hz=float(brightness),
            pace=float(pace),
            gain=int(percent) / 100,
            shift_semitones=int(shift),
        )


def _kokoro() -> Iterator[Timbre]:
    for gender, (voice, f0, brightness) in _rows(_KOKORO):
        yield Timbre(
            engine="kokoro",
            voice=voice,
            language="en",
            gender=gender,
            f0_hz=float(f0),
            brightness_hz=float(brightness),
            gain=_KOKORO_GAIN,
        )


def _openai(language: Language) -> Iterator[Timbre]:
    for gender, (voice, f0) in _rows(_OPENAI):
        yield Timbre(
            engine="openai", voice=voice, language=language, gender=gender, f0_hz=float(f0)
        )


TIMBRES: tuple[Timbre, ...] = (
    *_flite(),
    *_espeak("fr", "fr", _FR),
    *_espeak("en-us", "en", _EN_US),
    *_espeak("en-gb-x-rp", "en", _EN_RP),
    *_kokoro(),
    *_openai("fr"),
    *_openai("en"),
)
"""Every voice, the plainer ones of an engine first."""


def timbre_of(engine: str, voice: str, language: Language) -> Timbre | None:
    """The row of that voice, None for one that is not in the table."""
    for row in TIMBRES:
        if (row.engine, row.voice, row.language) == (engine, voice, language):
            return row
    return None
