"""A cast that is good company: it cuts in on endless speakers, and listens."""

import asyncio

import pytest

from bench.house import House
from bench.person import Person
from bench.vendor import Vendor
from tests.room._seat import LIMIT_S, seated
from tests.room._sounds import spoken

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEASURED_S = 0.04
"""Two frames: below it an overlap is the clock's grain."""


@pytest.fixture(autouse=True)
def _fresh_vendor(stub: Vendor) -> None:
    stub.words = 1
    stub.calls.clear()
    stub.transcripts.clear()


ENDLESS = ("all-circuits-busy-now", "check-number-dial-again", "conf-hasjoin", "confbridge-locked")
"""Sentences without a pause, as those speak who fear to be interrupted."""

FIRST = "And the harbour is a long story, you see"


def hears(stub: Vendor, words: str) -> None:
    """What the vendor will recognise from now on, however often it is asked."""
    stub.transcripts.clear()
    stub.transcripts.extend([words] * 100)


def voices_over(person: Person, began_s: float, ended_s: float) -> list[str]:
    """Tracks that were heard between these moments."""
    return [n for n, one in person.heard.items() if any(began_s < t < ended_s for t in one.at_s)]


async def test_who_goes_on_without_an_end_is_cut_in_on_and_heard_again(
    vendor_house: House, stub: Vendor
) -> None:
    stub.words = 12
    hears(stub, FIRST)
    async with seated(vendor_house, "forum") as seat:
        await seat.greeted()
        known = len(seat.person.lines())
        endless = spoken(*ENDLESS * 3)
        talking = asyncio.create_task(seat.person.say(endless))
        await seat.person.until(lambda: seat.person.attribute("repartee.speaker"), limit_s=LIMIT_S)
        assert not talking.done()
        hears(stub, "I was not done.")
        await talking
        await seat.person.until(lambda: len(seat.person.lines()) >= known + 2, limit_s=LIMIT_S)
        turns = (await seat.turns())[known:]
        assert [turn["kind"] for turn in turns[:2]] == ["learner", "cut_in"]
        assert turns[0]["text"] == FIRST
        assert turns[1]["speaker"] == "ada"
        later = " ".join(turn["text"] for turn in turns[2:] if turn["kind"] == "learner")
        assert later
        assert not later.replace("I was not done.", "").strip()  # once for each piece heard
        assert FIRST in [c.text for c in seat.person.captions if not c.persona and c.closed]


async def test_a_listeners_reaction_is_heard_on_its_own_track_and_over_nobody(
    house: House,
) -> None:
    async with seated(house, "forum") as seat:
        person = seat.person
        await seat.greeted()
        await asyncio.sleep(2.0)  # reactions are voiced while nobody speaks
        for _ in range(4):
            await seat.reply_to("Ada, tell me the story.")
            await seat.quiet()
            if seat.events("reaction"):
                break
        reactions = seat.events("reaction")
        assert reactions
        assert {one["persona"] for one in reactions} <= {"ben", "cleo"}
        assert all(set(one) == {"persona", "moment"} for one in reactions)
        assert person.overlap_s() <= MEASURED_S
        silent = {"ben", "cleo"} - {line.persona for line in person.lines()}
        reacted = {one["persona"] for one in reactions}
        assert {n for n in silent if person.heard[n].at_s} == silent & reacted
        assert all(turn["kind"] != "reaction" for turn in await seat.turns())
        assert {c.persona for c in person.captions if c.persona} == {
            turn["speaker"] for turn in await seat.turns() if turn["speaker"] != "learner"
        }


async def test_a_reaction_is_hushed_when_the_person_speaks(house: House) -> None:
    async with seated(house, "forum") as seat:
        person = seat.person
        await seat.greeted()
        await asyncio.sleep(2.0)
        asking = asyncio.create_task(seat.reply_to("Ada, tell me the story."))
        await person.until(lambda: person.attribute("repartee.speaker") == "ada", limit_s=LIMIT_S)
        ended_s = await person.say(spoken(*ENDLESS[:2]))  # no longer than the chair allows
        assert voices_over(person, ended_s - 0.5, ended_s) == []
        await asking
