"""Equal calls at once: one is made, all hear it whole, and nobody's leaving harms the others."""

import asyncio
from collections.abc import Callable

import pytest

from services.llm.cache.flights import Flights, Seat
from services.llm.work import Made
from tests.fakes.work import FakeWork

KEY = "llm:cache:00:m:t"


class Maker:
    """Makes the works that were given, in order, and counts."""

    def __init__(self, *works: FakeWork) -> None:
        self.works = works
        self.count = 0

    def __call__(self) -> FakeWork:
        self.count += 1
        return self.works[self.count - 1]


async def heard(seat: Seat) -> str:
    """All that the seat hears; then it is left."""
    try:
        return "".join([piece async for piece in seat])
    finally:
        await seat.leave()


async def test_c4_fifty_equal_calls_make_one_work_and_all_hear_it() -> None:
    flights, make = Flights(), Maker(FakeWork("Bonsoir", " à", " tous."))
    seats = [flights.board(KEY, make) for _ in range(50)]
    assert await asyncio.gather(*map(heard, seats)) == ["Bonsoir à tous."] * 50
    assert make.count == 1
    assert [seat.first for seat in seats] == [True] + [False] * 49
    assert all(seat.made.complete for seat in seats)


async def test_who_boards_late_hears_it_from_the_start() -> None:
    flights, make = Flights(), Maker(FakeWork("Bon", "soir", "."))
    early = asyncio.create_task(heard(flights.board(KEY, make)))
    await asyncio.sleep(0.25)
    assert await heard(flights.board(KEY, make)) == "Bonsoir."
    assert await early == "Bonsoir."
    assert make.count == 1


async def test_pieces_come_when_they_are_made_not_at_the_end() -> None:
    seat = Flights().board(KEY, Maker(FakeWork("a", "b")))
    times = [asyncio.get_running_loop().time() async for _ in seat]
    assert times == [pytest.approx(0.1), pytest.approx(0.2)]
    await seat.leave()


@pytest.mark.parametrize("key", [KEY, None])
async def test_other_keys_and_no_key_make_their_own(key: str | None) -> None:
    flights, make = Flights(), Maker(FakeWork("a"), FakeWork("b"))
    seats = [flights.board(key, make), flights.board(None, make)]
    assert await asyncio.gather(*map(heard, seats)) == ["a", "b"]
    assert all(seat.first for seat in seats)


async def test_trap_5_cancelling_the_first_harms_no_other() -> None:
    flights, work = Flights(), FakeWork("Bon", "soir", ".")
    make = Maker(work)
    first = asyncio.create_task(heard(flights.board(KEY, make)))
    second = asyncio.create_task(heard(flights.board(KEY, make)))
    await asyncio.sleep(0.15)
    first.cancel()
    assert await second == "Bonsoir."
    assert work.ended == "done"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_trap_5_the_last_to_leave_ends_the_work_and_waits_for_its_end() -> None:
    flights, work = Flights(), FakeWork("Bon", "soir", hangs=True, closing_s=3)
    one, other = flights.board(KEY, Maker(work)), flights.board(KEY, Maker())
    await asyncio.sleep(0.15)
    await one.leave()
    assert work.ended is None
    await other.leave()
    assert work.ended == "cancelled"
    assert other.made.text == "Bon"
    assert not other.made.complete


async def test_leaving_twice_leaves_once() -> None:
    flights, work = Flights(), FakeWork("a", "b", "c")
    one, other = flights.board(KEY, Maker(work)), flights.board(KEY, Maker())
    await one.leave()
    await one.leave()
    assert await heard(other) == "abc"
    await other.leave()


async def test_cancelled_leaver_does_not_cut_the_works_end_short() -> None:
    flights, work = Flights(), FakeWork("a", hangs=True, closing_s=5)
    seat = flights.board(KEY, Maker(work))
    await asyncio.sleep(0.2)
    leaving = asyncio.create_task(seat.leave())
    await asyncio.sleep(1)
    leaving.cancel()
    await asyncio.sleep(1)
    assert work.ended is None
    await seat.leave()
    assert work.ended == "cancelled"


async def test_after_leaving_a_seat_hears_nothing() -> None:
    flights = Flights()
    seat, other = flights.board(KEY, Maker(FakeWork("a", "b"))), flights.board(KEY, Maker())
    await asyncio.sleep(0.15)
    await seat.leave()
    assert [piece async for piece in seat] == []
    assert await heard(other) == "ab"


async def test_flight_that_is_being_ended_takes_nobody_aboard() -> None:
    flights, make = Flights(), Maker(FakeWork("a", hangs=True, closing_s=1), FakeWork("b"))
    seat = flights.board(KEY, make)
    await asyncio.sleep(0.2)
    leaving = asyncio.create_task(seat.leave())
    await asyncio.sleep(0.1)
    assert await heard(flights.board(KEY, make)) == "b"
    await leaving


async def test_after_the_end_the_key_is_free() -> None:
    flights, make = Flights(), Maker(FakeWork("a"), FakeWork("b"))
    assert await heard(flights.board(KEY, make)) == "a"
    assert await heard(flights.board(KEY, make)) == "b"


async def test_c4_answer_is_handed_over_before_an_equal_call_can_start() -> None:
    flights, make = Flights(), Maker(FakeWork("a"), FakeWork("b"))
    kept: list[Made] = []

    async def ask() -> str:
        while not kept:
            seat = flights.board(KEY, make, landed=kept.append)
            await heard(seat)
        return kept[0].text

    assert set(await asyncio.gather(ask(), ask())) == {"a"}
    assert make.count == 1
    assert len(kept) == 1


async def test_answer_is_handed_over_even_when_the_first_has_left() -> None:
    flights, make = Flights(), Maker(FakeWork("a", "b"))
    kept: list[Made] = []
    first = flights.board(KEY, make, landed=kept.append)
    second = flights.board(KEY, make)
    await first.leave()
    await heard(second)
    assert [made.text for made in kept] == ["ab"]


async def test_aborted_answer_is_not_handed_over() -> None:
    flights, make = Flights(), Maker(FakeWork("a", hangs=True))
    kept: list[Made] = []
    seat = flights.board(KEY, make, landed=kept.append)
    await asyncio.sleep(0.2)
    await seat.leave()
    assert kept == []


async def test_failure_of_a_work_reaches_all_and_frees_the_key() -> None:
    flights, make = Flights(), Maker(FakeWork("a", error=ValueError("boom")), FakeWork("b"))
    tasks = [asyncio.create_task(heard(flights.board(KEY, make))) for _ in range(3)]
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [ValueError] * 3
    assert await heard(flights.board(KEY, make)) == "b"


async def test_failure_comes_after_the_pieces_before_it() -> None:
    seat = Flights().board(KEY, Maker(FakeWork("a", error=ValueError("boom"))))
    assert await anext(seat) == "a"
    with pytest.raises(ValueError, match="boom"):
        await anext(seat)
    await seat.leave()


async def test_work_that_cannot_be_made_leaves_nothing_behind() -> None:
    flights = Flights()

    def broken() -> FakeWork:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        flights.board(KEY, broken)
    assert await heard(flights.board(KEY, Maker(FakeWork("a")))) == "a"


async def test_closing_ends_all_that_fly() -> None:
    works = [FakeWork("a", hangs=True, closing_s=1) for _ in range(3)]
    flights = Flights()
    makers: list[Callable[[], FakeWork]] = [Maker(work) for work in works]
    seats = [flights.board(None, make) for make in makers]
    await asyncio.sleep(0.2)
    await flights.aclose()
    assert [work.ended for work in works] == ["cancelled"] * 3
    assert [await heard(seat) for seat in seats] == ["a"] * 3
    await flights.aclose()
