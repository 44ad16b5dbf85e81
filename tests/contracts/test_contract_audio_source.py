"""What an outlet relies on in LiveKit's audio source, and its twin in memory does alike."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from livekit import rtc

from agents.stage.outlet import QUEUE_MS
from services.speech.ports import SAMPLE_RATE_HZ
from tests.fakes.audio_source import FakeAudioSource

Source = rtc.AudioSource | FakeAudioSource

REFUSED = "failed to capture frame"


def silence(ms: int) -> rtc.AudioFrame:
    samples = SAMPLE_RATE_HZ * ms // 1000
    return rtc.AudioFrame(bytes(2 * samples), SAMPLE_RATE_HZ, 1, samples)


@pytest.fixture(params=["fake", "livekit"])
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    if request.param == "fake":
        yield FakeAudioSource(queue_ms=QUEUE_MS)
        return
    real = rtc.AudioSource(SAMPLE_RATE_HZ, 1, queue_size_ms=QUEUE_MS)
    yield real
    await real.aclose()


async def test_a_full_queue_takes_one_more_frame_and_lets_its_giver_wait(source: Source) -> None:
    await source.capture_frame(silence(QUEUE_MS))
    giver = asyncio.ensure_future(source.capture_frame(silence(QUEUE_MS)))
    await asyncio.sleep(0)

    assert not giver.done()
    await giver


async def test_a_second_frame_is_refused_while_the_first_waits(source: Source) -> None:
    giver = asyncio.ensure_future(source.capture_frame(silence(2 * QUEUE_MS - 20)))
    await asyncio.sleep(0.02)

    with pytest.raises(Exception, match=REFUSED):
        await source.capture_frame(silence(20))
    source.clear_queue()
    await giver


async def test_emptying_the_queue_lets_a_waiting_giver_and_then_others_go_on(
    source: Source,
) -> None:
    giver = asyncio.ensure_future(source.capture_frame(silence(2 * QUEUE_MS - 20)))
    await asyncio.sleep(0.02)
    source.clear_queue()
    await giver

    await source.capture_frame(silence(20))
