"""Every fault of a vendor in turn, in a real room: the scene never falls silent, and what the
vendors bill is what was booked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.person import Caption
from scenarios.loader import load
from tests.bills import assert_bills_are_booked, assert_estimated
from tests.room._rivals import Rivals, rivals
from tests.room._seat import LIMIT_S, SCENES, Seat, exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEFORE_WORDS = {"F1", "F2", "F3", "F5", "F6", "F8", "F11", "F13"}
"""Rows in which no useful word of the faulty vendor comes in time: the next one's are heard."""

AFTER_WORDS = {"F7", "F9", "F16"}
"""Rows in which it stops in mid-answer, and the next one goes on."""

SERVED_BY = {**dict.fromkeys(BEFORE_WORDS | AFTER_WORDS, "fallback"), "F14": "understudy"}

ALONE = (
    *("F15", "F10", "F14", "F12", "F13", "F2", "F3", "F5", "F9", "F11", None, "F6", "F8", None),
    *("F16", "F7", "F1"),
)
"""The rows of the table F, so that no circuit opens before its turn; None is a healthy one."""

BOTH = ("F15", "F12", "F14", "F13", "F16", "F9", "F7", "F2", "F3", "F5", "F11", "F6", "F8", "F1")


UNHURRIED_S = 0.4
"""Between a line and the next turn: who types faster than a person can is not heard (M10)."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rivals]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.vendor_words._CHARS_SPOKEN_PER_S", 50.0)
        async with rivals(tmp_path_factory.mktemp("rivals")) as opened:
            yield opened


def authored() -> set[str]:
    """Every line that the author wrote for an answer in `duo`."""
    scene = load(SCENES / "duo" / "scenario.yaml").scenario
    return {line for one in scene.cast for line in one.understudy.lines}


async def answered(seat: Seat, number: int) -> Caption:
    """Types a turn; the caption of the answer, once that is whole and was heard."""
    name = ("Ada", "Ben")[number % 2]
    await asyncio.sleep(UNHURRIED_S)
    sent_s = await seat.person.write(f"Point {number} of the harbour plan, {name}?")
    line = await seat.line_after(sent_s)
    assert line.persona == name.lower()
    heard = seat.person.heard[line.persona]
    await seat.person.until(lambda: heard.after(line.opened_s - 0.2), limit_s=LIMIT_S)
    return line


def source(line: Caption) -> str:
    return line.attributes["repartee.source"]


def assert_spoken(line: Caption, fault: str | None) -> None:
    """Words of a sentence that has an end, and nothing raw."""
    assert any(char.isalpha() for char in line.text), fault
    assert line.text.rstrip()[-1] in ".?!…", (fault, line.text)
    assert not {"{", "}", "oops", "speaker:"} & set(line.text.split()), (fault, line.text)


async def test_f1_to_f16_faults_of_the_first_vendor_leave_no_turn_without_an_audible_line(
    pair: Rivals,
) -> None:
    """All in one scene; every attempt is booked as it was billed, or as an estimate of it."""
    pair.first.calls.clear()
    async with seated(pair.house, "duo") as seat:
        await seat.greeted()
        for number, fault in enumerate(ALONE):
            pair.first.fail("chat", fault)
            line = await answered(seat, number)
            assert_spoken(line, fault)
            told = {call.fault for call in pair.first.calls if call.route == "chat"}
            assert fault in told, "its circuit was closed when its turn came"
            assert source(line) == SERVED_BY.get(fault or "", "live"), (fault, line.text)
        room = seat.ticket.room
    await assert_booked(pair, room)


async def test_f1_to_f16_faults_of_both_vendors_leave_no_turn_without_an_audible_line(
    pair: Rivals,
) -> None:
    for stub in (pair.first, pair.second):
        stub.calls.clear()
        stub.retry_after_s = 0.2
    async with seated(pair.house, "duo") as seat:
        await seat.greeted()
        for number, fault in enumerate(BOTH):
            for stub in (pair.first, pair.second):
                stub.fail("chat", fault)
            line = await answered(seat, number)
            assert_spoken(line, fault)
            if fault in BEFORE_WORDS - {"F8"}:  # of a drip the first word may be in time
                assert source(line) == "understudy", (fault, line.text)
                assert line.text in authored()
        room = seat.ticket.room
    await assert_booked(pair, room)


async def test_f4_addresses_that_refuse_leave_no_turn_without_an_audible_line(
    pair: Rivals,
) -> None:
    """The first vendor is gone, with its voices; then the second too. Its house's last test."""
    for stub in (pair.first, pair.second):
        stub.calls.clear()
    async with seated(pair.house, "duo") as seat:
        await seat.greeted()
        await pair.shut[0]()
        heard = [await answered(seat, number) for number in range(2)]
        assert [source(line) for line in heard] == ["fallback"] * 2
        await pair.shut[1]()
        heard = [await answered(seat, number) for number in range(2, 4)]
        assert [source(line) for line in heard] == ["understudy"] * 2
        assert {line.text for line in heard} <= authored()
        room = seat.ticket.room
    await assert_booked(pair, room)


async def assert_booked(pair: Rivals, room: str) -> None:
    """Bills, ledger and `GET /api/llm/stats` agree, once the scene's job has ended."""
    for stub in (pair.first, pair.second):
        stub.fail("chat", None)
    await exited(pair.house, room)
    await pair.settled()
    entries = await pair.entries(room)
    stubs = (pair.first, pair.second)
    rest = assert_bills_are_booked(entries, *stubs)
    resets = sum(call.fault == "F5" for stub in stubs for call in stub.calls)
    assert_estimated(rest, reset=resets)
    found = await pair.house.call("GET", "/api/llm/stats?window=all")
    every = await pair.entries()
    assert found["counterfactual"]["spent_nano"] == sum(entry.cost_nano for entry in every)
    assert found["calls"] == sum(entry.calls for entry in every)
