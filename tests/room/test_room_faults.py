"""The vendor fails in a real room: authored words, the machine's own ears and voices take over."""

from collections.abc import Iterator

import pytest

from bench.house import House
from bench.recordings import recording
from bench.vendor import ROUTES, Vendor
from scenarios.loader import load
from scenarios.schema import Understudy
from tests.room._seat import LIMIT_S, SCENES, Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIP = recording("conf-full", "en")


@pytest.fixture(autouse=True)
def _healed_vendor(stub: Vendor) -> Iterator[None]:
    stub.words = 1
    stub.calls.clear()
    stub.transcripts.clear()
    yield
    for route in ROUTES:
        stub.fail(route, None)


def authored(persona: str) -> Understudy:
    """The lines that the author wrote for a character of `duo`."""
    return load(SCENES / "duo" / "scenario.yaml").scenario.character(persona).understudy


async def learner_texts(seat: Seat) -> list[str]:
    return [turn["text"] for turn in await seat.turns() if turn["speaker"] == "learner"]


async def test_l3_words_that_do_not_come_are_the_authors_and_the_scene_ends_politely(
    vendor_house: House, stub: Vendor
) -> None:
    """The only vendor hangs up on everybody from the greeting to the farewell."""
    stub.fail("chat", "F5")
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        answer = await seat.reply_to("Who pays, Ben?")
        assert answer.persona == "ben"
        assert answer.text in authored("ben").lines
        assert seat.person.lines()[0].text in authored("ada").opening
        await seat.person.command("end")
        await seat.gone()
        assert seat.person.lines()[-1].text in authored("ada").closing
        told = {line.attributes["repartee.source"] for line in seat.person.lines()}
        assert told == {"understudy"}
        assert {t["source"] for t in await seat.turns() if t["speaker"] != "learner"} == told
        assert all(seat.person.heard[name].at_s for name in ("ada", "ben"))
        assert (await seat.session())["status"] == "ended"


async def test_l2_f16_an_answer_that_breaks_off_ends_with_a_sentence_and_the_vendor_is_asked_again(
    vendor_house: House, stub: Vendor
) -> None:
    """There is no other vendor to go on with it."""
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        stub.fail("chat", "F16")
        stub.words = 24
        answer = await seat.reply_to("Who pays, Ben?")
        assert answer.text.rstrip()[-1] in ".?!…"
        stub.fail("chat", None)
        stub.words = 1
        again = await seat.reply_to("And you, Ada?")
        assert (again.persona, again.attributes["repartee.source"]) == ("ada", "live")


@pytest.mark.parametrize("fault", ["F2", "F6"])
async def test_m5_the_machines_own_ears_take_over_from_deaf_ones(
    vendor_house: House, stub: Vendor, fault: str
) -> None:
    stub.fail("transcriptions", fault)
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        spoke_s = await seat.person.say(CLIP)
        answer = await seat.line_after(spoke_s)
        assert answer.persona in {"ada", "ben"}
        (text,) = await learner_texts(seat)
        assert "conference" in text.casefold()


async def test_m5_words_that_nobody_understood_make_no_turn_and_typing_works(
    vendor_house: House, stub: Vendor
) -> None:
    stub.fail("transcriptions", "EMPTY_TEXT")
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        await seat.person.say(CLIP)
        await seat.person.until(
            lambda: [c for c in stub.calls if c.route == "transcriptions"], limit_s=LIMIT_S
        )
        answer = await seat.reply_to("I would rather type, Ben.")
        assert answer.persona == "ben"
        assert await learner_texts(seat) == ["I would rather type, Ben."]


@pytest.mark.parametrize("fault", ["F4", "SILENT_AUDIO"])
async def test_m6_the_machines_own_voices_take_over_from_dumb_ones(
    vendor_house: House, stub: Vendor, fault: str
) -> None:
    stub.fail("speech", fault)
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        assert seat.person.heard["ada"].at_s
        (turn,) = await seat.turns()
        assert turn["text"] == seat.person.lines()[0].text
        assert turn["source"] == "live"


async def test_m6_a_voice_that_dies_inside_a_line_leaves_its_words_and_the_next_line_sounds(
    vendor_house: House, stub: Vendor
) -> None:
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        stub.fail("speech", "F16", times=1)
        broken = await seat.reply_to("Who pays, Ben?")
        assert broken.persona == "ben"
        assert seat.person.heard["ben"].at_s
        await seat.quiet()
        sent_s = await seat.person.write("And you, Ada?")
        answer = await seat.line_after(sent_s)
        assert seat.person.heard["ada"].after(sent_s)
        said = [turn["text"] for turn in await seat.cast_turns(3)]
        assert said[1:] == [broken.text, answer.text]
