"""The stand-in vendor keeps its own word: delays, books, faults. Tests rely on it as an oracle."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.vendor import Delays, Vendor, vendor

_ROOT = Path(__file__).parents[2]
ASK = {"model": "stub-1", "messages": [{"role": "user", "content": "Bonsoir, que dites-vous ?"}]}


@pytest.fixture
async def stub() -> AsyncIterator[Vendor]:
    quick = Delays(first_token_s=0.0, word_s=0.0, transcription_s=0.0, speech_s=0.0)
    async with vendor(delays=quick) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def said(http: aiohttp.ClientSession, stub: Vendor, **more: Any) -> dict[str, Any]:
    async with http.post(f"{stub.url}/chat/completions", json=ASK | more) as answer:
        body: dict[str, Any] = await answer.json()
        return body


async def test_same_prompt_gets_the_same_words(http: aiohttp.ClientSession, stub: Vendor) -> None:
    first, second = [(await said(http, stub))["choices"][0]["message"] for _ in range(2)]
    assert first == second
    assert len(first["content"].split()) >= stub.words


@pytest.mark.parametrize(
    ("prompt", "word"), [("Bonsoir, que dites-vous ?", " vous "), ("What do you say?", " you ")]
)
async def test_it_answers_in_the_language_of_the_prompt(
    http: aiohttp.ClientSession, stub: Vendor, prompt: str, word: str
) -> None:
    stub.words = 60
    body = await said(http, stub, messages=[{"role": "user", "content": prompt}])
    assert word in body["choices"][0]["message"]["content"].lower()


async def test_token_limit_ends_the_answer(http: aiohttp.ClientSession, stub: Vendor) -> None:
    choice = (await said(http, stub, max_tokens=3))["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"].split()) == 3


async def test_books_keep_calls_tokens_and_prompts_but_no_key(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    http.headers["Authorization"] = "Bearer sk-canary"
    body = await said(http, stub)
    async with http.get(f"{stub.url.removesuffix('/v1')}/_books") as answer:
        books = await answer.json()
    assert books["counts"] == {"chat": 1}
    assert books["prompt_tokens"] == body["usage"]["prompt_tokens"]
    assert books["completion_tokens"] == body["usage"]["completion_tokens"]
    assert books["calls"][0]["texts"] == [ASK["messages"][0]["content"]]  # type: ignore[index]
    assert "sk-canary" not in json.dumps(books)


async def test_fault_can_be_scripted_from_another_process(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    script = {"route": "chat", "fault": "F3", "times": 1}
    await http.post(f"{stub.url.removesuffix('/v1')}/_faults", json=script)
    statuses = []
    for _ in range(2):
        async with http.post(f"{stub.url}/chat/completions", json=ASK) as answer:
            statuses.append(answer.status)
    assert statuses == [503, 200]


async def test_unknown_fault_is_refused(stub: Vendor) -> None:
    with pytest.raises(ValueError, match="F99"):
        stub.fail("chat", "F99")


async def test_transcripts_are_given_in_order_then_a_greeting(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    stub.transcripts.extend(["Monsieur Roche, votre avis ?"])
    heard = []
    for _ in range(2):
        form = aiohttp.FormData({"model": "stt-1", "language": "fr"})
        form.add_field("file", b"RIFF", filename="a.wav")
        async with http.post(f"{stub.url}/audio/transcriptions", data=form) as answer:
            heard.append((await answer.json())["text"])
    assert heard == ["Monsieur Roche, votre avis ?", "Bonjour à tous."]


async def test_speech_is_pcm_as_long_as_its_text_and_differs_by_voice(
    http: aiohttp.ClientSession, stub: Vendor
) -> None:
    sounds = []
    for voice, text in (("ash", "Oui. " * 9), ("coral", "Oui. " * 9), ("ash", "Oui. " * 18)):
        body = {"model": "tts-1", "voice": voice, "input": text, "response_format": "pcm"}
        async with http.post(f"{stub.url}/audio/speech", json=body) as answer:
            sounds.append(await answer.read())
    assert sounds[0] != sounds[1]
    assert [round(len(sound) / 48_000) for sound in sounds] == [3, 3, 6]


async def test_m8_silent_and_endless_speech(http: aiohttp.ClientSession, stub: Vendor) -> None:
    body = {"model": "tts-1", "voice": "ash", "input": "Oui.", "response_format": "pcm"}
    stub.fail("speech", "SILENT_AUDIO", times=1)
    stub.fail("speech", "LONG_AUDIO", times=1)
    async with http.post(f"{stub.url}/audio/speech", json=body) as answer:
        assert not any(await answer.read())
    async with http.post(f"{stub.url}/audio/speech", json=body) as answer:
        assert len(await answer.read()) >= 5 * 60 * 48_000


async def test_it_runs_as_a_program_and_prints_its_address(http: aiohttp.ClientSession) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.vendor",
        "--port",
        "0",
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert program.stdout is not None
        url = (await program.stdout.readline()).decode().strip()
        async with http.post(f"{url}/chat/completions", json=ASK) as answer:
            assert answer.status == 200
    finally:
        program.terminate()
        await program.communicate()
