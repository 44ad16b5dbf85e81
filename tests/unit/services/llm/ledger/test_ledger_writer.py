"""Booking behind the calls' backs, and what becomes of entries when purse or ledger is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from services.core.errors import BackendError
from services.llm.entry import LedgerEntry
from services.llm.ledger import writer as writing
from services.llm.ledger.spool import Spool
from services.llm.ledger.till import Till
from services.llm.ledger.waiting import Booking, Prompt
from services.llm.ledger.writer import Writer
from services.llm.ports import BudgetLine, Hold
from services.llm.prompts.prefix import PrefixWatch
from services.llm.request import Message
from tests.fakes.booked import booked
from tests.fakes.clock import LoopClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.money import CENT
from tests.fakes.observer import FakeObserver
from tests.fakes.purse import FakePurse

LINE = BudgetLine(key="global", scope="global", limit_nano=10_000 * CENT)


class Ledger(FakeLedger):
    """Counts batches; refuses the entries of `poison`."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.poison: set[str] = set()
        self.tries = 0

    async def add(self, entries: Sequence[LedgerEntry]) -> None:
        self.tries += 1
        if self.poison & {entry.id for entry in entries}:
            raise BackendError("no ledger takes it", retryable=False, code="ledger_entry")
        await super().add(entries)
        self.batches.append(len(entries))


class Desk:
    """A writer on a purse and a ledger in memory, in virtual time."""

    def __init__(self, spool: Path | None = None, purse: FakePurse | None = None) -> None:
        self.clock = LoopClock()
        self.purse = purse or FakePurse(self.clock)
        self.ledger = Ledger()
        self.observer = FakeObserver()
        self.prefixes = PrefixWatch()
        self.writer = Writer(
            till=Till(self.purse, self.observer),
            ledger=self.ledger,
            clock=self.clock,
            observer=self.observer,
            prefixes=self.prefixes,
            spool=Spool(spool) if spool else None,
        )

    def hold(self, id: str) -> Hold:
        return Hold(
            id=id,
            lines=(LINE,),
            amount_nano=10 * CENT,
            draft=booked(id, cost_nano=9 * CENT),
            expires_at=self.clock.now() + timedelta(seconds=120),
        )

    async def put(self, id: str, *, cost_nano: int = CENT) -> None:
        hold = self.hold(id)
        with contextlib.suppress(BackendError):
            await self.purse.reserve([hold])
        self.writer.put(Booking(booked(id, cost_nano=cost_nano), hold))

    async def ids(self) -> set[str]:
        return {entry.id for entry in await self.ledger.entries()}

    async def spent(self) -> int:
        return (await self.purse.spent([LINE]))["global"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def running(writer: Writer) -> AsyncIterator[None]:
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_entry_is_settled_booked_and_forgotten_by_the_purse(desk: Desk) -> None:
    async with running(desk.writer):
        await desk.put("a")
        await asyncio.sleep(0.1)
    assert await desk.ids() == {"a"}
    assert await desk.spent() == CENT
    assert desk.purse.asked[:4] == ["reserve", "settle", "booked", "spent"]
    assert desk.writer.waiting == 0


async def test_entries_that_come_together_are_booked_together(desk: Desk) -> None:
    async with running(desk.writer):
        for number in range(250):
            desk.writer.put(Booking(booked(f"e-{number}")))
        await asyncio.sleep(0.1)
    assert desk.ledger.batches == [100, 100, 50]


async def test_every_entry_is_told_to_the_observer_once(desk: Desk) -> None:
    desk.ledger.down = True
    await desk.put("a")
    await desk.writer.flush()
    desk.ledger.down = False
    await desk.writer.flush()
    assert desk.observer.entries == ["a"]


async def test_prompt_that_a_vendor_read_is_expected_in_its_cache(desk: Desk) -> None:
    messages = (Message("system", "Vous présidez un jury. " * 400),)
    desk.writer.put(Booking(booked("a"), prompt=Prompt("stub/cheap", messages, 0.0)))
    assert desk.prefixes.predicted("stub/cheap", messages, 1.0) == 0
    await desk.writer.flush()
    assert desk.prefixes.predicted("stub/cheap", messages, 1.0) > 1024


async def test_o4_ledger_away_keeps_entries_and_alarms_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(desk.writer):
        desk.ledger.down = True
        await desk.put("a")
        await asyncio.sleep(5)
        await desk.put("b")
        await asyncio.sleep(5)
        assert desk.writer.waiting == 2
        desk.ledger.down = False
        await asyncio.sleep(10)
    assert await desk.ids() == {"a", "b"}
    assert [name for name, _ in desk.observer.events] == ["ledger_away", "ledger_back"]
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == [
        "llm.ledger_away"
    ]


async def test_o4_ledger_away_is_asked_less_and_less_often(desk: Desk) -> None:
    desk.ledger.down = True
    async with running(desk.writer):
        await desk.put("a")
        await asyncio.sleep(60)
    assert 10 <= desk.ledger.tries <= 20


async def test_o4_entries_beyond_the_bound_wait_in_the_purse(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 5)
    desk.ledger.down = True
    for number in range(8):
        await desk.put(f"e-{number}")
        await desk.writer.flush()
    assert desk.writer.waiting == 5
    assert desk.observer.named("ledger_dropped") == []
    desk.ledger.down = False
    await desk.writer.flush()
    await asyncio.sleep(20)
    assert await desk.writer.recover() == 3
    assert await desk.ids() == {f"e-{number}" for number in range(8)}


async def test_o4_entry_that_nothing_keeps_is_told_when_it_is_let_go(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 2)
    for id in "abc":
        desk.writer.put(Booking(booked(id)))
    await desk.writer.flush()
    assert await desk.ids() == {"b", "c"}
    assert desk.observer.named("ledger_dropped") == [{}]
    assert "llm.ledger_dropped" in caplog.messages


async def test_entry_that_no_ledger_takes_does_not_stop_the_others(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.ledger.poison = {"b"}
    for id in "abc":
        await desk.put(id)
    assert await desk.writer.flush()
    assert await desk.ids() == {"a", "c"}
    assert desk.observer.named("ledger_refused") == [{}]
    assert "llm.entry_refused" in caplog.messages
    await asyncio.sleep(60)
    assert await desk.writer.recover() == 0


async def test_c1_purse_away_does_not_keep_entries_from_the_ledger(desk: Desk) -> None:
    desk.purse.away = True
    await desk.put("a", cost_nano=3 * CENT)
    assert not await desk.writer.flush()
    assert await desk.ids() == {"a"}
    assert desk.writer.waiting == 1


async def test_c1_what_was_spent_in_an_outage_is_settled_after_it(desk: Desk) -> None:
    async with running(desk.writer):
        desk.purse.away = True
        for id in "abc":
            await desk.put(id, cost_nano=3 * CENT)
        await asyncio.sleep(30)
        desk.purse.away = False
        await asyncio.sleep(10)
    assert await desk.spent() == 9 * CENT
    assert desk.writer.waiting == 0


async def test_c1_purse_that_is_away_is_asked_once_a_round(desk: Desk) -> None:
    desk.purse.away = True
    for number in range(50):
        await desk.put(f"e-{number}")
    desk.purse.asked.clear()
    await desk.writer.flush()
    assert desk.purse.asked == ["settle"]


async def test_reply_that_was_lost_does_not_charge_twice(desk: Desk) -> None:
    await desk.put("a")
    desk.purse.lose_reply = True
    assert not await desk.writer.flush()
    assert await desk.writer.flush()
    assert await desk.spent() == CENT


async def test_o8_orphans_are_booked_and_told(desk: Desk) -> None:
    await desk.purse.reserve([desk.hold("dead")])
    assert await desk.writer.recover() == 0
    await asyncio.sleep(121)
    assert await desk.writer.recover() == 1
    assert await desk.ids() == {"dead"}
    assert await desk.spent() == 9 * CENT
    assert desk.observer.entries == ["dead"]
    await asyncio.sleep(60)
    assert await desk.writer.recover() == 0


async def test_o8_orphans_wait_for_a_ledger_that_is_away(desk: Desk) -> None:
    await desk.purse.reserve([desk.hold("dead")])
    await asyncio.sleep(121)
    desk.ledger.down = True
    assert await desk.writer.recover() == 0
    desk.ledger.down = False
    await asyncio.sleep(31)
    assert await desk.writer.recover() == 1


async def test_own_entry_that_waits_is_not_told_twice(desk: Desk) -> None:
    desk.ledger.down = True
    await desk.put("a")
    await desk.writer.flush()
    await asyncio.sleep(20)
    desk.ledger.down = False
    await desk.writer.recover()
    assert desk.observer.entries == ["a"]


async def test_c1_what_an_ended_process_could_not_settle_a_later_one_settles_once(
    tmp_path: Path,
) -> None:
    first = Desk(tmp_path)
    await first.put("held", cost_nano=CENT)
    first.purse.away = True
    for id in "abc":
        await first.put(id, cost_nano=3 * CENT)
    await first.writer.aclose(timeout_s=3)
    assert first.clock.monotonic_s() == 0, "it waited for a purse that it knew to be away"
    assert await first.ids() == {"held", "a", "b", "c"}
    later = Desk(tmp_path, first.purse)
    assert await later.writer.recover() == 0
    first.purse.away = False
    assert await later.writer.recover() == 4
    assert await later.spent() == 10 * CENT
    assert Spool(tmp_path).files() == []
    assert await later.writer.recover() == 0
    assert later.observer.entries == [], "the first process has counted them"


async def test_attempt_of_an_outage_that_was_not_made_is_freed_by_a_later_process(
    tmp_path: Path,
) -> None:
    first = Desk(tmp_path)
    hold = first.hold("a")
    await first.purse.reserve([hold])
    first.purse.away = True
    first.writer.put(Booking(booked("a", cost_nano=0), hold, void=True))
    await first.writer.aclose(timeout_s=3)
    first.purse.away = False
    later = Desk(tmp_path, first.purse)
    await later.writer.recover()
    await asyncio.sleep(300)
    await later.writer.recover()
    assert await later.spent() == 0
    assert await later.ids() == set()


async def test_o4_what_the_ledger_did_not_take_before_the_end_a_later_process_books(
    tmp_path: Path,
) -> None:
    first = Desk(tmp_path)
    first.ledger.down = True
    first.writer.put_row(lambda: booked("cached"))
    await first.put("paid")
    await first.writer.aclose(timeout_s=3)
    later = Desk(tmp_path, first.purse)
    await later.writer.recover()
    assert await later.ids() == {"cached"}
    await asyncio.sleep(20)
    await later.writer.recover()
    assert await later.ids() == {"cached", "paid"}
    assert await later.spent() == CENT


async def test_c1_file_is_shortened_by_what_was_settled_of_it(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.purse.away = True
    for id in "abc":
        await first.put(id)
    await first.writer.aclose(timeout_s=3)
    first.purse.away = False
    later = Desk(tmp_path, first.purse)
    settle, settled = first.purse.settle, list[str]()

    async def once(hold: Hold, entry: LedgerEntry) -> Mapping[str, float]:
        if settled:
            raise BackendError("away again", code="redis")
        settled.append(hold.id)
        return await settle(hold, entry)

    first.purse.settle = once  # type: ignore[method-assign]
    assert await later.writer.recover() == 1
    (file,) = Spool(tmp_path).files()
    assert {b.entry.id for b in Spool(tmp_path).read(file)} == {*"abc"} - {*settled}


async def test_o4_entries_beyond_the_bound_are_left_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 10)
    desk = Desk(tmp_path)
    desk.purse.away = desk.ledger.down = True
    for number in range(12):
        await desk.put(f"e-{number}")
    await desk.writer.flush()
    assert desk.writer.waiting == 9
    assert desk.observer.named("ledger_dropped") == []
    desk.purse.away = desk.ledger.down = False
    await desk.writer.flush()
    assert await desk.writer.recover() == 3
    assert await desk.ids() == {f"e-{number}" for number in range(12)}
    assert await desk.spent() == 12 * CENT


async def test_spool_that_cannot_be_used_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    desk = Desk(tmp_path / "file" / "folder")
    desk.purse.away = True
    await desk.put("a")
    await desk.writer.aclose(timeout_s=1)
    assert {"llm.spool_failed", "llm.books_left_open"} <= {*caplog.messages}
    assert await desk.ids() == {"a"}
