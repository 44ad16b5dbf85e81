"""What is the real breaker's own: rates over a window, and a wait that grows."""

import pytest

from services.llm.plan.breaker import CircuitBreaker, Limits
from services.llm.ports import Verdict
from tests.fakes.clock import FakeClock


def told(*verdicts: Verdict, limits: Limits | None = None) -> CircuitBreaker:
    breaker = CircuitBreaker(FakeClock(), limits)
    for verdict in verdicts:
        breaker.report(verdict)
    return breaker


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        (["success", "failure"] * 2, "open"),
        (["success", "success", "failure"] * 4, "closed"),
        (["failure", *["success"] * 9, *["failure"] * 7], "closed"),
        (["success", "slow"] * 5, "closed"),
        (["success", "slow", "slow"] * 3, "open"),
        (["failure", "slow", "success", "slow"], "open"),
    ],
)
def test_l1_rates_decide_not_a_run_of_failures(verdicts: list[Verdict], state: str) -> None:
    assert told(*verdicts).state == state


def test_calls_older_than_a_minute_do_not_count() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock)
    for _ in range(3):
        breaker.report("failure")
    clock.advance(60.0)
    breaker.report("failure")
    assert breaker.state == "closed"


def test_wait_doubles_with_each_failed_probe_up_to_a_minute() -> None:
    clock = FakeClock()
    breaker = CircuitBreaker(clock)
    waits = []
    for _ in range(4):
        breaker.report("failure")
    for _ in range(6):
        waits.append(breaker.opens_in_s())
        clock.advance(breaker.opens_in_s())
        assert breaker.admit()
        breaker.report("failure")
    assert waits == [5, 10, 20, 40, 60, 60]
