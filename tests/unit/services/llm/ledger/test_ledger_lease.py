"""What a process may spend alone while the purse is away."""

from services.llm.ledger.lease import LocalLease
from services.llm.ports import BudgetLine
from tests.fakes.money import CENT

SESSION = BudgetLine(key="session:s-1", scope="session", limit_nano=100 * CENT)
USER = BudgetLine(key="user:ada:2026-11-21", scope="user/day", limit_nano=1000 * CENT)
DAY = BudgetLine(key="day:2026-11-21", scope="day", limit_nano=10_000 * CENT)
FRESH = {SESSION.key: 0.0, USER.key: 0.0, DAY.key: 0.0}


def room(line: BudgetLine, share: float | None, *, advanced: bool = False) -> int:
    """How many cents go through, one by one."""
    lease, shares = LocalLease(), {} if share is None else {line.key: share}
    taken = 0
    while lease.take([line], CENT, shares=shares, advanced=advanced) is None:
        taken += 1
    return taken


def test_lease_is_a_part_of_what_was_left_when_last_seen() -> None:
    assert room(SESSION, 0.0) == 20
    assert room(SESSION, 0.5) == 10
    assert room(USER, 0.5) == 50
    assert room(DAY, 0.5) == 100


def test_nothing_left_gives_no_lease() -> None:
    assert room(SESSION, 1.0) == 0
    assert room(SESSION, 1.4) == 0


def test_budget_never_seen_counts_as_half_used() -> None:
    assert room(SESSION, None) == room(SESSION, 0.5)


def test_advanced_tier_is_the_first_to_be_refused() -> None:
    lease = LocalLease()
    while lease.take([SESSION], CENT, shares=FRESH, advanced=True) is None:
        pass
    assert lease.take([SESSION], CENT, shares=FRESH, advanced=False) is None
    assert room(SESSION, 0.0, advanced=True) == room(SESSION, 0.0) // 2


def test_refusal_names_the_budget_and_takes_from_none() -> None:
    lease = LocalLease()
    assert lease.take([DAY, SESSION], 21 * CENT, shares=FRESH, advanced=False) == "session"
    assert lease.used([DAY, SESSION]) == 0.0


def test_what_was_not_needed_can_be_taken_again() -> None:
    lease = LocalLease()
    assert lease.take([SESSION], 20 * CENT, shares=FRESH, advanced=False) is None
    assert lease.used([SESSION]) == 1.0
    lease.correct([SESSION], -15 * CENT)
    assert lease.used([SESSION]) == 0.25
    assert lease.take([SESSION], 15 * CENT, shares=FRESH, advanced=False) is None


def test_grant_does_not_grow_while_it_lasts() -> None:
    lease = LocalLease()
    lease.take([SESSION], 20 * CENT, shares={SESSION.key: 0.0}, advanced=False)
    assert lease.take([SESSION], CENT, shares={SESSION.key: 0.0}, advanced=False) == "session"
    lease.clear()
    assert lease.take([SESSION], CENT, shares={SESSION.key: 0.0}, advanced=False) is None
