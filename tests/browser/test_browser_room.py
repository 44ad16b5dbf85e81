"""The room and what comes after it, with a scripted room in place of LiveKit."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.stub import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SPEAKING = "() => fake.agentSays({'lk.agent.state': 'speaking', 'repartee.speaker': 'roche'})"
_HOSTILE = "<img src=x onerror=alert(1)>"


async def talk(page: Page, lines: int) -> None:
    """Roche goes on for that many lines."""
    before = await page.get_by_test_id("caption").count()
    for at in range(before, before + lines):
        await page.evaluate(
            "at => fake.line('roche', 'Antoine Roche', `Ligne ${at}`, `s${at}`)", at
        )


async def test_speaker_stands_in_the_light_and_has_the_floor_in_words(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate(_SPEAKING)
    await expect(page.get_by_test_id("player-roche")).to_have_attribute("data-state", "speaking")
    await expect(page.get_by_test_id("player-morel")).to_have_attribute("data-state", "listening")
    await expect(page.get_by_test_id("status")).to_contain_text("Antoine Roche a la parole")


async def test_ring_follows_the_level_of_that_characters_track(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.voice('roche', 0.5)")
    await page.wait_for_function(
        "() => Number(document.querySelector('[data-persona=roche]').style"
        ".getPropertyValue('--level')) > 0.2"
    )
    silent = await page.get_by_test_id("player-morel").evaluate(
        "node => node.style.getPropertyValue('--level')"
    )
    assert float(silent) == 0


async def test_captions_carry_the_characters_name(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.line('roche', 'Antoine Roche', 'Et la facture ?', 's1')")
    caption = page.get_by_test_id("caption")
    await expect(caption).to_have_attribute("data-persona", "roche")
    await expect(caption).to_contain_text("Antoine Roche")
    await expect(caption).to_contain_text("Et la facture ?")


async def test_own_words_are_replaced_as_they_are_understood(visit: Visit) -> None:
    page = await visit.enter()
    for words in ("bon", "bonsoir à", "Bonsoir à tous."):
        await page.evaluate("words => fake.text('me', {'lk.segment_id': 'u'}, [words])", words)
    caption = page.get_by_test_id("caption")
    await expect(caption).to_have_count(1)
    await expect(caption).to_contain_text("Bonsoir à tous.")
    await expect(caption).to_contain_text("Vous")


async def test_p9_markup_in_captions_and_names_stays_text(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate(
        "html => { fake.line('roche', html, html, 's1');"
        " fake.agentSays({'repartee.phase': html,"
        " 'repartee.roster': JSON.stringify([{id: 'roche', name: html}])}); }",
        _HOSTILE,
    )
    await expect(page.get_by_test_id("caption")).to_contain_text(_HOSTILE)
    await expect(page.get_by_test_id("player-roche")).to_contain_text(_HOSTILE)
    assert await page.locator("main img").count() == 0


async def test_m11_faked_captions_of_a_stranger_are_not_shown(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate(
        "() => { fake.stranger('eve'); return fake.text('eve',"
        " {'repartee.persona': 'roche'}, ['I am Roche']); }"
    )
    await page.evaluate("() => fake.line('roche', 'Antoine Roche', 'Bonsoir.', 's1')")
    await expect(page.get_by_test_id("caption")).to_have_count(1)


async def test_typed_line_goes_out_on_the_chat_topic_and_shows_once(visit: Visit) -> None:
    page = await visit.enter()
    await page.get_by_test_id("type-input").fill("Bonsoir à vous.")
    await page.keyboard.press("Enter")
    await page.evaluate("() => fake.text('me', {'lk.segment_id': 'u'}, ['Bonsoir à vous.'])")
    await expect(page.get_by_test_id("caption")).to_have_count(1)
    await expect(page.get_by_test_id("type-input")).to_have_value("")
    assert await page.evaluate("() => fake.sent") == [
        {"text": "Bonsoir à vous.", "topic": "lk.chat"}
    ]


async def test_line_that_could_not_be_sent_stays_in_the_field(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => { fake.deaf = true; }")
    await page.get_by_test_id("type-input").fill("Bonsoir.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("room-hint")).to_contain_text("n’est pas partie")
    await expect(page.get_by_test_id("type-input")).to_have_value("Bonsoir.")


async def test_pause_resume_and_skip_are_asked_of_the_agent(visit: Visit) -> None:
    page = await visit.enter()
    await page.get_by_test_id("pause").click()
    await expect(page.get_by_test_id("status")).to_contain_text("En pause")
    await page.get_by_test_id("pause").click()
    await expect(page.get_by_test_id("status")).to_contain_text("on vous écoute")
    await page.get_by_test_id("skip").click()
    calls = await page.evaluate("() => fake.calls.filter((call) => call !== 'repartee.state')")
    assert calls == ["repartee.pause", "repartee.resume", "repartee.skip"]


async def test_clock_and_phase_come_from_the_agents_account(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => { fake.elapsed_s = 125; fake.phase = 'confrontation'; }")
    await page.get_by_test_id("skip").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("2:0")
    await expect(page.get_by_test_id("phase")).to_contain_text("Confrontation")
    await expect(page.get_by_test_id("phase")).to_contain_text("2 sur 3")


async def test_agent_that_does_not_answer_is_said(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => { fake.mute = true; }")
    await page.get_by_test_id("pause").click()
    await expect(page.get_by_test_id("room-hint")).to_contain_text("n’a pas répondu")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("agent_lost", "On la rappelle"),
        ("agent_back", "La troupe est revenue"),
        ("failed", "n’a pas pu continuer"),
    ],
)
async def test_room_metadata_becomes_a_sentence(visit: Visit, status: str, words: str) -> None:
    page = await visit.enter()
    await page.evaluate("status => fake.told(status)", status)
    await expect(page.get_by_test_id("status")).to_contain_text(words)


async def test_s1_no_free_cast_is_said_and_forgotten_when_it_comes(visit: Visit) -> None:
    page = await visit.open()
    await page.get_by_test_id("start-scene").click()
    await page.get_by_test_id("room").wait_for()
    await page.evaluate("() => fake.told('no_agent')")
    await expect(page.get_by_test_id("status")).to_contain_text("Aucune troupe n’est libre")
    await page.evaluate("() => fake.agentJoins({'repartee.speaker': 'roche'})")
    await expect(page.get_by_test_id("status")).to_contain_text("Antoine Roche a la parole")


async def test_successor_of_a_lost_agent_is_the_one_that_is_called(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate(
        "() => { fake.agentJoins({'lk.agent.state': 'listening'}, 'agent-2');"
        " fake.agentLeaves('agent-1'); }"
    )
    await expect(page.get_by_test_id("status")).to_contain_text("on vous écoute")
    assert await page.get_by_test_id("player-roche").get_attribute("data-state") == "listening"


async def test_reconnecting_is_said_and_taken_back(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.emit('Reconnecting')")
    await expect(page.get_by_test_id("status")).to_contain_text("On revient")
    await page.evaluate("() => fake.emit('Reconnected')")
    await expect(page.get_by_test_id("status")).to_contain_text("on vous écoute")


async def test_lost_connection_offers_the_way_back(visit: Visit, studio: Studio) -> None:
    studio.status = "live"
    page = await visit.enter()
    await page.evaluate("() => fake.drop('SERVER_SHUTDOWN')")
    await page.get_by_test_id("rejoin").click()
    await expect(page.get_by_test_id("room")).to_have_attribute("data-state", "live")
    await expect(page.get_by_test_id("lost")).to_be_hidden()


async def test_silent_browser_is_unlocked_by_a_press(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate(
        "() => { fake.canPlaybackAudio = false; fake.emit('AudioPlaybackStatusChanged'); }"
    )
    await page.get_by_test_id("sound").click()
    await expect(page.get_by_test_id("sound")).to_be_hidden()


async def test_m1_refused_microphone_leaves_typing(visit: Visit) -> None:
    await visit.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page = await visit.enter()
    await expect(page.get_by_test_id("room-hint")).to_contain_text("Écrivez")
    await expect(page.get_by_test_id("status")).to_contain_text("écrivez une réplique")


async def test_mute_and_unmute_change_the_buttons_name(visit: Visit) -> None:
    page = await visit.enter()
    mic = page.get_by_test_id("mic")
    await expect(mic).to_have_attribute("data-state", "on")
    await mic.click()
    await expect(mic).to_have_attribute("aria-label", "Ouvrir le micro")
    await mic.click()
    await expect(mic).to_have_attribute("aria-label", "Couper le micro")


_DEAD = (
    "navigator.mediaDevices.getUserMedia = async () =>"
    " new AudioContext().createMediaStreamDestination().stream"
)


async def test_m2_microphone_that_never_gives_anything_is_said(visit: Visit) -> None:
    await visit.page.add_init_script(_DEAD)
    await visit.page.clock.install()
    page = await visit.enter()
    await expect(page.get_by_test_id("mic")).to_have_attribute("data-state", "on")
    await page.evaluate(_SPEAKING)
    await page.clock.run_for(20_000)
    await expect(page.get_by_test_id("room-hint")).to_be_hidden()
    await page.evaluate("() => fake.agentSays({'repartee.speaker': ''})")
    await page.clock.run_for(20_000)
    await expect(page.get_by_test_id("room-hint")).to_contain_text("Rien ne vient")


async def test_person_who_listens_in_a_quiet_room_is_not_warned(visit: Visit) -> None:
    # A tone that the test can stop stands for a voice.
    await visit.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => {"
        " const audio = new AudioContext(), out = audio.createMediaStreamDestination();"
        " globalThis.voice = new OscillatorNode(audio); voice.connect(out); voice.start();"
        " return out.stream; }"
    )
    await visit.page.clock.install()
    page = await visit.enter()
    await expect(page.get_by_test_id("mic")).to_have_attribute("data-state", "on")
    level = "() => Number(document.querySelector('.mic').style.getPropertyValue('--level'))"
    await page.wait_for_function(f"() => ({level})() > 0.2")
    await page.evaluate("() => voice.stop()")
    await page.wait_for_function(f"() => ({level})() < 0.01")
    await page.clock.run_for(20_000)
    await expect(page.get_by_test_id("room-hint")).to_be_hidden()
    await page.evaluate(f"async () => {{ ({_DEAD}); await fake.microphone(true); }}")
    await page.clock.run_for(20_000)
    await expect(page.get_by_test_id("room-hint")).to_be_hidden()


async def test_language_switches_in_mid_scene(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.line('roche', 'Antoine Roche', 'Bonsoir.', 's1')")
    await page.get_by_test_id("language-en").click()
    await expect(page.get_by_test_id("status")).to_contain_text("they are listening")
    await expect(page.get_by_test_id("caption")).to_contain_text("Bonsoir.")


async def test_newest_line_stays_in_view_when_the_window_shrinks(visit: Visit) -> None:
    page = await visit.enter()
    await talk(page, 30)
    newest = page.get_by_test_id("caption").last
    await expect(newest).to_be_in_viewport()
    await page.set_viewport_size({"width": 390, "height": 500})
    await expect(newest).to_be_in_viewport()


async def test_newest_line_stays_in_view_when_it_shrinks_as_a_line_comes(visit: Visit) -> None:
    page = await visit.enter()
    await talk(page, 30)
    # The browser tells late of the scroll to that line, and before it tells of the new size.
    await page.evaluate(
        """() => {
          const log = document.querySelector("[data-testid=script]");
          log.style.maxHeight = "150px";
          log.dispatchEvent(new Event("scroll"));
        }"""
    )
    await expect(page.get_by_test_id("caption").last).to_be_in_viewport()


async def test_reader_who_scrolled_up_is_left_there_until_back_at_the_end(visit: Visit) -> None:
    page = await visit.enter()
    await talk(page, 30)
    newest = page.get_by_test_id("caption").last
    await page.get_by_test_id("script").hover()
    await page.mouse.wheel(0, -2000)
    await expect(page.get_by_test_id("caption").first).to_be_in_viewport()
    await talk(page, 3)
    await expect(page.get_by_test_id("caption").first).to_be_in_viewport()
    await expect(newest).not_to_be_in_viewport()
    await page.mouse.wheel(0, 4000)
    await expect(newest).to_be_in_viewport()
    await talk(page, 3)
    await expect(newest).to_be_in_viewport()


@pytest.mark.parametrize("window", [{"width": 360, "height": 640}])
async def test_phone_shows_cast_words_and_controls_at_once(
    visit: Visit, window: dict[str, int]
) -> None:
    page = await visit.open()
    await page.get_by_test_id("scene-debat-tv").click()
    await page.get_by_test_id("start-scene").click()
    await page.get_by_test_id("room").wait_for()
    for part in ("player-morel", "player-castan", "script", "type-input", "mic", "end", "clock"):
        await expect(page.get_by_test_id(part)).to_be_in_viewport()
    assert await visit.overflow_px() <= 0


async def test_end_is_asked_then_leads_to_the_transcript(visit: Visit) -> None:
    page = await visit.enter()
    await page.get_by_test_id("end").click()
    await expect(page.get_by_test_id("end")).to_have_text("Quitter")
    assert "repartee.end" in await page.evaluate("() => fake.calls")
    await page.evaluate("() => fake.drop('ROOM_DELETED')")
    turns = page.get_by_test_id("turn")
    await expect(turns).to_have_count(5)
    await expect(turns.nth(2)).to_contain_text("Antoine Roche")
    await expect(turns.nth(2)).to_contain_text("interrompu")
    await expect(turns.nth(3)).to_contain_text(_HOSTILE)


async def test_transcript_is_copied_as_text(visit: Visit) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.drop('ROOM_DELETED')")
    await page.get_by_test_id("copy").click()
    await expect(page.get_by_test_id("copy")).to_have_text("Copié")
    text = await page.evaluate("() => navigator.clipboard.readText()")
    assert text.startswith("Le débat télévisé\n\nVous: Bonsoir.")
    assert "Claire Morel: Douze pour cent, dites-vous." in text


async def test_j9_start_again_asks_for_a_fresh_token(visit: Visit, studio: Studio) -> None:
    page = await visit.enter()
    await page.evaluate("() => fake.drop('ROOM_DELETED')")
    await page.get_by_test_id("again").click()
    await page.get_by_test_id("room").wait_for()
    await expect(page.get_by_test_id("caption")).to_have_count(0)
    assert len(studio.tokens_asked) == 2
    assert all("room_name" not in asked for asked in studio.tokens_asked)


async def test_what_the_browser_heard_stands_in_for_a_lost_transcript(
    visit: Visit, studio: Studio
) -> None:
    studio.refusals["transcript"] = (500, {})
    page = await visit.enter()
    await page.evaluate("() => fake.line('roche', 'Antoine Roche', 'Et la facture ?', 's1')")
    await page.evaluate("() => fake.drop('ROOM_DELETED')")
    body = page.get_by_test_id("transcript")
    await expect(body).to_have_attribute("data-state", "local")
    await expect(body).to_contain_text("Et la facture ?")
    del studio.refusals["transcript"]
    await page.get_by_test_id("retry").click()
    await expect(page.get_by_test_id("turn")).to_have_count(5)


async def test_transcript_can_be_opened_by_its_address(visit: Visit) -> None:
    await visit.page.goto(f"{visit.url}/#past/s-1")
    await expect(visit.page.get_by_test_id("turn")).to_have_count(5)
    await visit.page.get_by_test_id("other-scenes").click()
    await visit.page.get_by_test_id("start").wait_for()
