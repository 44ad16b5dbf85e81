"""What every ear does, whichever engine listens."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from bench.hearing import clips, pcm_of
from services.adapters.pocketsphinx_ear import PocketsphinxEar
from services.adapters.whisper_ear import WhisperEar
from services.core.errors import BackendError
from services.speech.ports import Ear
from tests.fakes.speech import FakeEar
from tests.whisper import hearing_host

__all__ = ["hearing_host"]


@pytest.fixture(params=["fake", "whisper", "pocketsphinx"])
async def ear(request: pytest.FixtureRequest) -> AsyncIterator[Ear]:
    """An ear that knows English."""
    opened: Ear
    if request.param == "fake":
        opened = FakeEar(["Please hold."], known=frozenset({"en"}))
    elif request.param == "whisper":
        opened = WhisperEar(request.getfixturevalue("hearing_host"))
    else:
        opened = PocketsphinxEar()
    yield opened
    await opened.aclose()


@pytest.fixture(scope="module")
def speech() -> bytes:
    """A person who speaks English."""
    return pcm_of(clips("en", 1)[0], "en")


async def test_it_hears_english_words(ear: Ear, speech: bytes) -> None:
    assert "en" in ear.languages()
    text = await ear.recognise(speech, language="en")
    assert len(text.split()) >= 2
    assert text == text.strip()


async def test_m1_silence_is_no_text(ear: Ear) -> None:
    assert await ear.recognise(bytes(2 * 16000), language="en") == ""


async def test_m5_a_language_it_does_not_know_is_refused(ear: Ear, speech: bytes) -> None:
    if "fr" not in ear.languages():
        with pytest.raises(BackendError) as refused:
            await ear.recognise(speech, language="fr")
        assert not refused.value.retryable
    else:
        assert await ear.recognise(speech, language="fr")


async def test_several_at_once_are_all_answered(ear: Ear, speech: bytes) -> None:
    texts = await asyncio.gather(*(ear.recognise(speech, language="en") for _ in range(3)))
    assert len(set(texts)) == 1


async def test_a_withdrawn_utterance_does_not_harm_the_next(ear: Ear, speech: bytes) -> None:
    withdrawn = asyncio.create_task(ear.recognise(speech, language="en"))
    await asyncio.sleep(0.01)
    withdrawn.cancel()
    await asyncio.gather(withdrawn, return_exceptions=True)
    assert await ear.recognise(speech, language="en")


async def test_a_name_is_shown_to_people(ear: Ear) -> None:
    assert ear.name
    assert ear.name == ear.name.strip()


async def test_an_instant_of_sound_harms_nothing(ear: Ear) -> None:
    blip = (np.sin(np.arange(160) / 5) * 9000).astype("<i2").tobytes()
    assert isinstance(await ear.recognise(blip, language="en"), str)
