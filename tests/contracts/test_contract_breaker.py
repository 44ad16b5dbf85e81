"""What every Breaker does: the fake, and the one that stands before each route."""

from collections.abc import Callable

import pytest

from services.llm.plan.breaker import CircuitBreaker
from services.llm.ports import Breaker, Verdict
from tests.fakes.breaker import FakeBreaker
from tests.fakes.clock import FakeClock

Make = Callable[[FakeClock], Breaker]


@pytest.fixture(params=["fake", "real"])
def make(request: pytest.FixtureRequest) -> Make:
    return FakeBreaker if request.param == "fake" else CircuitBreaker


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def called(breaker: Breaker, verdict: Verdict, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.admit()
        breaker.report(verdict)


def opened(make: Make, clock: FakeClock) -> Breaker:
    breaker = make(clock)
    called(breaker, "failure", 4)
    return breaker


def test_it_begins_closed_and_admits(make: Make, clock: FakeClock) -> None:
    breaker = make(clock)
    assert (breaker.state, breaker.opens_in_s()) == ("closed", 0.0)
    assert all(breaker.admit() for _ in range(5))


@pytest.mark.parametrize("verdict", ["failure", "slow"])
def test_l1_failures_or_slow_calls_open_it(make: Make, clock: FakeClock, verdict: Verdict) -> None:
    breaker = make(clock)
    called(breaker, verdict, 4)
    assert breaker.state == "open"
    assert breaker.opens_in_s() > 0
    assert not breaker.admit()


def test_three_failures_do_not_open_it(make: Make, clock: FakeClock) -> None:
    breaker = make(clock)
    called(breaker, "failure", 3)
    assert breaker.state == "closed"


def test_neutral_calls_neither_open_nor_close_it(make: Make, clock: FakeClock) -> None:
    breaker = make(clock)
    called(breaker, "failure", 3)
    called(breaker, "neutral", 50)
    assert breaker.admit(), "still closed"
    breaker.report("failure")
    assert breaker.state == "open"


def test_half_open_lets_one_probe_through(make: Make, clock: FakeClock) -> None:
    breaker = opened(make, clock)
    clock.advance(breaker.opens_in_s())
    assert breaker.state == "half_open"
    assert [breaker.admit() for _ in range(50)].count(True) == 1
    assert breaker.state == "half_open"


def test_l1_probe_that_succeeds_closes_it(make: Make, clock: FakeClock) -> None:
    breaker = opened(make, clock)
    clock.advance(breaker.opens_in_s())
    called(breaker, "success")
    assert breaker.state == "closed"
    called(breaker, "failure", 3)
    assert breaker.state == "closed", "what was before is forgotten"


@pytest.mark.parametrize("verdict", ["failure", "slow"])
def test_probe_that_fails_opens_it_again(make: Make, clock: FakeClock, verdict: Verdict) -> None:
    breaker = opened(make, clock)
    clock.advance(breaker.opens_in_s())
    called(breaker, verdict)
    assert breaker.state == "open"
    assert breaker.opens_in_s() >= 5.0


def test_cancelled_probe_frees_its_place(make: Make, clock: FakeClock) -> None:
    breaker = opened(make, clock)
    clock.advance(breaker.opens_in_s())
    called(breaker, "neutral")
    assert breaker.state == "half_open"
    assert breaker.admit()


def test_report_of_a_call_from_before_changes_nothing_while_open(
    make: Make, clock: FakeClock
) -> None:
    breaker = opened(make, clock)
    left_s = breaker.opens_in_s()
    breaker.report("success")
    assert (breaker.state, breaker.opens_in_s()) == ("open", left_s)
