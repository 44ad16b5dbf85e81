"""Short sounds made before they are needed, when nobody else needs the voices."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from agents.stage.clips import KEPT, Clips
from tests.fakes.cast_voices import S_PER_CHARACTER, HummingCast


@dataclass
class Studio:
    """Clips of up to 0.9 s, and whether the voices are needed elsewhere."""

    voices: HummingCast
    clips: Clips
    busy: bool = False

    async def voiced(self, persona: str, *texts: str) -> None:
        self.clips.prepare(persona, texts)
        await asyncio.sleep(1)


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    voices = HummingCast()
    clips = Clips(voices, longest_s=0.9, idle=lambda: not made.busy)
    made = Studio(voices, clips)
    yield made
    await clips.aclose()


async def test_what_was_prepared_is_there_with_all_its_sound(studio: Studio) -> None:
    await studio.voiced("roche", "Hm.")

    clip = studio.clips.get("roche", "Hm.")
    assert clip is not None
    assert len(clip) == pytest.approx(24000 * 3 * S_PER_CHARACTER)
    assert studio.clips.get("morel", "Hm.") is None


async def test_nothing_is_voiced_twice(studio: Studio) -> None:
    await studio.voiced("roche", "Hm.")
    await studio.voiced("roche", "Hm.")

    assert studio.voices.spoken == [("roche", "Hm.")]


async def test_nothing_is_voiced_while_the_voices_are_needed(studio: Studio) -> None:
    studio.busy = True
    await studio.voiced("roche", "Hm.", "Bien.")
    assert studio.voices.spoken == []

    studio.busy = False
    await asyncio.sleep(1)
    assert [text for _, text in studio.voices.spoken] == ["Hm.", "Bien."]


async def test_what_is_too_long_is_never_there(studio: Studio) -> None:
    await studio.voiced("roche", "Je demande à voir cela")

    assert studio.clips.get("roche", "Je demande à voir cela") is None


async def test_what_no_voice_could_say_in_time_is_not_even_voiced(studio: Studio) -> None:
    await studio.voiced("roche", "Je demande vraiment à voir cela.")

    assert studio.voices.spoken == []


async def test_a_voice_that_fails_costs_its_own_clips_only(studio: Studio) -> None:
    studio.voices.faulty = frozenset({"roche"})
    await studio.voiced("roche", "Hm.")
    await studio.voiced("morel", "Bien.")

    assert studio.clips.get("roche", "Hm.") is None
    assert studio.clips.get("morel", "Bien.") is not None


async def test_what_was_unused_for_longest_makes_room(studio: Studio) -> None:
    await studio.voiced("roche", "Hm.", "Bien.")
    assert studio.clips.get("roche", "Hm.") is not None
    for at in range(KEPT - 1):
        studio.clips.prepare("morel", [f"{at}"])
        await asyncio.sleep(0.01)

    assert studio.clips.get("roche", "Hm.") is not None
    assert studio.clips.get("roche", "Bien.") is None
