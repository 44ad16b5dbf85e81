"""Debian's Chromium through Playwright, and the stub studio it visits.

One browser at a time: about 1 GiB of memory and a dozen processes. Browser, server and tests of a
module share one event loop.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.stub import Studio, serving

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


class Visit:
    """A page on the studio, with all it complained about in its console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        # A refused request is what some tests ask for: the browser itself writes that line.
        if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    async def open(self, query: str = "?scene=debat-tv") -> Page:
        """The first view, once its scenes are there."""
        await self.page.goto(f"{self.url}/{query}")
        await self.page.get_by_test_id("start").wait_for()
        return self.page

    async def enter(self) -> Page:
        """The debate's room, with its cast present; it has greeted and listens."""
        page = await self.open()
        await page.get_by_test_id("start-scene").click()
        await page.get_by_test_id("room").wait_for()
        await page.evaluate("() => fake.agentJoins({'repartee.speaker': 'morel'})")
        await page.evaluate(
            "() => fake.agentSays({'lk.agent.state': 'listening', 'repartee.speaker': ''})"
        )
        return page

    async def overflow_px(self) -> int:
        """By how much the page is wider than its window."""
        return int(
            await self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def studio() -> Studio:
    return Studio()


@pytest.fixture
def window() -> dict[str, int]:
    """Overridden by tests of other sizes."""
    return {"width": 1280, "height": 800}


@pytest.fixture
def locale() -> str:
    return "fr-FR"


@pytest_asyncio.fixture(loop_scope="module")
async def visit(
    chromium: Browser, studio: Studio, window: dict[str, int], locale: str
) -> AsyncIterator[Visit]:
    """A fresh visitor with a microphone; leaving, the console must have been silent."""
    async with serving(studio.app()) as url:
        context = await chromium.new_context(
            viewport={"width": window["width"], "height": window["height"]},
            locale=locale,
            permissions=["microphone", "clipboard-read", "clipboard-write"],
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        page = Visit(await context.new_page(), url)
        yield page
        await context.close()
    assert page.complaints == []
