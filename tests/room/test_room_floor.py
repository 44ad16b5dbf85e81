"""Who has the floor: the first who is ready, the one who was cut off, and nobody for too long."""

from collections.abc import Iterator

import pytest

from agents.manager.phrases import phrases_for
from bench.house import House
from bench.vendor import Delays, Vendor
from tests.room._seat import LIMIT_S, Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEVER = Delays(first_token_s=120.0)
ATTEMPTS = 5
"""Ben comes back with a chance of 0.85 at least, each time that he is cut off."""


@pytest.fixture(autouse=True)
def _fresh_vendor(stub: Vendor) -> Iterator[None]:
    stub.words = 1
    stub.calls.clear()
    stub.transcripts.clear()
    yield
    stub.pace.clear()
    stub.fail("chat", None)


async def cut_off(seat: Seat, stub: Vendor) -> str:
    """Ben is cut off in his answer, by words that are for nobody; the answer to them."""
    stub.words = 24
    asked_s = await seat.person.write("Ben, what will it cost?")
    heard = seat.person.heard["ben"]
    await seat.person.until(
        lambda: len([at for at in heard.at_s if at > asked_s]) >= 60, limit_s=LIMIT_S
    )
    stub.words = 1
    answer = await seat.line_after(await seat.person.write("I have another idea altogether."))
    await seat.quiet()
    return answer.text if answer.persona == "ben" else ""


async def test_who_was_cut_off_takes_the_floor_back_with_a_word_on_it(
    vendor_house: House, stub: Vendor
) -> None:
    async with seated(vendor_house, "podium") as seat:
        await seat.greeted(4)
        lead_ins = phrases_for("en").spoken["reclaim"]
        for _ in range(ATTEMPTS):
            said = await cut_off(seat, stub)
            if said.startswith(lead_ins):
                break
        *_, cut, own, back = await seat.turns()
        assert [cut["speaker"], own["speaker"], back["speaker"]] == ["ben", "learner", "ben"]
        assert (cut["cut"], back["cut"]) == (True, False)
        assert back["text"].startswith(lead_ins)
        assert seat.person.overlap_s() <= 0.04


async def test_whoever_is_ready_first_opens_where_the_author_allows(
    vendor_house: House, stub: Vendor
) -> None:
    stub.pace["Deliberate, and in no hurry."] = NEVER
    async with seated(vendor_house, "podium") as seat:
        await seat.greeted(4)
        speakers = [line.persona for line in seat.person.lines()]
        assert speakers[0] != "ada"
        assert sorted(speakers) == ["ada", "ben", "cleo", "dora"]


async def test_l6_of_a_round_in_order_a_slow_one_has_an_authored_line(
    vendor_house: House, stub: Vendor
) -> None:
    stub.pace["Careful with numbers."] = NEVER
    async with seated(vendor_house, "round") as seat:
        await seat.greeted(3)
        lines = {one.persona: one for one in seat.person.lines()}
        assert list(lines) == ["ada", "ben", "cleo"]
        assert lines["ben"].text == "Good morning from me."
        sources = {name: one.attributes["repartee.source"] for name, one in lines.items()}
        assert (sources["ada"], sources["cleo"]) == ("live", "live")
        assert sources["ben"] != "live"


async def test_l6_of_four_first_lines_one_that_fails_holds_up_none(
    vendor_house: House, stub: Vendor
) -> None:
    stub.fail("chat", "F2", times=1)
    async with seated(vendor_house, "podium") as seat:
        await seat.greeted(4)
        lines = seat.person.lines()
        assert sorted(one.persona for one in lines) == ["ada", "ben", "cleo", "dora"]
        assert [one.attributes["repartee.source"] for one in lines].count("live") >= 3
