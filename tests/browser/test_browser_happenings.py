"""What happens in a scene besides talk, as the page shows it: documents, late guests, a reload."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.stub import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTE = {
    "id": "note",
    "title": "La note du 3 mars",
    "text": "# Objet\n\nLe fret perd **12 %** par an.\n\n- Coût : 4 M€\n- Délai : 2 ans",
}
GUEST = {"id": "vidal", "name": "Inès Vidal", "title": "experte"}


async def show(page: Page, document: object, sender: str = "agent-1") -> None:
    await page.evaluate("([from, it]) => fake.page(from, it)", [sender, document])


async def roster(page: Page, *more: dict[str, str]) -> None:
    cast = [
        {"id": "morel", "name": "Claire Morel", "title": "animatrice"},
        {"id": "roche", "name": "Antoine Roche", "title": "député"},
        {"id": "castan", "name": "Émile Castan", "title": "économiste"},
    ]
    told = {"repartee.roster": json.dumps([*cast[:1], *more, *cast[1:]])}
    await page.evaluate("told => fake.agentSays(told)", told)


async def test_a_document_lies_open_and_readable(visit: Visit) -> None:
    page = await visit.enter()
    await expect(page.get_by_test_id("documents")).to_be_hidden()
    await show(page, NOTE)
    paper = page.get_by_test_id("document-note")
    await expect(paper).to_contain_text("La note du 3 mars")
    await expect(paper.locator("h3")).to_have_text("Objet")
    await expect(paper.locator("strong")).to_have_text("12 %")
    await expect(paper.locator("li")).to_have_text(["Coût : 4 M€", "Délai : 2 ans"])
    await expect(page.get_by_test_id("latest")).to_contain_text("Nouveau document")
    await page.get_by_test_id("language-en").click()
    await expect(page.get_by_test_id("latest")).to_have_text("New document: La note du 3 mars")


async def test_the_newest_document_is_open_and_the_older_one_under_its_title(visit: Visit) -> None:
    page = await visit.enter()
    await show(page, NOTE)
    await show(page, {"id": "mail", "title": "Le courriel", "text": "À ce soir."})
    await expect(page.get_by_test_id("document-mail")).to_have_attribute("open", "")
    older = page.get_by_test_id("document-note")
    await expect(older).not_to_have_attribute("open", "")
    await older.locator("summary").click()
    await expect(older.locator("h3")).to_be_visible()


async def test_a_document_that_is_sent_again_lies_there_once(visit: Visit) -> None:
    page = await visit.enter()
    await show(page, NOTE)
    await show(page, NOTE)
    await expect(page.locator("details.paper")).to_have_count(1)


async def test_a_table_in_a_document_has_rows_and_columns(visit: Visit) -> None:
    page = await visit.enter()
    rows = "| | prévu | constat |\n|---|---:|---:|\n| ouverts | 14 | 6 |\n| baisse | 12 % | 5 % |"
    await show(page, {**NOTE, "text": f"**Confidentiel**\n\n{rows}\n\n« Non datée »"})
    paper = page.get_by_test_id("document-note")
    await expect(paper.locator("th")).to_have_text(["", "prévu", "constat"])
    await expect(paper.locator("tbody tr").nth(1).locator("td")).to_have_text(
        ["baisse", "12 %", "5 %"]
    )
    await expect(paper).not_to_contain_text("|")


async def test_news_of_the_room_goes_out_of_date(visit: Visit) -> None:
    await visit.page.clock.install()
    page = await visit.enter()
    await roster(page)
    await roster(page, GUEST)
    await expect(page.get_by_test_id("latest")).to_have_text("Inès Vidal vient d’entrer")
    await page.clock.run_for(15_000)
    await expect(page.get_by_test_id("latest")).to_be_empty()
    await page.get_by_test_id("language-en").click()
    await expect(page.get_by_test_id("latest")).to_be_empty()


async def test_p9_markup_in_a_document_stays_text(visit: Visit) -> None:
    page = await visit.enter()
    html = "<img src=x onerror=alert(1)> <script>alert(1)</script> [a](javascript:alert(1))"
    await show(page, {"id": "note", "title": html, "text": f"# {html}\n- **{html}**"})
    await expect(page.get_by_test_id("document-note").locator("h3")).to_contain_text(html)
    await expect(page.get_by_test_id("document-note").locator("strong")).to_have_text(html)
    assert await page.locator("main img, main script, main a").count() == 0


@pytest.mark.parametrize(
    ("sender", "document"),
    [("eve", NOTE), ("agent-1", "{broken"), ("agent-1", {"id": 1, "title": None})],
    ids=["from a stranger", "broken", "not a document"],
)
async def test_m11_what_is_no_page_of_the_cast_is_not_shown(
    visit: Visit, sender: str, document: object
) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.stranger('eve')")
    await show(page, document, sender)
    await show(page, {**NOTE, "id": "real"})
    await expect(page.locator("details.paper")).to_have_count(1)


async def test_a_late_guest_takes_a_seat_and_the_others_keep_their_colours(visit: Visit) -> None:
    page = await visit.enter()
    hue = "node => node.style.getPropertyValue('--hue')"
    await roster(page)
    before = await page.get_by_test_id("player-castan").evaluate(hue)
    await expect(page.get_by_test_id("player-vidal")).to_have_count(0)
    await roster(page, GUEST)
    guest = page.get_by_test_id("player-vidal")
    await expect(guest).to_contain_text("Inès Vidal")
    await expect(page.get_by_test_id("latest")).to_have_text("Inès Vidal vient d’entrer")
    assert await page.get_by_test_id("player-castan").evaluate(hue) == before
    own = await guest.evaluate(hue)
    await page.evaluate("() => fake.line('vidal', 'Inès Vidal', 'Bonsoir.', 's1')")
    assert await page.get_by_test_id("caption").evaluate(hue) == own


async def test_s4_a_page_that_is_loaded_again_is_back_in_its_room(
    visit: Visit, studio: Studio
) -> None:
    page = await visit.enter()
    studio.status = "live"
    await page.reload()
    await page.get_by_test_id("room").wait_for()
    assert studio.tokens_asked[-1]["room_name"] == "s-1"
    await page.evaluate("() => fake.agentJoins({'lk.agent.state': 'listening'})")
    await show(page, NOTE)
    await expect(page.get_by_test_id("document-note")).to_be_visible()


async def test_s4_a_page_that_is_loaded_again_shows_what_was_said(
    visit: Visit, studio: Studio
) -> None:
    page = await visit.enter()
    studio.status = "live"
    await page.reload()
    captions = page.get_by_test_id("caption")
    await expect(captions).to_have_count(len(studio.turns))
    await expect(captions.nth(0)).to_contain_text("Vous")
    await expect(captions.nth(1)).to_contain_text("Claire Morel")
    await page.evaluate("() => fake.agentJoins({'lk.agent.state': 'listening'})")
    await page.evaluate("() => fake.line('roche', 'Antoine Roche', 'Reprenons.', 's1')")
    await expect(captions.last).to_contain_text("Reprenons.")
    await expect(captions).to_have_count(len(studio.turns) + 1)


@pytest.mark.parametrize("silenced", [False, True], ids=["open", "silenced"])
async def test_a_silenced_microphone_is_silent_after_coming_back(
    visit: Visit, studio: Studio, silenced: bool
) -> None:
    page = await visit.enter()
    mic = page.get_by_test_id("mic")
    await expect(mic).to_have_attribute("data-state", "on")
    if silenced:
        await mic.click()
        await expect(mic).to_have_attribute("data-state", "off")
    studio.status = "live"
    await page.evaluate("() => fake.drop('SERVER_SHUTDOWN')")
    await page.get_by_test_id("rejoin").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(mic).to_have_attribute("data-state", "off" if silenced else "on")
    await page.reload()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(mic).to_have_attribute("data-state", "typing" if silenced else "on")


async def test_a_page_that_is_loaded_again_after_the_scene_shows_all_scenes(visit: Visit) -> None:
    page = await visit.enter()
    await page.reload()
    await page.get_by_test_id("start").wait_for()


async def test_the_way_home_leaves_a_scene_that_is_being_played(
    visit: Visit, studio: Studio
) -> None:
    page = await visit.enter()
    studio.status = "live"
    await page.get_by_test_id("home").click()
    await page.get_by_test_id("start").wait_for()


@pytest.mark.parametrize("window", [{"width": 360, "height": 640}])
async def test_a_document_leaves_the_controls_of_a_phone_in_view(
    visit: Visit, window: dict[str, int]
) -> None:
    page = await visit.open()
    await page.get_by_test_id("scene-debat-tv").click()
    await page.get_by_test_id("start-scene").click()
    await page.get_by_test_id("room").wait_for()
    await page.evaluate("() => fake.agentJoins({'lk.agent.state': 'listening'})")
    await show(page, {**NOTE, "text": "Une longue ligne de la note.\n\n" * 40})
    for part in ("document-note", "type-input", "mic", "end"):
        await expect(page.get_by_test_id(part)).to_be_in_viewport()
    assert await visit.overflow_px() <= 0
