"""Speaking over the cast: they stop, what waited is never said, and only what was heard is kept."""

import pytest

from bench.house import House
from bench.recordings import recording
from bench.vendor import Vendor
from bench.vendor_words import answer
from tests.room._seat import LIMIT_S, Seat, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIP = recording("conf-full", "en")
"""A person's voice for 1.5 s; which words it says is the vendor's answer."""


@pytest.fixture(autouse=True)
def _fresh_vendor(stub: Vendor) -> None:
    stub.words = 24
    stub.calls.clear()


def hears(stub: Vendor, words: str) -> None:
    """What the vendor will recognise from now on, however often it is asked."""
    stub.transcripts.clear()
    stub.transcripts.extend([words] * 100)


async def speaking(seat: Seat, after_s: float = 0.0) -> str:
    """Waits until a voice that begins after that moment has been heard for a while; whose it is."""

    def voice() -> str:
        for name, heard in seat.person.heard.items():
            if len([t for t in heard.at_s if t > after_s]) >= 50:
                return name
        return ""

    return str(await seat.person.until(voice, limit_s=LIMIT_S))


async def speak_over(seat: Seat, voice: str) -> float:
    """Speaks while that voice sounds; the end of the person's speech, when it has long stopped."""
    ended_s = await seat.person.say(CLIP)
    last_s = seat.person.heard[voice].last_before(ended_s + 0.2)
    assert last_s is not None
    assert last_s < ended_s
    return ended_s


def greeting(stub: Vendor, *, words: int) -> str:
    """All that the model had written as the first line."""
    first = next(call for call in stub.calls if call.route == "chat")
    return answer(first.texts, words=words)


async def test_a_cut_silences_all_voices_and_drops_what_waited(
    vendor_house: House, stub: Vendor
) -> None:
    hears(stub, "Wait, who pays for that?")
    async with seated(vendor_house, "round") as seat:
        assert await speaking(seat) == "ada"
        stub.words = 1
        ended_s = await speak_over(seat, "ada")
        replier = (await seat.line_after(ended_s)).persona
        await seat.quiet()
        opening, own, reply = await seat.turns()
        assert [opening["speaker"], own["speaker"], reply["speaker"]] == ["ada", "learner", replier]
        assert own["text"] == "Wait, who pays for that?"
        assert (opening["cut"], reply["cut"]) == (True, False)
        assert opening["kind"] == "opening"
        assert reply["kind"] == "answer"
        whole = greeting(stub, words=24)
        assert whole.startswith(opening["text"])
        assert len(opening["text"]) < len(whole)
        assert [line.text for line in seat.person.lines()] == [opening["text"], reply["text"]]
        cut = f"[Ada Stone] {opening['text']} (interrupted)"
        assert any(cut in call.texts[-1] for call in stub.calls if call.route == "chat")
        assert seat.person.overlap_s() <= 0.04


async def test_mm_hm_lets_the_line_go_on_to_its_end(vendor_house: House, stub: Vendor) -> None:
    hears(stub, "Mm-hmm.")
    stub.words = 16
    async with seated(vendor_house, "round") as seat:
        assert await speaking(seat) == "ada"
        ended_s = await seat.person.say(CLIP)
        assert await speaking(seat, ended_s) == "ada"
        await seat.person.until(lambda: len(seat.person.lines()) == 1, limit_s=LIMIT_S)
        assert await speaking(seat, seat.person.heard["ada"].at_s[-1]) == "ben"
        (turn,) = await seat.turns()
        assert (turn["speaker"], turn["cut"]) == ("ada", False)
        assert turn["text"] == greeting(stub, words=16)
        assert all(c.persona for c in seat.person.captions)


async def test_yes_to_a_question_is_a_turn_when_nobody_speaks(
    vendor_house: House, stub: Vendor
) -> None:
    hears(stub, "Yes.")
    stub.words = 1
    async with seated(vendor_house, "duo") as seat:
        await seat.greeted()
        await seat.line_after(await seat.person.say(CLIP))
        assert [t["text"] for t in await seat.turns() if t["speaker"] == "learner"] == ["Yes."]


async def test_a_typed_line_cuts_as_a_spoken_one_does(vendor_house: House, stub: Vendor) -> None:
    async with seated(vendor_house, "round") as seat:
        assert await speaking(seat) == "ada"
        sent_s = await seat.person.write("Ben, who pays for that?")
        assert await speaking(seat, sent_s + 0.5) == "ben"
        turns = await seat.turns()
        assert [(t["speaker"], t["cut"]) for t in turns] == [("ada", True), ("learner", False)]


async def test_m3_speech_survives_a_cut_of_every_reply(vendor_house: House, stub: Vendor) -> None:
    hears(stub, "Wait, who pays for that?")
    cuts = 3
    async with seated(vendor_house, "round") as seat:
        ended_s = 0.0
        for _ in range(cuts):
            ended_s = await speak_over(seat, await speaking(seat, ended_s))
        await speaking(seat, ended_s)
        stub.words = 1
        last = await seat.reply_to("Ada, please finish.")
        assert last.persona == "ada"
        await seat.quiet()
        turns = await seat.turns()
        cast = [t for t in turns if t["speaker"] != "learner"]
        assert [t["cut"] for t in cast] == [True] * (cuts + 1) + [False]
        assert len([t for t in turns if t["speaker"] == "learner"]) == cuts + 1
        assert len({t["turn_id"] for t in turns}) == len(turns)
        assert seat.person.overlap_s() <= 0.04
