"""The purse as a call sees it: shares, glide, alert, outage."""

import logging
from datetime import timedelta

import pytest

from services.core.errors import BackendError, Refused
from services.llm.ledger.till import Till, UsedUp
from services.llm.ports import BudgetLine, Hold
from tests.fakes.booked import NOON, booked
from tests.fakes.clock import FakeClock
from tests.fakes.money import CENT
from tests.fakes.observer import FakeObserver
from tests.fakes.purse import FakePurse

SESSION = BudgetLine(key="session:s-1", scope="session", limit_nano=100 * CENT)
DAY = BudgetLine(
    key="day:2026-11-21", scope="day", limit_nano=1000 * CENT, ends_at=NOON + timedelta(hours=12)
)
LINES = (SESSION, DAY)


class Counter:
    """A till on a purse in memory."""

    def __init__(self) -> None:
        self.purse = FakePurse(FakeClock(NOON))
        self.observer = FakeObserver()
        self.till = Till(self.purse, self.observer)


@pytest.fixture
def at() -> Counter:
    return Counter()


def hold(id: str, cents: int, lines: tuple[BudgetLine, ...] = LINES) -> Hold:
    return Hold(
        id=id,
        lines=lines,
        amount_nano=cents * CENT,
        draft=booked(id),
        expires_at=NOON + timedelta(seconds=120),
    )


async def test_denial_is_refused_with_the_budget_s_scope(at: Counter) -> None:
    with pytest.raises(Refused, match=r"^budget:session$"):
        await at.till.reserve([hold("a", 101)])
    assert at.observer.named("budget_refused") == [{"scope": "session"}]


async def test_level_follows_the_fullest_budget_of_the_call(at: Counter) -> None:
    assert at.till.level(LINES).level == 0
    await at.till.reserve([hold("a", 86)])
    assert at.till.level(LINES).level == 2
    assert at.till.level((DAY,)).level == 0
    await at.till.settle(hold("a", 86), booked("a", cost_nano=10 * CENT))
    assert at.till.level(LINES).level == 0


async def test_alert_comes_once_at_80_percent_and_names_no_person(
    at: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    await at.till.reserve([hold("a", 79)])
    assert at.observer.named("budget_alert") == []
    await at.till.reserve([hold("b", 1)])
    await at.till.reserve([hold("c", 1)])
    await at.till.settle(hold("c", 1), booked("c", cost_nano=0))
    await at.till.reserve([hold("d", 5)])
    assert at.observer.named("budget_alert") == [{"scope": "session"}]
    (record,) = [one for one in caplog.records if one.message == "llm.budget_alert"]
    assert (record.levelno, record.__dict__["scope"]) == (logging.WARNING, "session")
    assert "s-1" not in str(record.__dict__)


async def test_alert_is_told_by_the_process_that_made_the_step(at: Counter) -> None:
    other = FakeObserver()
    await Till(at.purse, other).reserve([hold("a", 90)])
    await at.till.reserve([hold("b", 1)])
    assert other.named("budget_alert") == [{"scope": "session"}]
    assert at.observer.named("budget_alert") == []


async def test_full_budget_is_looked_at_again_since_nobody_asks_for_it(at: Counter) -> None:
    """Another process settled; this one would else ask no model for ever."""
    await at.till.reserve([hold("a", 96)])
    assert at.till.level(LINES).words_only
    await at.purse.settle(hold("a", 96), booked("a", cost_nano=CENT))
    await at.till.refresh(NOON)
    assert at.till.level(LINES).level == 0


async def test_budget_with_money_left_is_not_looked_at(at: Counter) -> None:
    await at.till.reserve([hold("a", 10)])
    await at.till.refresh(NOON)
    assert "spent" not in at.purse.asked


async def test_l10_window_that_is_over_is_forgotten(at: Counter) -> None:
    await at.till.reserve([hold("a", 990, (DAY,))])
    assert at.till.level((DAY,)).words_only
    await at.till.refresh(NOON + timedelta(hours=13))
    assert at.till.level((DAY,)).level == 0


async def test_purse_away_is_told_once_and_so_is_its_return(at: Counter) -> None:
    at.purse.away = True
    for id in "ab":
        with pytest.raises(BackendError):
            await at.till.reserve([hold(id, 1)])
    assert at.till.away
    at.purse.away = False
    await at.till.reserve([hold("c", 1)])
    await at.till.reserve([hold("d", 1)])
    assert not at.till.away
    assert [name for name, _ in at.observer.events] == ["purse_away", "purse_back"]


async def test_c1_glide_of_an_outage_goes_by_the_local_lease(at: Counter) -> None:
    """Of 100 cents 20 are leased; the advanced tier ends at half of them."""
    await at.till.reserve([hold("known", 0)])
    at.purse.away = True
    await at.till.settle(hold("known", 0), booked("known", cost_nano=0))
    assert at.till.level((SESSION,)).level == 0
    at.till.lease(hold("a", 10, (SESSION,)), advanced=True)
    assert at.till.level((SESSION,)).cheap_only
    with pytest.raises(Refused, match=r"^budget:away$"):
        at.till.lease(hold("b", 1, (SESSION,)), advanced=True)
    at.till.lease(hold("c", 10, (SESSION,)), advanced=False)
    assert at.till.level((SESSION,)).words_only
    with pytest.raises(Refused, match=r"^budget:away$"):
        at.till.lease(hold("d", 1, (SESSION,)), advanced=False)


async def test_c1_lease_counts_what_attempts_really_cost(at: Counter) -> None:
    at.purse.away = True
    with pytest.raises(BackendError):
        await at.till.reserve([hold("a", 10)])
    at.till.lease(hold("a", 10, (SESSION,)), advanced=False)
    with pytest.raises(Refused):
        at.till.lease(hold("b", 10, (SESSION,)), advanced=False)
    at.till.spend(hold("a", 10, (SESSION,)), CENT)
    at.till.lease(hold("c", 9, (SESSION,)), advanced=False)


async def test_c1_outage_ends_though_nobody_may_ask(at: Counter) -> None:
    await at.till.reserve([hold("a", 1)])
    at.purse.away = True
    await at.till.settle(hold("a", 1), booked("a"))
    await at.till.refresh(NOON)
    assert at.till.away
    at.purse.away = False
    await at.till.refresh(NOON)
    assert not at.till.away


async def test_used_up_budget_is_named_with_the_end_of_its_window(at: Counter) -> None:
    assert await at.till.used_up(LINES) is None
    await at.till.reserve([hold("a", 950, (DAY,))])
    assert await at.till.used_up(LINES) == UsedUp("day", DAY.ends_at)
    at.purse.away = True
    assert await at.till.used_up(LINES) is None


async def test_process_of_many_sessions_forgets_the_oldest(at: Counter) -> None:
    for number in range(4200):
        line = BudgetLine(key=f"session:{number}", scope="session", limit_nano=CENT)
        await at.till.reserve([hold(f"h-{number}", 1, (line,))])
    assert (
        at.till.level((BudgetLine(key="session:0", scope="session", limit_nano=CENT),)).level == 0
    )
    assert at.till.level((line,)).level == 3
