"""The page against the whole of Repartee: a browser speaks a recording into a real room."""

import re
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from bench.house import House, open_house
from bench.recordings import RATE_HZ, recording, silence
from tests.browser.conftest import CHROMIUM, FLAGS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

_SPOKEN = "conf-leaderhasleft"
"""« Le responsable a quitté la conférence. »"""
_BEFORE_SPEECH_S = 14.0
"""The cast greets first: a person who hears it out is not cut by an echo of our own making."""
_KEEP_CONNECTIONS = """
globalThis.connections = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) { super(...all); globalThis.connections.push(this); }
};
"""
_HEARD_ENERGY = """async () => {
  let energy = 0;
  for (const one of globalThis.connections)
    for (const report of (await one.getStats()).values())
      if (report.type === 'inbound-rtp' && report.kind === 'audio')
        energy += report.totalAudioEnergy ?? 0;
  return energy;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person who waits for the greeting, says one sentence and then listens."""
    path = tmp_path_factory.mktemp("microphone") / "person.wav"
    parts = (silence(_BEFORE_SPEECH_S), recording(_SPOKEN, "fr"), silence(120))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.concatenate(parts).tobytes())
    return path


@pytest_asyncio.fixture(loop_scope="module")
async def page(house: House, microphone: Path) -> AsyncIterator[Page]:
    flags = (*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop")
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = await browser.new_context(locale="fr-FR", permissions=["microphone"])
        context.set_default_timeout(30_000)
        page = await context.new_page()
        await page.add_init_script(_KEEP_CONNECTIONS)
        yield page
        await browser.close()


async def test_person_is_greeted_speaks_types_ends_and_reads_the_transcript(
    page: Page, house: House
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    await page.goto(f"{house.http_url}/?scene=debat-tv")
    await expect(page.get_by_test_id("studio")).to_have_attribute("data-cast", "understudy")
    await page.get_by_test_id("start-scene").click()

    cast = page.locator("[data-testid=caption]:not([data-persona=learner])")
    await expect(cast.first).to_contain_text(re.compile(r"\w+ \w+"))
    await expect(page.get_by_test_id("phase")).to_contain_text("Ouverture")
    first = await page.evaluate(_HEARD_ENERGY)
    own = page.locator("[data-testid=caption][data-persona=learner]")
    await expect(own.first).to_contain_text(re.compile("conférence", re.IGNORECASE), timeout=40_000)
    assert await page.evaluate(_HEARD_ENERGY) > first > 0

    await page.get_by_test_id("type-input").fill("Monsieur Roche, votre avis ?")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-testid=caption][data-persona=roche]").first).to_be_visible()
    speakers = await cast.evaluate_all("all => [...new Set(all.map(one => one.dataset.persona))]")
    assert len(speakers) >= 2

    await page.get_by_test_id("end").click()
    await expect(page.get_by_test_id("after")).to_be_visible(timeout=45_000)
    said = page.get_by_test_id("turn")
    await expect(said.filter(has_text="Monsieur Roche, votre avis ?")).to_have_count(1)
    written = await said.evaluate_all("all => all.map(one => one.dataset.persona)")
    assert {"learner", "roche"} < set(written)
    assert complaints == []
