"""Admission and closing of attempts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.core.errors import Refused
from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.books import Books
from services.llm.ledger.budgets import parse_budgets
from services.llm.ledger.till import UsedUp
from services.llm.outcome import Usage
from services.llm.ports import BudgetLine, Hold
from services.llm.prompts.prefix import PrefixWatch
from services.llm.request import Message
from services.llm.work import Accounts
from tests.fakes.booked import booked
from tests.fakes.clock import LoopClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.money import ADVANCED, CENT, CHEAP, LOCAL, ask, end, pricing, route
from tests.fakes.observer import FakeObserver
from tests.fakes.purse import FakePurse

COST = 700 * 1000 + 20 * 5000
"""Nano-USD of the answer that `end` describes, from the cheap model."""

MOST = 1050 * 1000 + 25 * 5000
"""Nano-USD that `ask` can cost at most, from the cheap model."""


class Office:
    """Books on a purse and a ledger in memory, in virtual time."""

    def __init__(
        self, setting: str = "session=0.30, day=10", start: datetime | None = None
    ) -> None:
        self.clock = LoopClock(start) if start else LoopClock()
        self.purse = FakePurse(self.clock)
        self.ledger = FakeLedger()
        self.observer = FakeObserver()
        self.prefixes = PrefixWatch()
        self.books = Books(
            purse=self.purse,
            ledger=self.ledger,
            prices=pricing(self.clock),
            plan=parse_budgets(setting),
            clock=self.clock,
            observer=self.observer,
            advanced=ADVANCED,
            prefixes=self.prefixes,
        )

    async def booked(self) -> list[LedgerEntry]:
        await self.books.flush()
        return list(await self.ledger.entries())

    async def spent(self, key: str = "session:s-1") -> int:
        line = BudgetLine(key=key, scope="", limit_nano=1)
        return (await self.purse.spent([line]))[key]


@pytest.fixture
def office() -> Office:
    return Office()


@asynccontextmanager
async def running(books: Books) -> AsyncIterator[None]:
    task = asyncio.create_task(books.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def test_books_are_the_accounts_of_an_attempt(office: Office) -> None:
    accounts: Accounts = office.books
    assert accounts.close == office.books.close


async def test_attempt_is_held_at_its_most_and_settled_at_its_cost(office: Office) -> None:
    ticket = await office.books.admit(ask(), route())
    assert await office.spent() == MOST
    entry = office.books.close(ticket, end())
    assert entry.cost_nano == COST
    assert await office.booked() == [entry]
    assert await office.spent() == await office.spent("day:2026-11-21") == COST


async def test_closing_waits_for_nobody(office: Office) -> None:
    ticket = await office.books.admit(ask(), route())
    office.purse.slow_s = office.purse.slow_s = 5.0
    before_s = office.clock.monotonic_s()
    office.books.close(ticket, end())
    assert office.clock.monotonic_s() == before_s


async def test_time_of_asking_the_purse_is_told(office: Office) -> None:
    office.purse.slow_s = 0.02
    ticket = await office.books.admit(ask(), route())
    assert ticket.reserve_s == pytest.approx(0.02)


async def test_without_budgets_no_attempt_waits_for_the_purse() -> None:
    office = Office("")
    office.purse.slow_s = 5.0
    ticket = await office.books.admit(ask(), route())
    assert (office.clock.monotonic_s(), ticket.reserve_s) == (0.0, 0.0)
    entry = office.books.close(ticket, end())
    assert await office.booked() == [entry]
    assert entry.cost_nano == COST


async def test_without_budgets_nobody_is_refused_while_the_purse_is_away() -> None:
    office = Office("")
    office.purse.away = True
    for number in range(300):
        await office.books.admit(ask(f"call-{number}"), route(ADVANCED))
    assert office.books.level(session="s-1", user="ada", scenario=None).level == 0


@pytest.mark.parametrize(("spoken", "lease_s"), [(True, 30), (False, 150)])
async def test_o8_call_without_budgets_is_booked_though_its_process_was_killed(
    spoken: bool, lease_s: int
) -> None:
    office = Office("")
    await office.books.admit(ask(spoken=spoken), route())
    await asyncio.sleep(lease_s - 1)
    assert await office.books.recover() == 0
    await asyncio.sleep(2)
    assert await office.books.recover() == 1
    (entry,) = await office.ledger.entries()
    assert (entry.role, entry.cost_nano) == (Role.LOST, 700 * 1000 + 25 * 5000)


async def test_o8_round_without_budgets_is_kept_and_what_was_not_used_of_it_is_not_booked() -> None:
    office = Office("")
    asks = [ask(f"call-{n}") for n in range(3)]
    await office.books.reserve_batch([(one, route()) for one in asks])
    used = await office.books.admit(asks[0], route())
    await office.books.admit(asks[1], route())
    office.books.close(used, end())
    office.books.release([one.call for one in asks])
    await office.books.flush()
    assert office.purse.asked.count("reserve") == 1
    await asyncio.sleep(60)
    await office.books.recover()
    roles = {entry.call: entry.role for entry in await office.ledger.entries()}
    assert roles == {"call-0": Role.SERVED, "call-1": Role.LOST}


async def test_scene_s_own_limit_is_a_budget_without_any_setting() -> None:
    office = Office("")
    with pytest.raises(Refused, match="budget:session"):
        await office.books.admit(ask(session_limit_nano=MOST - 1), route())
    await office.books.admit(ask(session_limit_nano=MOST), route())
    assert office.books.level(session="s-1", user=None, scenario=None).words_only


async def test_own_model_needs_no_money(office: Office) -> None:
    ticket = await office.books.admit(ask(), route(LOCAL))
    assert ticket.hold is None
    assert office.purse.asked == []


async def test_refused_attempt_holds_nothing_and_names_the_budget() -> None:
    office = Office("session=0.001")
    with pytest.raises(Refused, match=r"^budget:session$"):
        await office.books.admit(ask(), route())
    assert await office.spent() == 0


async def test_attempt_that_cost_more_than_was_held_is_booked_as_it_was(office: Office) -> None:
    ticket = await office.books.admit(ask(), route())
    usage = Usage(prompt_tokens=50_000, completion_tokens=20)
    entry = office.books.close(ticket, end(usage=usage))
    await office.books.flush()
    assert await office.spent() == entry.cost_nano > MOST


async def test_price_and_window_are_those_of_the_asking() -> None:
    """L10: a call over midnight is the day's in which it began."""
    office = Office("day=10", datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    ticket = await office.books.admit(ask(), route())
    await asyncio.sleep(5)
    entry = office.books.close(ticket, end())
    await office.books.flush()
    assert entry.at == datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    assert await office.spent("day:2026-11-30") == COST
    assert await office.spent("day:2026-12-01") == 0


async def test_answer_of_the_wanted_model_is_live_and_of_any_other_a_fallback(
    office: Office,
) -> None:
    """Also when the wanted one was never asked: its circuit is open, or it rests."""
    of = ask(wanted=CHEAP.id)
    first = await office.books.admit(of, route())
    second = await office.books.admit(of, route(ADVANCED))
    other = await office.books.admit(ask("call-2", wanted=CHEAP.id), route(ADVANCED))
    assert office.books.close(first, end(Role.LATE)).source == ""
    assert office.books.close(second, end()).source == "fallback"
    assert office.books.close(other, end()).source == "fallback"
    kept = await office.books.admit(ask("call-3", wanted=CHEAP.id), route())
    assert office.books.close(kept, end()).source == "live"


async def test_noted_answer_is_booked_as_it_is(office: Office) -> None:
    office.books.note(lambda: booked("hit", role=Role.CACHED, cost_nano=0, saved_nano=5))
    assert office.books.waiting == 1
    assert [entry.id for entry in await office.booked()] == ["hit"]
    assert office.observer.entries == ["hit"]


async def test_cached_prefix_is_predicted_from_what_was_sent() -> None:
    office = Office("")
    of = ask(messages=(Message("system", "Vous présidez un jury d'assises. " * 300),))
    first = await office.books.admit(of, route())
    office.books.close(first, end())
    await office.books.flush()
    second = await office.books.admit(of, route())
    assert (first.predicted_tokens, second.predicted_tokens > 1024) == (0, True)


async def test_call_the_vendor_never_took_warms_no_cache() -> None:
    office = Office("")
    of = ask(messages=(Message("system", "Vous présidez un jury d'assises. " * 300),))
    office.books.close(await office.books.admit(of, route()), end(Role.FAILED, billable=False))
    await office.books.flush()
    assert (await office.books.admit(of, route())).predicted_tokens == 0


async def test_barge_in_while_the_purse_is_asked_leaves_nothing_held(office: Office) -> None:
    office.purse.slow_s = 0.05
    task = asyncio.create_task(office.books.admit(ask(), route()))
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait({task})
    assert await office.booked() == []
    assert await office.spent() == 0
    assert office.observer.entries == []


async def test_barge_in_after_the_purse_had_held_frees_it(office: Office) -> None:
    """The reply was on its way: whoever asked is gone, and what is held must not stay."""
    reserve = office.purse.reserve

    async def late(holds: Sequence[Hold]) -> None:
        await reserve(holds)
        await asyncio.sleep(1)

    office.purse.reserve = late  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(office.books.admit(ask(), route()))
    await asyncio.sleep(0.02)
    assert await office.spent() == MOST
    task.cancel()
    await asyncio.wait({task})
    assert await office.booked() == []
    assert await office.spent() == 0
    await asyncio.sleep(300)
    assert await office.books.recover() == 0


async def test_round_is_reserved_in_one_step_and_each_attempt_finds_its_part(
    office: Office,
) -> None:
    asks = [ask(f"call-{n}") for n in range(4)]
    await office.books.reserve_batch([(one, route()) for one in asks])
    assert await office.spent() == 4 * MOST
    tickets = [await office.books.admit(one, route()) for one in asks]
    assert office.purse.asked.count("reserve") == 1
    assert len({ticket.hold.id for ticket in tickets if ticket.hold}) == 4
    for ticket in tickets:
        office.books.close(ticket, end())
    assert len(await office.booked()) == 4
    assert await office.spent() == 4 * COST


async def test_round_that_is_too_dear_is_refused_whole() -> None:
    office = Office("session=0.004")
    with pytest.raises(Refused, match="budget:session"):
        await office.books.reserve_batch([(ask(f"call-{n}"), route()) for n in range(4)])
    assert await office.spent() == 0
    await office.books.admit(ask("call-0"), route())


async def test_part_of_a_round_that_was_not_used_is_freed_and_not_booked(office: Office) -> None:
    asks = [ask(f"call-{n}") for n in range(4)]
    await office.books.reserve_batch([(one, route()) for one in asks])
    ticket = await office.books.admit(asks[0], route())
    office.books.close(ticket, end())
    office.books.release([one.call for one in asks])
    assert len(await office.booked()) == 1
    assert await office.spent() == COST


async def test_second_attempt_of_a_round_s_call_is_reserved_by_itself(office: Office) -> None:
    await office.books.reserve_batch([(ask(), route())])
    await office.books.admit(ask(), route())
    await office.books.admit(ask(), route())
    assert await office.spent() == 2 * MOST


async def test_l7_twenty_sessions_at_once_never_pass_the_day_s_budget() -> None:
    """Each makes calls until it is refused; what is booked stays below, and it is nearly all."""
    office = Office("day=0.10")

    async def session(number: int) -> int:
        made = 0
        while True:
            try:
                ticket = await office.books.admit(ask(f"{number}-{made}", session=None), route())
            except Refused:
                return made
            await asyncio.sleep(0.01)
            office.books.close(ticket, end())
            made += 1
            await asyncio.sleep(0.05)

    async with running(office.books):
        made = await asyncio.gather(*(session(number) for number in range(20)))
        await asyncio.sleep(1)
    spent = await office.spent("day:2026-11-21")
    assert spent == sum(made) * COST == sum(e.cost_nano for e in await office.ledger.entries())
    assert 10 * CENT - 20 * MOST < spent <= 10 * CENT


async def test_l15_user_with_fifty_sessions_has_one_purse() -> None:
    office = Office("user/day=0.05")
    attempts = await asyncio.gather(
        *(office.books.admit(ask(f"c-{n}", session=f"s-{n}"), route()) for n in range(50)),
        return_exceptions=True,
    )
    refused = [str(one) for one in attempts if isinstance(one, Refused)]
    assert set(refused) == {"budget:user/day"}
    assert len(attempts) - len(refused) == 5 * CENT // MOST
    await office.books.admit(ask("bob", user="bob"), route())


async def test_l15_used_up_user_is_told_until_when() -> None:
    office = Office("user/day=0.0012")
    assert await office.books.exhausted(user="ada") is None
    await office.books.admit(ask(), route())
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    assert await office.books.exhausted(user="ada") == UsedUp("user/day", midnight)
    assert await office.books.exhausted(user="bob") is None
    assert await office.books.exhausted() is None


async def test_without_budgets_nobody_is_exhausted() -> None:
    office = Office("")
    assert await office.books.exhausted(user="ada") is None
    assert office.purse.asked == []


async def test_c1_scene_goes_on_while_the_purse_is_away(office: Office) -> None:
    office.purse.away = True
    ticket = await office.books.admit(ask(), route())
    office.books.close(ticket, end())
    assert office.books.purse_away
    assert len(await office.booked()) == 1
    office.purse.away = False
    await office.books.flush()
    assert await office.spent() == COST


async def test_c1_advanced_tier_is_refused_first_and_the_cheap_one_at_the_lease_s_end() -> None:
    """A budget that was never seen counts as half used; a fifth of the rest is leased."""
    office = Office("session=0.30")
    office.purse.away = True
    leased = 3 * CENT
    fit = {ADVANCED.id: leased // 2 // (10 * MOST), CHEAP.id: (leased - 10 * MOST) // MOST}
    for spec in (ADVANCED, CHEAP):
        attempts = [office.books.admit(ask(f"c-{n}"), route(spec)) for n in range(30)]
        ends = await asyncio.gather(*attempts, return_exceptions=True)
        refused = [str(one) for one in ends if isinstance(one, Refused)]
        assert set(refused) == {"budget:away"}
        assert len(ends) - len(refused) == fit[spec.id] > 0
    assert office.books.level(session="s-1", user="ada", scenario=None).words_only
    assert (await office.books.admit(ask(), route(LOCAL))).hold is None


async def test_c1_refused_attempts_of_an_outage_leave_nothing_behind() -> None:
    """The first refusal may have been held: it is freed when the purse is back."""
    office = Office("session=0.001")
    office.purse.lose_reply = True
    with pytest.raises(Refused, match=r"budget:(session|away)"):
        await office.books.admit(ask(), route())
    assert await office.booked() == []
    assert await office.spent() == 0


async def test_c1_lost_reply_is_settled_once(office: Office) -> None:
    """The purse held it and could not say so: the attempt goes by the lease, and is one."""
    office.purse.lose_reply = True
    ticket = await office.books.admit(ask(), route())
    assert await office.spent() == MOST
    office.books.close(ticket, end())
    assert len(await office.booked()) == 1
    assert await office.spent() == COST


async def test_o8_run_books_what_a_dead_process_left() -> None:
    office = Office()
    dead = Office()
    dead.books = Books(
        purse=office.purse,
        ledger=dead.ledger,
        prices=pricing(office.clock),
        plan=parse_budgets("session=0.30"),
        clock=office.clock,
        observer=dead.observer,
    )
    await dead.books.admit(ask(), route())
    async with running(office.books):
        await asyncio.sleep(45)
    (entry,) = await office.ledger.entries()
    assert (entry.role, entry.cost_nano) == (Role.LOST, 700 * 1000 + 25 * 5000)
    assert await office.spent() == entry.cost_nano


async def test_failure_inside_one_task_does_not_end_the_others(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(now: datetime) -> None:
        raise RuntimeError("bug")

    office.purse.orphans = broken  # type: ignore[method-assign, assignment]
    async with running(office.books):
        await asyncio.sleep(1)
        office.books.close(await office.books.admit(ask(), route()), end())
        await asyncio.sleep(1)
        assert len(await office.ledger.entries()) == 1
    assert "llm.books_failed" in caplog.messages
    assert office.observer.named("books_failed")


async def test_closing_the_books_books_the_rest(office: Office) -> None:
    await office.books.reserve_batch([(ask("unused"), route())])
    office.books.close(await office.books.admit(ask(), route()), end())
    await office.books.aclose()
    assert len(await office.ledger.entries()) == 1
    assert await office.spent() == COST


async def test_closing_the_books_has_a_time_limit(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.ledger.down = True
    office.books.close(await office.books.admit(ask(), route()), end())
    await office.books.aclose(timeout_s=2.0)
    assert office.clock.monotonic_s() == pytest.approx(2.0, abs=0.2)
    assert office.books.waiting == 1
    assert "llm.books_left_open" in caplog.messages
