"""The first view in a real browser, against the stub studio."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.stub import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LIBRARY = 5


async def _sentence(page: Page) -> str:
    notice = page.get_by_test_id("notice")
    await notice.wait_for()
    return str(await notice.get_attribute("data-sentence"))


async def test_every_scene_of_the_library_has_a_card(visit: Visit) -> None:
    page = await visit.open()
    await expect(page.locator("[data-testid^=scene-]")).to_have_count(_LIBRARY)
    card = page.get_by_test_id("scene-debat-tv")
    await expect(card).to_contain_text("Le débat télévisé")
    await expect(card).to_contain_text("4 personnages")


async def test_page_says_that_the_understudy_plays(visit: Visit) -> None:
    page = await visit.open()
    strip = page.get_by_test_id("studio")
    await expect(strip).to_have_attribute("data-cast", "understudy")
    await expect(strip).to_contain_text("aucun modèle branché")
    await expect(strip).to_contain_text("Whisper base (EN, FR)")
    await expect(strip).to_contain_text("EN espeak-ng, flite")


async def test_page_names_the_model_and_where_words_go(visit: Visit, studio: Studio) -> None:
    studio.studio |= {"cast": "model", "model": "gpt-6-luna"}
    page = await visit.open()
    await expect(page.get_by_test_id("studio")).to_contain_text("Joué par un modèle : gpt-6-luna")
    await expect(page.get_by_test_id("disclosure")).to_contain_text("envoyé à ce modèle")


async def test_disclosure_says_ai_and_synthetic(visit: Visit) -> None:
    page = await visit.open()
    disclosure = page.get_by_test_id("disclosure")
    await expect(disclosure).to_contain_text("intelligences artificielles")
    await expect(disclosure).to_contain_text("synthétiques")


async def test_brief_shows_role_goals_and_cast_of_the_chosen_scene(visit: Visit) -> None:
    page = await visit.open()
    await page.get_by_test_id("scene-sales-conference").click()
    brief = page.get_by_test_id("brief")
    await expect(brief).to_have_attribute("data-scene", "sales-conference")
    await expect(brief).to_contain_text("head of product at Northlight Ovens")
    await expect(brief).to_contain_text("Dana Whitlock")


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR", "de-DE"])
async def test_language_follows_the_browser_then_the_switch(visit: Visit, locale: str) -> None:
    page = await visit.open()
    first = "fr" if locale == "fr-FR" else "en"
    other = "en" if first == "fr" else "fr"
    button = {"fr": "Entrer en scène", "en": "Start the scene"}
    await expect(page.get_by_test_id("start-scene")).to_have_text(button[first])
    await page.get_by_test_id(f"language-{other}").click()
    await expect(page.get_by_test_id("start-scene")).to_have_text(button[other])
    await expect(page.locator("html")).to_have_attribute("lang", other)
    await page.reload()
    await expect(page.get_by_test_id("start-scene")).to_have_text(button[other])


async def test_scene_is_chosen_and_started_by_keyboard_alone(visit: Visit, studio: Studio) -> None:
    page = await visit.open("")
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement.name === 'scene'"):
            break
    await page.keyboard.press("ArrowDown")
    second = await page.locator("input[name=scene]").nth(1).get_attribute("value")
    await expect(page.get_by_test_id("brief")).to_have_attribute("data-scene", str(second))
    await page.get_by_test_id("start-scene").focus()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("room").wait_for()
    assert f'"scenario":"{second}"' in str(studio.tokens_asked)


async def test_focus_is_visible_on_every_stop(visit: Visit) -> None:
    page = await visit.open()
    unseen = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(
            """() => {
              const at = document.activeElement;
              const ring = at.matches('input[type=radio]') ? at.closest('label') : at;
              return at === document.body || getComputedStyle(ring).outlineStyle !== 'none'
                ? '' : at.outerHTML.slice(0, 80);
            }"""
        )
        if seen:
            unseen.append(seen)
    assert unseen == []


@pytest.mark.parametrize("window", [{"width": 360, "height": 640}, {"width": 320, "height": 568}])
async def test_phone_has_no_sideways_scroll_and_shows_one_step_at_a_time(
    visit: Visit, window: dict[str, int]
) -> None:
    page = await visit.open()
    assert await visit.overflow_px() <= 0
    await expect(page.get_by_test_id("brief")).to_be_hidden()
    await page.get_by_test_id("scene-debat-tv").click()
    await expect(page.get_by_test_id("brief")).to_be_visible()
    await expect(page.get_by_test_id("start-scene")).to_be_in_viewport()
    assert await visit.overflow_px() <= 0
    await page.get_by_test_id("back").click()
    await expect(page.get_by_test_id("scene-debat-tv")).to_be_visible()


async def test_device_check_lists_microphones_and_moves_its_bars(visit: Visit) -> None:
    page = await visit.open()
    await page.get_by_test_id("device-check").click()
    await expect(page.get_by_test_id("device-select").locator("option")).not_to_have_count(0)
    # Looked at in every frame: the browser's microphone only beeps, and the bars fall at once.
    await page.wait_for_function(
        "() => document.querySelector('[data-testid=device-level] [data-lit]') !== null"
    )
    await expect(page.get_by_test_id("device-hint")).to_have_text("On vous entend bien.")


async def test_m1_refused_microphone_gets_a_friendly_hint(visit: Visit) -> None:
    page = visit.page
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    await visit.open()
    await page.get_by_test_id("device-check").click()
    await expect(page.get_by_test_id("device-hint")).to_contain_text("écrivez vos répliques")


async def test_studio_that_cannot_hear_offers_typing_only(visit: Visit, studio: Studio) -> None:
    studio.studio["hearing"] = None
    page = await visit.open()
    await expect(page.get_by_test_id("mode-voice")).to_be_disabled()
    await expect(page.get_by_test_id("mode-type")).to_be_checked()
    await page.get_by_test_id("start-scene").click()
    await page.get_by_test_id("room").wait_for()
    assert await page.evaluate("() => fake.micOptions === undefined")


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (503, {"Retry-After": "1"}, "error.livekit"),
        (402, {}, "error.budget"),
        (401, {}, "error.signin"),
        (422, {}, "error.refused"),
        (500, {}, "error.server"),
        (429, {"Retry-After": "1"}, "error.limited"),
    ],
)
async def test_j10_refused_token_is_a_sentence_with_a_retry(
    visit: Visit, studio: Studio, status: int, headers: dict[str, str], sentence: str
) -> None:
    page = await visit.open()
    studio.refusals["token"] = (status, headers)
    await page.get_by_test_id("start-scene").click()
    assert await _sentence(page) == sentence
    await expect(page.get_by_test_id("notice")).not_to_contain_text(re.compile(r"error\.|\{"))
    del studio.refusals["token"]
    await page.get_by_test_id("retry").click()
    await page.get_by_test_id("room").wait_for()


async def test_j10_wait_of_429_is_counted_down(visit: Visit, studio: Studio) -> None:
    page = await visit.open()
    studio.refusals["token"] = (429, {"Retry-After": "40"})
    await page.get_by_test_id("start-scene").click()
    await expect(page.get_by_test_id("retry")).to_be_disabled()
    await expect(page.get_by_test_id("retry")).to_contain_text(re.compile(r"dans (40|39|38) s"))


async def test_j10_room_out_of_reach_leads_back_with_a_sentence(visit: Visit) -> None:
    page = await visit.open()
    await page.evaluate("() => { globalThis.fakeUnreachable = true; }")
    await page.get_by_test_id("start-scene").click()
    assert await _sentence(page) == "error.room"
    await page.evaluate("() => { globalThis.fakeUnreachable = false; }")
    await page.get_by_test_id("retry").click()
    await page.get_by_test_id("room").wait_for()


async def test_studio_that_is_down_offers_a_retry(visit: Visit, studio: Studio) -> None:
    studio.refusals["scenarios"] = (500, {})
    await visit.page.goto(visit.url)
    assert await _sentence(visit.page) == "error.server"
    del studio.refusals["scenarios"]
    await visit.page.get_by_test_id("retry").click()
    await visit.page.get_by_test_id("start").wait_for()


async def test_missing_library_says_how_to_bring_it(visit: Visit) -> None:
    page = visit.page
    await page.route("**/livekit-client.umd.js", lambda route: route.fulfill(status=404))
    await visit.open()
    await page.get_by_test_id("start-scene").click()
    assert await _sentence(page) == "error.library"


async def test_theme_switch_is_remembered(visit: Visit) -> None:
    page = await visit.open()
    await page.get_by_test_id("theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_access_token_of_the_address_goes_into_the_header_only(visit: Visit) -> None:
    page = visit.page
    async with page.expect_request("**/api/scenarios") as asked:
        await visit.open("#access_token=abc.def")
    assert (await (await asked.value).all_headers())["authorization"] == "Bearer abc.def"
    assert await page.evaluate("() => location.hash") == ""
