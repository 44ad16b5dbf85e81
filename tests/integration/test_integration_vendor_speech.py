"""The vendor's ears and voices, through livekit-plugins-openai, against a vendor on loopback."""

from collections.abc import AsyncIterator

import pytest

from agents.stage.vendor_speech import Vendor, VendorEar, VendorVoices
from bench.vendor import Vendor as Stub
from bench.vendor import vendor
from services.core.errors import BackendError
from services.speech.ports import VoiceChoice

VOICE = VoiceChoice(engine="openai", voice="alloy", language="en")
A_SECOND = bytes(2 * 16000)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with vendor() as running:
        yield running


@pytest.fixture
async def voices(stub: Stub) -> AsyncIterator[VendorVoices]:
    vendor = Vendor(api_key="k", base_url=stub.url)
    engine = VendorVoices(vendor, model="gpt-4o-mini-tts")
    yield engine
    await engine.aclose()
    await vendor.aclose()


@pytest.fixture
async def ear(stub: Stub) -> AsyncIterator[VendorEar]:
    vendor = Vendor(api_key="k", base_url=stub.url)
    hearing = VendorEar(vendor, model="gpt-4o-mini-transcribe")
    yield hearing
    await hearing.aclose()
    await vendor.aclose()


async def test_voice_is_pcm_of_the_rate_that_every_voice_has(
    stub: Stub, voices: VendorVoices
) -> None:
    sound = b"".join([block async for block in voices.speak("Good evening to you.", VOICE)])

    assert len(sound) % 2 == 0
    assert len(sound) > 24000 * 2 * 0.3
    (call,) = [call for call in stub.calls if call.route == "speech"]
    assert call.texts == ["Good evening to you."]


async def test_voice_that_is_refused_is_one_call_and_our_error(
    stub: Stub, voices: VendorVoices
) -> None:
    stub.fail("speech", "F2")
    with pytest.raises(BackendError) as refused:
        _ = [block async for block in voices.speak("Good evening.", VOICE)]

    assert refused.value.status == 500
    assert "evening" not in str(refused.value)
    assert stub.counts["speech"] == 1


async def test_ear_gives_the_words_of_the_language_asked_for(stub: Stub, ear: VendorEar) -> None:
    stub.transcripts.extend(["Bonsoir à tous.", "Good evening."])

    assert await ear.recognise(A_SECOND, language="fr") == "Bonsoir à tous."
    assert await ear.recognise(A_SECOND, language="en") == "Good evening."


async def test_m5_ear_that_is_refused_is_one_call_and_our_error(stub: Stub, ear: VendorEar) -> None:
    stub.fail("transcriptions", "F3")
    with pytest.raises(BackendError) as refused:
        await ear.recognise(A_SECOND, language="en")

    assert refused.value.status == 503
    assert stub.counts["transcriptions"] == 1
