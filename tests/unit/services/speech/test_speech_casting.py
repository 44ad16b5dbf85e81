"""Casting: repeatable, honouring the author, and never two characters with one voice."""

from collections.abc import Sequence
from itertools import combinations

import pytest

from scenarios.fields import Language
from scenarios.schema import Character, Voice
from services.core.errors import NotFound
from services.speech.casting import APART, cast_voices, difference, pitch_hz, recast
from services.speech.ports import VoiceChoice
from services.speech.timbres import TIMBRES, timbre_of

ALL: dict[str, set[Language]] = {"espeak": {"fr", "en"}, "flite": {"en"}}


def character(id: str, **voice: object) -> Character:
    return Character.model_validate(
        {
            "id": id,
            "name": id,
            "persona": "p",
            "voice": voice,
            "understudy": {"opening": ["a"], "closing": ["b"]},
        }
    )


def six(**voice: object) -> Sequence[Character]:
    return [character(f"person-{n}", **voice) for n in range(6)]


def test_equal_casts_get_equal_voices() -> None:
    assert cast_voices(six(), "fr", ALL) == cast_voices(six(), "fr", ALL)


def test_a_character_sounds_the_same_in_another_company() -> None:
    lead = character("lead", gender="female", pitch=0.2)
    alone = cast_voices([lead], "fr", ALL)["lead"]
    assert cast_voices([lead, *six()], "fr", ALL)["lead"] == alone


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("gender", ["female", "male", None])
def test_six_alike_wishes_get_six_voices_apart(language: Language, gender: str | None) -> None:
    chosen = cast_voices(six(gender=gender), language, ALL).values()
    assert min(difference(a, b) for a, b in combinations(chosen, 2)) >= APART


@pytest.mark.parametrize("gender", ["female", "male"])
def test_gender_is_kept(gender: str) -> None:
    for voice in cast_voices(six(gender=gender), "fr", ALL).values():
        row = timbre_of(voice.engine, voice.voice, voice.language)
        assert row is not None
        assert row.gender == gender


def test_pitch_and_pace_move_the_voice_their_way() -> None:
    cast = [character("low", gender="male", pitch=-0.8), character("high", gender="male", pitch=1)]
    low, high = (pitch_hz(voice) for voice in cast_voices(cast, "fr", ALL).values())
    assert low < 90 < 140 < high
    slow = cast_voices([character("a", gender="male", pace=0.5)], "fr", ALL)["a"]
    fast = cast_voices([character("a", gender="male", pace=2.0)], "fr", ALL)["a"]
    assert fast.pace_ratio == pytest.approx(4 * slow.pace_ratio)


def test_a_voice_named_by_the_author_is_taken() -> None:
    named = character("a", engines={"espeak": "fr+gustave"})
    other = character("b", engines={"openai": "onyx"})
    chosen = cast_voices([named, other], "fr", ALL)
    assert (chosen["a"].engine, chosen["a"].voice) == ("espeak", "fr+gustave")
    assert chosen["b"].engine == "espeak"
    assert chosen["b"].voice != "fr+gustave"


def test_a_preferred_engine_comes_first_and_kokoro_only_then() -> None:
    available: dict[str, set[Language]] = {**ALL, "kokoro": {"en"}}
    one = [character("a", gender="female")]
    assert cast_voices(one, "en", available)["a"].engine == "flite"
    assert cast_voices(one, "en", available, ("kokoro",))["a"].engine == "kokoro"
    assert cast_voices(one, "fr", available, ("kokoro",))["a"].engine == "espeak"


def test_no_engine_for_the_language_is_said() -> None:
    with pytest.raises(NotFound, match="no voice engine speaks 'fr'"):
        cast_voices(six(), "fr", {"flite": {"en"}})


def test_m6_the_spare_voice_keeps_language_gender_pitch_and_pace() -> None:
    own = VoiceChoice(engine="flite", voice="slt", language="en", pitch_ratio=1.1, pace_ratio=1.2)
    spare = recast(own, "espeak")
    assert spare is not None
    row = timbre_of(spare.engine, spare.voice, "en")
    assert row is not None
    assert row.gender == "female"
    assert pitch_hz(spare) == pytest.approx(165 * 1.1, rel=0.06)
    assert spare.pace_ratio == pytest.approx(1.2, rel=0.25)
    assert recast(VoiceChoice(engine="espeak", voice="fr", language="fr"), "flite") is None


def test_no_voice_stands_twice_in_the_table() -> None:
    keys = [(row.engine, row.voice, row.language) for row in TIMBRES]
    assert len(keys) == len(set(keys))


def test_every_dial_of_the_schema_is_understood() -> None:
    assert set(Voice.model_fields) == {"gender", "pitch", "pace", "engines"}
