"""Long turns by sound: a monologue in pieces, French that is slow, and French said into a story."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bench.house import House
from bench.person import Caption
from bench.recordings import recording
from bench.vendor import Vendor
from tests.room._seat import LIMIT_S, Seat, seated
from tests.room._sounds import said_in_french, spoken

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAUSE_S = 0.85
"""Longer than most people pause inside a sentence: most of the cast would answer."""

ENDLESS = ("all-circuits-busy-now", "check-number-dial-again", "conf-hasjoin", "confbridge-locked")
"""Sentences without a pause, as those speak who fear to be interrupted."""

PIECE = "And the harbour is a long story, you see"
REST = "I was not done."
ASKED = "Lise, racontez-moi l'histoire."


@dataclass(frozen=True, slots=True, kw_only=True)
class Oration:
    """What was left of a monologue: the turns behind the greeting, and what a page was shown."""

    turns: list[dict[str, Any]]
    captions: list[Caption]
    state: dict[str, Any]
    cut_in_time: bool


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def oration(vendor_house: House, stub: Vendor) -> AsyncIterator["asyncio.Task[Oration]"]:
    """Somebody who speaks beyond the chair's 40 s, while the other tests of this file go on."""
    stub.words = 12
    hears(stub, PIECE)
    speaking = asyncio.create_task(_oration(vendor_house, stub))
    yield speaking
    speaking.cancel()
    await asyncio.gather(speaking, return_exceptions=True)


async def _oration(house: House, stub: Vendor) -> Oration:
    async with seated(house, "oration") as seat:
        person = seat.person
        await seat.greeted()
        known = len(person.lines())
        talking = asyncio.create_task(person.say(spoken(*ENDLESS * 7)))
        await person.until(
            lambda: person.attribute("repartee.speaker") or talking.done(), limit_s=2 * LIMIT_S
        )
        in_time = not talking.done()
        hears(stub, REST)
        await talking
        await person.until(lambda: len(person.lines()) >= known + 2, limit_s=LIMIT_S)
        await seat.quiet()
        return Oration(
            turns=(await seat.turns())[known:],
            captions=list(person.captions),
            state=await person.command("state"),
            cut_in_time=in_time,
        )


def hears(stub: Vendor, words: str) -> None:
    """What the vendor will recognise from now on, however often it is asked."""
    stub.transcripts.clear()
    stub.transcripts.extend([words] * 100)


async def own_words(seat: Seat) -> list[str]:
    return [turn["text"] for turn in await seat.turns() if turn["speaker"] == "learner"]


async def heard_on(seat: Seat, voice: str, after_s: float, frames: int = 25) -> None:
    """Waits until that voice has been heard for half a second after that moment."""
    heard = seat.person.heard[voice]
    await seat.person.until(
        lambda: len([at for at in heard.at_s if at > after_s]) >= frames, limit_s=LIMIT_S
    )


async def test_who_speaks_french_slowly_is_waited_for_once_their_pauses_are_known(
    house: House,
) -> None:
    async with seated(house, "veillee") as seat:
        await seat.greeted()
        slow = spoken("conf-full", "conf-extended", "conf-onlyone", language="fr", pause_s=PAUSE_S)
        await seat.line_after(await seat.person.say(slow))
        await seat.quiet(1.0)
        known = len(await own_words(seat))
        await seat.line_after(await seat.person.say(slow))
        (last,) = (await own_words(seat))[known:]
        for words in ("pleine", "prolong", "participant"):
            assert words in last.casefold()


async def test_oui_and_d_accord_leave_a_story_alone_and_a_sentence_ends_it(house: House) -> None:
    listening = [await said_in_french(words) for words in ("Oui, oui.", "D'accord.")]
    async with seated(house, "veillee") as seat:
        person = seat.person
        await seat.greeted()
        asked_s = await person.write(ASKED)
        await person.until(lambda: person.attribute("repartee.speaker") == "lise", limit_s=LIMIT_S)
        await heard_on(seat, "lise", asked_s)
        begun = person.captions[-1].text
        for sound in listening:
            await heard_on(seat, "lise", await person.say(sound), frames=50)
        assert await own_words(seat) == [ASKED]
        (story,) = [c for c in person.captions if c.opened_s > asked_s and c.persona]
        assert not story.closed
        cut_s = await person.say(recording("conf-full", "fr"))
        await seat.line_after(cut_s)
        turns = await seat.turns()
        own = [turn["text"] for turn in turns if turn["speaker"] == "learner"]
        assert (own[0], len(own)) == (ASKED, 2)
        assert "conférence" in own[1].casefold()
        (told,) = [turn for turn in turns if turn["text"].startswith("Tout commence")]
        assert (told["speaker"], told["cut"]) == ("lise", True)
        assert len(told["text"]) > len(begun)
        assert "je ne le crois" not in told["text"]
        assert person.overlap_s() <= 0.04


async def test_m2_a_monologue_is_heard_in_pieces_cut_by_the_clock_and_goes_on_as_a_turn(
    oration: "asyncio.Task[Oration]",
) -> None:
    one = await oration
    assert one.cut_in_time
    assert [(turn["speaker"], turn["kind"]) for turn in one.turns[:2]] == [
        ("learner", "learner"),
        ("ada", "cut_in"),
    ]
    said = one.turns[0]["text"]
    assert said.count(PIECE) >= 2
    assert not said.replace(PIECE, "").strip()
    later = " ".join(turn["text"] for turn in one.turns[2:] if turn["kind"] == "learner")
    assert later
    assert not later.replace(REST, "").strip()
    assert said in [c.text for c in one.captions if not c.persona and c.closed]
    assert (one.state["turns"] >= 2, one.state["ended"]) == (True, False)
