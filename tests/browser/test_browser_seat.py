"""Coming back to a scene: from a closed tab, from a second one, and not when it is over."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.stub import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "repartee.seat"


@pytest.fixture(autouse=True)
def live(studio: Studio) -> None:
    studio.status = "live"


async def tab(visit: Visit) -> Page:
    """Another tab of the same person, on the first view."""
    page = await visit.page.context.new_page()
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    async with page.expect_response("**/transcript"):
        await page.goto(visit.url)
    await page.get_by_test_id("start").wait_for()
    return page


async def closed(visit: Visit) -> None:
    """The tab goes, with what only the tab remembers."""
    await visit.page.close()


async def kept(page: Page, store: str = "localStorage") -> dict[str, Any] | None:
    seat = await page.evaluate(f"() => {store}.getItem('{KEY}')")
    return json.loads(seat) if seat else None


async def test_s4_closed_tab_is_offered_its_scene_and_comes_back(
    visit: Visit, studio: Studio
) -> None:
    await visit.enter()
    await closed(visit)
    page = await tab(visit)
    waiting = page.get_by_test_id("waiting")
    await expect(waiting).to_contain_text("Le débat télévisé")
    await page.get_by_test_id("language-en").click()
    await expect(page.get_by_test_id("come-back")).to_have_text("Come back to the scene")
    await page.get_by_test_id("come-back").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    asked = studio.tokens_asked[-1]
    assert (asked["room_name"], asked["participant_identity"]) == ("s-1", "u-local-1")
    await expect(page.get_by_test_id("caption")).to_have_count(len(studio.turns))
    await expect(page.get_by_test_id("mic")).to_have_attribute("data-state", "on")


async def test_the_browser_remembers_the_seat_and_never_the_token(visit: Visit) -> None:
    page = await visit.enter()
    seat = await kept(page)
    assert seat is not None
    assert {key: seat[key] for key in ("room", "scenario", "identity", "voice")} == {
        "room": "s-1",
        "scenario": "debat-tv",
        "identity": "u-local-1",
        "voice": True,
    }
    assert await page.evaluate("() => fake.joined.token") == "t-1"
    stores = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert "t-1" not in str(await page.evaluate(stores))


async def test_ended_scene_is_not_offered_and_forgotten(visit: Visit, studio: Studio) -> None:
    await visit.enter()
    await closed(visit)
    studio.status = "ended"
    page = await tab(visit)
    await page.wait_for_function(f"() => localStorage.getItem('{KEY}') === null")
    await expect(page.get_by_test_id("waiting")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "stays"), [(404, False), (410, False), (403, False), (503, True), (401, True)]
)
async def test_scene_that_cannot_be_asked_about_is_not_offered(
    visit: Visit, studio: Studio, status: int, stays: bool
) -> None:
    """A seat outlives a studio that is down, and a link that is to be opened again."""
    await visit.enter()
    await closed(visit)
    studio.refusals["transcript"] = (status, {})
    page = await tab(visit)
    await expect(page.get_by_test_id("waiting")).to_be_hidden()
    if not stays:
        await page.wait_for_function(f"() => localStorage.getItem('{KEY}') === null")
    del studio.refusals["transcript"]
    await page.reload()
    await page.get_by_test_id("start").wait_for()
    await expect(page.get_by_test_id("waiting")).to_be_visible(visible=stays)


async def test_scene_that_ends_under_the_offer_is_taken_back(visit: Visit, studio: Studio) -> None:
    await visit.enter()
    await closed(visit)
    page = await tab(visit)
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    studio.status = "ended"
    await page.get_by_test_id("come-back").click()
    await expect(page.get_by_test_id("waiting")).to_be_hidden()
    assert len(studio.tokens_asked) == 1


async def test_room_out_of_reach_keeps_the_offer_with_a_sentence(visit: Visit) -> None:
    await visit.enter()
    await closed(visit)
    page = await tab(visit)
    await page.evaluate("() => { globalThis.fakeUnreachable = true; }")
    await page.get_by_test_id("come-back").click()
    notice = page.get_by_test_id("waiting").get_by_test_id("notice")
    await expect(notice).to_have_attribute("data-sentence", "error.room")
    await page.evaluate("() => { globalThis.fakeUnreachable = false; }")
    await notice.get_by_test_id("retry").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")


async def test_another_scene_takes_the_place_of_the_last_one(visit: Visit) -> None:
    await visit.enter()
    await closed(visit)
    page = await tab(visit)
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    await page.get_by_test_id("scene-sales-conference").click()
    await page.get_by_test_id("start-scene").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    seat = await kept(page)
    assert seat is not None
    assert (seat["room"], seat["scenario"]) == ("s-2", "sales-conference")


async def test_scene_that_was_left_for_good_is_not_offered(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.drop('ROOM_DELETED')")
    await page.get_by_test_id("other-scenes").click()
    await page.get_by_test_id("start").wait_for()
    assert await kept(page) is None
    await expect(page.get_by_test_id("waiting")).to_be_hidden()


async def test_second_tab_takes_the_seat_and_the_first_says_so_and_stays_out(
    visit: Visit, studio: Studio
) -> None:
    first = await visit.enter()
    second = await tab(visit)
    await second.get_by_test_id("come-back").click()
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(first.get_by_test_id("room")).to_have_attribute("data-state", "taken")
    await expect(first.get_by_test_id("lost")).to_contain_text("dans un autre onglet")
    assert not await first.evaluate("() => fake.connected")
    await first.reload()
    await expect(first.get_by_test_id("waiting")).to_be_visible()
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    assert len(studio.tokens_asked) == 2


async def test_tab_that_the_room_put_out_for_another_says_so(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.drop('DUPLICATE_IDENTITY')")
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "taken")
    await expect(page.get_by_test_id("status")).to_contain_text("continue dans un autre onglet")
    await expect(page.get_by_test_id("rejoin")).to_have_text("La reprendre ici")
    assert await kept(page, "sessionStorage") is None
    assert await kept(page) is not None
    await page.reload()
    await expect(page.get_by_test_id("waiting")).to_be_visible()


async def test_leaving_the_first_tab_ends_nothing_for_the_second(visit: Visit) -> None:
    first = await visit.enter()
    second = await tab(visit)
    await second.get_by_test_id("come-back").click()
    await expect(first.get_by_test_id("room")).to_have_attribute("data-state", "taken")
    await expect(first.get_by_test_id("end")).to_have_text("Quitter")
    await first.get_by_test_id("end").click()
    await first.get_by_test_id("after").wait_for()
    assert await kept(second) is not None
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    assert "repartee.end" not in await first.evaluate("() => fake.calls")


async def test_seat_is_taken_back_by_a_press_with_a_fresh_token(
    visit: Visit, studio: Studio
) -> None:
    first = await visit.enter()
    second = await tab(visit)
    await second.get_by_test_id("come-back").click()
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await first.get_by_test_id("rejoin").click()
    await expect(first.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "taken")
    assert await first.evaluate("() => fake.joined.token") == "t-3"
    asked = [one.get("participant_identity") for one in studio.tokens_asked]
    assert asked == [None, "u-local-1", "u-local-1"]


async def test_tab_that_slept_while_another_took_its_seat_does_not_wake_into_it(
    visit: Visit, studio: Studio
) -> None:
    """A browser that throws a sleeping tab away loads it again when it is looked at."""
    first = await visit.enter()
    own = await first.evaluate(f"() => sessionStorage.getItem('{KEY}')")
    second = await tab(visit)
    await second.get_by_test_id("come-back").click()
    await expect(first.get_by_test_id("room")).to_have_attribute("data-state", "taken")
    await first.evaluate(f"own => sessionStorage.setItem('{KEY}', own)", own)
    await first.reload()
    await expect(first.get_by_test_id("waiting")).to_be_visible()
    assert len(studio.tokens_asked) == 2


async def test_reload_beside_another_scene_in_another_tab_stays_in_its_own(
    visit: Visit, studio: Studio
) -> None:
    first = await visit.enter()
    second = await tab(visit)
    await second.get_by_test_id("start-scene").click()
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await first.reload()
    await expect(first.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(second.get_by_test_id("room")).to_have_attribute("data-state", "live")
    assert studio.tokens_asked[-1]["room_name"] == "s-1"


@pytest.mark.parametrize("window", [{"width": 320, "height": 568}, {"width": 390, "height": 844}])
async def test_phone_has_the_way_back_in_view(visit: Visit, window: dict[str, int]) -> None:
    page = await visit.open()
    await page.get_by_test_id("scene-debat-tv").click()
    await page.get_by_test_id("start-scene").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await closed(visit)
    visit.page = await tab(visit)
    await expect(visit.page.get_by_test_id("come-back")).to_be_in_viewport()
    assert await visit.overflow_px() <= 0
