"""Which engine voice each character of a scene gets: pure, repeatable, and audibly apart.

A character's wishes and id alone decide its first choice; another one is taken only when a
character cast earlier already sounds like it.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import hypot, inf, log2

from scenarios.schema import Character
from services.core.errors import NotFound
from services.speech.ports import Language, VoiceChoice
from services.speech.timbres import TIMBRES, Gender, Timbre, timbre_of

APART = 1.5
"""Smallest distance between two voices of a scene; 1 is what most people notice."""

ENGINE_ORDER: Mapping[Language, tuple[str, ...]] = {
    "fr": ("openai", "espeak"),
    "en": ("openai", "flite", "espeak"),
}
"""Engines by naturalness; one that is not listed (Kokoro) is used only when preferred."""

_CENTRE_HZ: Mapping[Gender, float] = {"female": 205.0, "male": 106.0}
_PITCH_OCTAVES = 0.5
"""What the dial's ends mean: half an octave above or below the middle of that gender."""

_SEMITONES_A_STEP = 2.0
_OCTAVES_OF_BRIGHTNESS_A_STEP = 0.5
_ENGINE_COST = 1.5
_SAME_VOICE_APART = 1.0
"""One voice at two pitches never counts as two people while another voice is free."""

_GENDER_COST = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    timbre: Timbre
    shift_semitones: float

    @property
    def f0_hz(self) -> float:
        return float(self.timbre.f0_hz * 2 ** (self.shift_semitones / 12))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a character asks for, in terms that the table knows."""

    id: str
    gender: Gender
    target_hz: float
    pace: float


def cast_voices(
    characters: Sequence[Character],
    language: Language,
    available: Mapping[str, Collection[Language]],
    prefer: Sequence[str] = (),
) -> dict[str, VoiceChoice]:
    """Character id -> voice. Equal arguments give equal voices.

    `available` names the engines that work here and what they speak; `prefer` puts engines first.
    A voice that the author named under `voice.engines` is taken as it is.

    Raises: NotFound when no engine speaks the language.
    """
    engines = engine_order(language, available, prefer)
    if not engines:
        raise NotFound(f"no voice engine speaks {language!r} on this machine")
    chosen: dict[str, VoiceChoice] = {}
    taken: list[_Candidate] = []
    for character in characters:
        if (named := _named(character, language, engines)) is not None:
            chosen[character.id] = named
            taken.extend(_as_candidate(named))
    for character in characters:
        if character.id not in chosen:
            wish = _wish(character)
            best = _pick(wish, language, engines, taken)
            taken.append(best)
            chosen[character.id] = _choice(best, wish.pace)
    return {character.id: chosen[character.id] for character in characters}


def engine_order(
    language: Language, available: Mapping[str, Collection[Language]], prefer: Sequence[str] = ()
) -> tuple[str, ...]:
    """Engines to use for the language, best first."""
    wanted = dict.fromkeys((*prefer, *ENGINE_ORDER[language]))
    return tuple(name for name in wanted if language in available.get(name, ()))


def recast(voice: VoiceChoice, engine: str) -> VoiceChoice | None:
    """The nearest voice of another engine, at the same pitch where it bends that far.

    None when that engine has no voice in the language.
    """
    row = timbre_of(voice.engine, voice.voice, voice.language)
    f0_hz = (row.f0_hz if row else _CENTRE_HZ["male"]) * voice.pitch_ratio
    pace = voice.pace_ratio / (row.pace if row else 1.0)
    gender: Gender = row.gender if row else "male"
    wish = _Wish(id=voice.voice, gender=gender, target_hz=f0_hz, pace=pace)
    candidates = list(_candidates(voice.language, (engine,)))
    if not candidates:
        return None
    return _choice(min(candidates, key=lambda one: _cost(one, wish, (engine,))), pace)


def pitch_hz(voice: VoiceChoice) -> float:
    """Median pitch to expect. Raises: NotFound for a voice that is not in the table."""
    for candidate in _as_candidate(voice):
        return candidate.f0_hz
    raise NotFound(f"{voice.engine} voice {voice.voice!r} was never measured")


def difference(one: VoiceChoice, other: VoiceChoice) -> float:
    """How far apart two voices are by the table; 1 is what most people notice.

    Raises: NotFound for a voice that is not in the table.
    """
    pairs = product(_as_candidate(one), _as_candidate(other))
    for a, b in pairs:
        return _distance(a, b)
    raise NotFound("one of the voices was never measured")


def _named(character: Character, language: Language, engines: Sequence[str]) -> VoiceChoice | None:
    for engine in engines:
        if engine in character.voice.engines:
            return VoiceChoice(
                engine=engine,
                voice=character.voice.engines[engine],
                language=language,
                pitch_ratio=round(2 ** (character.voice.pitch * _PITCH_OCTAVES), 3),
                pace_ratio=character.voice.pace,
            )
    return None


def _as_candidate(voice: VoiceChoice) -> list[_Candidate]:
    row = timbre_of(voice.engine, voice.voice, voice.language)
    return [_Candidate(timbre=row, shift_semitones=12 * log2(voice.pitch_ratio))] if row else []


def _wish(character: Character) -> _Wish:
    gender = character.voice.gender or ("female" if _draw(character.id, "") < 0.5 else "male")
    centre = _CENTRE_HZ[gender]
    return _Wish(
        id=character.id,
        gender=gender,
        target_hz=centre * 2 ** (character.voice.pitch * _PITCH_OCTAVES),
        pace=character.voice.pace,
    )


def _pick(
    wish: _Wish, language: Language, engines: Sequence[str], taken: Sequence[_Candidate]
) -> _Candidate:
    candidates = sorted(_candidates(language, engines), key=lambda one: _cost(one, wish, engines))
    for one in candidates:
        if _apart(one, taken) >= APART and one.timbre.gender == wish.gender:
            return one
    return max(
        candidates, key=lambda one: min(_apart(one, taken), APART) - _cost(one, wish, engines) / 100
    )


def _candidates(language: Language, engines: Sequence[str]) -> Iterator[_Candidate]:
    for timbre, step in product(TIMBRES, range(-8, 9)):
        reach = timbre.shift_semitones
        if timbre.language != language or timbre.engine not in engines or abs(step / 2) > reach:
            continue
        yield _Candidate(timbre=timbre, shift_semitones=step / 2)


def _cost(one: _Candidate, wish: _Wish, engines: Sequence[str]) -> float:
    """How far a candidate is from the wish; the draw spreads characters over equal voices."""
    off = 12 * abs(log2(one.f0_hz / wish.target_hz)) / _SEMITONES_A_STEP
    bent = 0.25 * abs(one.shift_semitones)
    engine = _ENGINE_COST * engines.index(one.timbre.engine)
    gender = 0.0 if one.timbre.gender == wish.gender else _GENDER_COST
    return off + bent + engine + gender + 0.5 * _draw(wish.id, one.timbre.voice)


def _apart(one: _Candidate, taken: Sequence[_Candidate]) -> float:
    return min((_distance(one, other) for other in taken), default=inf)


def _distance(one: _Candidate, other: _Candidate) -> float:
    a, b = one.timbre, other.timbre
    semitones = 12 * abs(log2(one.f0_hz / other.f0_hz))
    if (a.engine, a.voice) == (b.engine, b.voice):
        return min(semitones / _SEMITONES_A_STEP, _SAME_VOICE_APART)
    if not (a.brightness_hz and b.brightness_hz):
        return inf
    octaves = abs(log2(a.brightness_hz / b.brightness_hz))
    return hypot(semitones / _SEMITONES_A_STEP, octaves / _OCTAVES_OF_BRIGHTNESS_A_STEP)


def _choice(one: _Candidate, pace: float) -> VoiceChoice:
    row = one.timbre
    return VoiceChoice(
        engine=row.engine,
        voice=row.voice,
        language=row.language,
        pitch_ratio=round(2 ** (one.shift_semitones / 12), 3),
        pace_ratio=round(pace * row.pace, 3),
        extra={} if row.gain == 1.0 else {"gain": f"{row.gain:.2f}"},
    )


def _draw(id: str, salt: str) -> float:
    """A number from 0 to 1 that belongs to the character: the same on every machine."""
    digest = hashlib.sha256(f"{id}\0{salt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
