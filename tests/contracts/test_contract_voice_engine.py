"""What every voice engine does, whichever one speaks."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from services.adapters.espeak import EspeakVoices
from services.adapters.flite import FliteVoices
from services.adapters.kokoro import KokoroVoices
from services.core.errors import BackendError
from services.speech.audio import duration_s, level
from services.speech.ports import VoiceChoice, VoiceEngine
from tests.fakes.speech import FakeVoice

LINE = "Good evening, and welcome."
NATURAL = {
    "fake": "any",
    "espeak": "en-us+f2",
    "flite": "slt",
    "kokoro": "jf_alpha",
}


@dataclass(frozen=True)
class Speaker:
    """An engine and one of its English voices."""

    engine: VoiceEngine
    voice: VoiceChoice

    async def say(self, text: str) -> bytes:
        return b"".join([block async for block in self.engine.speak(text, self.voice)])


@pytest.fixture(scope="module")
def kokoro_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model is assembled, once."""
    return tmp_path_factory.mktemp("kokoro")


@pytest.fixture(params=sorted(NATURAL))
async def speaker(request: pytest.FixtureRequest, kokoro_dir: Path) -> AsyncIterator[Speaker]:
    """Each engine with a plain voice."""
    engines: dict[str, VoiceEngine] = {
        "fake": FakeVoice(),
        "espeak": EspeakVoices(),
        "flite": FliteVoices(),
        "kokoro": KokoroVoices(kokoro_dir),
    }
    name: str = request.param
    choice = VoiceChoice(engine=name, voice=NATURAL[name], language="en")
    yield Speaker(engines[name], choice)
    for engine in engines.values():
        await engine.aclose()


@pytest.fixture(autouse=True)
def _no_child_is_forgotten() -> Iterator[None]:
    before = _children()
    yield
    assert _children() <= before


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_it_speaks_english_in_blocks_of_at_most_100_ms(speaker: Speaker) -> None:
    assert "en" in speaker.engine.languages()
    blocks = [block async for block in speaker.engine.speak(LINE, speaker.voice)]
    assert all(0 < duration_s(block) <= 0.1 and len(block) % 2 == 0 for block in blocks)
    assert 0.8 < duration_s(b"".join(blocks)) < 4.0
    assert level(b"".join(blocks)) > 0.01


async def test_the_same_voice_says_the_same_line_the_same_way(speaker: Speaker) -> None:
    first, second = await speaker.say(LINE), await speaker.say(LINE)
    assert abs(duration_s(first) - duration_s(second)) < 0.05


async def test_silence_around_a_line_is_short(speaker: Speaker) -> None:
    samples = np.frombuffer(await speaker.say(LINE), dtype="<i2").astype(int)
    loud = np.flatnonzero(np.abs(samples) > 300)
    assert loud[0] / 24000 < 0.08
    assert (len(samples) - loud[-1]) / 24000 < 0.12


async def test_m3_closing_early_ends_the_engine(speaker: Speaker) -> None:
    line = speaker.engine.speak(f"{LINE} " * 20, speaker.voice)
    assert isinstance(line, AsyncGenerator)
    assert await anext(line)
    async with asyncio.timeout(5):
        await line.aclose()
    assert await speaker.say(LINE)


async def test_a_cancelled_line_leaves_the_engine_usable(speaker: Speaker) -> None:
    task = asyncio.create_task(speaker.say(f"{LINE} " * 20))
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await speaker.say(LINE)


async def test_text_without_a_word_is_no_sound(speaker: Speaker) -> None:
    assert await speaker.say("… — <break/>") == b""


async def test_y2_an_unknown_voice_is_refused_not_replaced(speaker: Speaker) -> None:
    if speaker.voice.engine == "fake":
        return
    stranger = Speaker(speaker.engine, replace(speaker.voice, voice="en-us+nosuch"))
    with pytest.raises(BackendError) as refused:
        await stranger.say(LINE)
    assert not refused.value.retryable


async def test_two_lines_at_once_do_not_mix(speaker: Speaker) -> None:
    alone = await speaker.say(LINE)
    together = await asyncio.gather(speaker.say(LINE), speaker.say(LINE))
    assert all(abs(duration_s(sound) - duration_s(alone)) < 0.05 for sound in together)


@pytest.mark.parametrize(
    "text", ["[[h@'l@U]]", "<break time='10h'/>Hello.", "\x0199SHello.", "-v fr -f /etc/passwd"]
)
async def test_p9_text_never_commands_an_engine(speaker: Speaker, text: str) -> None:
    sound = await speaker.say(text)
    assert 0.2 < duration_s(sound) < 6.0
