"""What a process knows of its routes, and who may hedge."""

import asyncio

import pytest

from services.llm.plan.health import RouteHealth
from services.llm.plan.hedging import HedgeBudget
from tests.fakes.breaker import FakeBreaker
from tests.fakes.clock import FakeClock
from tests.fakes.routes import fake_route

SPEC = fake_route().route.spec


class Counted:
    """Events that were told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def event(self, name: str, **labels: str) -> None:
        self.events.append((name, labels["route"]))


def failed(health: RouteHealth, times: int) -> None:
    for _ in range(times):
        leave = health.enter(SPEC)
        assert leave is not None
        leave.report("failure")


def test_l1_circuit_that_opens_and_closes_is_counted_once_each() -> None:
    clock, counted = FakeClock(), Counted()
    health = RouteHealth(clock, counts=counted)
    failed(health, 4)
    assert health.enter(SPEC) is None
    clock.advance(5.0)
    probe = health.enter(SPEC)
    assert probe is not None
    assert health.enter(SPEC) is None
    probe.report("success")
    assert counted.events == [("breaker_open", "one/m"), ("breaker_close", "one/m")]


def test_call_from_before_the_circuit_opened_does_not_decide_the_probe() -> None:
    clock = FakeClock()
    health = RouteHealth(clock, breaker=lambda: FakeBreaker(clock))
    early = health.enter(SPEC)
    failed(health, 4)
    clock.advance(5.0)
    probe = health.enter(SPEC)
    assert early is not None
    assert probe is not None
    early.report("success")
    assert health.view(SPEC).state == "half_open"
    probe.report("failure")
    assert health.view(SPEC).state == "open"


def test_leave_is_reported_once() -> None:
    health = RouteHealth(FakeClock())
    leave = health.enter(SPEC)
    assert leave is not None
    for _ in range(9):
        leave.report("failure")
    assert health.snapshot()[0].failures == 1


def test_forced_call_goes_while_the_circuit_is_open_and_leaves_it_alone() -> None:
    health = RouteHealth(FakeClock())
    failed(health, 4)
    forced = health.enter(SPEC, forced=True)
    assert forced is not None
    forced.report("success")
    assert health.view(SPEC).state == "open"


def test_f1_rest_ends_by_itself_and_a_shorter_one_does_not_shorten_it() -> None:
    clock = FakeClock()
    health = RouteHealth(clock)
    health.rest(SPEC, 7.0)
    health.rest(SPEC, 1.0)
    assert health.view(SPEC).rests_s == 7.0
    clock.advance(7.0)
    assert health.view(SPEC).rests_s == 0.0


def test_snapshot_tells_every_route_s_state() -> None:
    health = RouteHealth(FakeClock())
    failed(health, 4)
    health.view(fake_route("a/m").route.spec)
    first, second = health.snapshot()
    assert (first.route, first.state, first.calls) == ("a/m", "closed", 0)
    assert (second.route, second.state, second.calls, second.failures) == ("one/m", "open", 4, 4)
    assert second.opens_in_s == 5.0


def test_wait_that_was_given_up_is_news_only_beyond_the_median() -> None:
    health = RouteHealth(FakeClock())
    health.took(SPEC, 0.4, at_least=True)
    health.took(SPEC, 0.9, at_least=True)
    assert health.snapshot()[0].samples == 1


@pytest.mark.parametrize("every_s", [1.0, 15.0, 29.0, 31.0])
def test_hedges_are_a_twentieth_of_the_calls_and_of_the_money_at_any_time(every_s: float) -> None:
    budget, hedged, spent_nano, extra_nano = HedgeBudget(), 0, 0, 0
    for call in range(400):
        allowed = budget.allows(call * every_s)
        if allowed:
            budget.began()
        hedged += allowed
        spent_nano += 1000
        extra_nano += 1000 * allowed
        assert 20 * hedged <= call + 1
        assert 20 * extra_nano <= spent_nano
        budget.ended(
            call * every_s,
            hedged=allowed,
            spent_nano=1000 + 1000 * allowed,
            extra_nano=1000 * allowed,
        )
    assert (hedged >= 10) == (every_s < 30), "calls half a minute apart are never twenty"


def calls(budget: HedgeBudget, count: int, *, now_s: float = 0.0) -> None:
    for _ in range(count):
        budget.ended(now_s, hedged=False, spent_nano=1000, extra_nano=0)


def hedge(budget: HedgeBudget, extra_nano: int, *, now_s: float = 0.0) -> None:
    budget.began()
    budget.ended(now_s, hedged=True, spent_nano=1000 + extra_nano, extra_nano=extra_nano)


def test_session_of_fewer_than_twenty_calls_has_no_hedge() -> None:
    budget = HedgeBudget()
    calls(budget, 19)
    assert not budget.allows(0.0)
    calls(budget, 1)
    assert budget.allows(0.0)


def test_hedges_that_cost_too_much_are_refused() -> None:
    budget = HedgeBudget()
    hedge(budget, 6000)
    calls(budget, 99)
    assert not budget.allows(0.0)


def test_hedges_under_way_count() -> None:
    budget = HedgeBudget()
    calls(budget, 20)
    budget.began()
    assert not budget.allows(0.0)


def test_hedges_of_more_than_ten_minutes_ago_are_forgotten() -> None:
    budget = HedgeBudget()
    hedge(budget, 1000)
    calls(budget, 20, now_s=1.0)
    assert not budget.allows(599.0)
    assert budget.allows(600.0)


async def test_closing_ends_streams_that_are_still_being_closed() -> None:
    health = RouteHealth(FakeClock())
    ended: list[str] = []

    async def closing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("closed")

    health.nursery.start(closing())
    await asyncio.sleep(0)
    await health.aclose()
    assert ended == ["closed"]
    assert len(health.nursery) == 0


@pytest.mark.parametrize("seconds", [0.2, 0.9])
def test_slow_call_is_never_one_under_a_second(seconds: float) -> None:
    health = RouteHealth(FakeClock())
    for _ in range(20):
        health.took(SPEC, seconds)
    assert health.slow_s(SPEC) == max(1.0, 2 * seconds)
