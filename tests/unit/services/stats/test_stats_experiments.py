"""How experiments are told: what was judged, how sure it is, whether the split can be trusted."""

from datetime import timedelta
from typing import Any

from services.llm.entry import LedgerEntry, Role
from services.llm.experiments.design import Experiment
from services.llm.experiments.running import Experiments
from services.llm.spec import Tier
from services.stats.experiments import ExperimentStats
from services.stats.stats import Stats
from services.stats.views import ExperimentView, LlmStats, VariantView
from tests.fakes.booked import NOON, booked
from tests.fakes.clock import FakeClock
from tests.fakes.experiments import CONTROL_MODEL, NOVA_MODEL, experiment
from tests.fakes.ledger import FakeLedger
from tests.fakes.observer import FakeObserver
from tests.fakes.results import FakeResults
from tests.fakes.routes import fake_route
from tests.fakes.stats import FakeHealthBoard, FakeTotals

AN_HOUR_AGO = NOON - timedelta(hours=1)


def house(ledger: FakeLedger, *designs: Experiment, clock: FakeClock | None = None) -> Stats:
    """The stats of a house that runs those experiments."""
    clock, results = clock or FakeClock(NOON), FakeResults(ledger)
    luna, nova = fake_route(CONTROL_MODEL), fake_route(NOVA_MODEL)
    experiments = Experiments(
        designs or (experiment(),),
        chains={Tier.CHEAP: (luna.route,)},
        models={one.id: one.route for one in (luna, nova)},
        results=results,
        clock=clock,
        observer=FakeObserver(),
    )
    told = ExperimentStats(experiments, results, clock)
    return Stats(FakeTotals(ledger), FakeHealthBoard(), clock=clock, experiments=told)


def answers(variant: str, good: int, bad: int = 0, **fields: Any) -> list[LedgerEntry]:
    """Answers of as many sessions; the bad ones came from another model."""
    model = "nova" if variant == "nova" else "luna"
    known = {"variant": f"luna-nova/{variant}", "at": AN_HOUR_AGO, "provider": "openai"} | fields
    return [
        booked(
            f"{variant}-{n}",
            session=f"{variant}-{n}",
            model=model if n < good else "other",
            source="live" if n < good else "fallback",
            **known,
        )
        for n in range(good + bad)
    ]


async def told(*entries: LedgerEntry) -> tuple[ExperimentView, dict[str, VariantView]]:
    ledger = FakeLedger()
    await ledger.add(entries)
    found = (await house(ledger).llm()).experiments
    assert found is not None
    (one,) = found
    return one, {arm.name: arm for arm in one.variants}


async def test_before_the_first_call_nothing_is_said_of_either() -> None:
    one, arms = await told()
    assert (one.state, one.sample_ratio_p, one.sample_ratio_fits) == ("running", None, None)
    for arm in arms.values():
        assert (arm.calls, arm.success_rate, arm.difference_low) == (0, None, None)
    assert (arms["nova"].model, arms["control"].model) == (NOVA_MODEL, CONTROL_MODEL)


async def test_answers_of_other_models_are_failures_and_not_in_the_times() -> None:
    one, arms = await told(*answers("control", 95, 5), *answers("nova", 93, 7, first_token_s=0.4))
    assert (arms["nova"].calls, arms["nova"].succeeded) == (100, 93)
    assert arms["nova"].success_rate == 0.93
    assert arms["nova"].first_token.count == 93
    low, high = arms["nova"].difference_low, arms["nova"].difference_high
    assert low is not None
    assert high is not None
    assert low < -0.02 < high
    assert arms["control"].difference_low is None
    assert (one.state, one.sample_ratio_p, one.sample_ratio_fits) == ("running", 1.0, True)


async def test_trusted_split_is_told_from_one_that_is_not() -> None:
    one, _ = await told(*answers("control", 60), *answers("nova", 40))
    assert one.sample_ratio_fits is True
    one, arms = await told(*answers("control", 70), *answers("nova", 30))
    assert one.sample_ratio_p is not None
    assert one.sample_ratio_p < 0.001
    assert one.sample_ratio_fits is False
    assert (arms["control"].sessions, arms["nova"].sessions) == (70, 30)


async def test_l13_stopped_experiment_says_when_and_for_whom() -> None:
    one, arms = await told(*answers("control", 100), *answers("nova", 50, 50))
    assert (one.state, one.stopped_for) == ("stopped", "nova")
    assert one.stopped_at == AN_HOUR_AGO + timedelta(minutes=10)
    assert arms["nova"].difference_high is not None
    assert arms["nova"].difference_high < 0


async def test_money_of_an_arm_holds_its_failed_attempts() -> None:
    failed = {"role": Role.FAILED, "calls": 0, "source": "", "cost_nano": 7}
    _, arms = await told(
        *answers("nova", 2, cost_nano=10),
        booked("x", variant="luna-nova/nova", at=AN_HOUR_AGO, **failed),
    )
    assert (arms["nova"].cost_nano, arms["nova"].calls) == (27, 2)


async def test_arms_are_summed_once_a_minute() -> None:
    ledger, clock = FakeLedger(), FakeClock(NOON)
    stats = house(ledger, clock=clock)
    counts = []
    for n, wait_s in enumerate((0, 59, 1)):
        clock.advance(wait_s)
        await ledger.add([booked(f"a-{n}", session=f"a-{n}", variant="luna-nova/nova")])
        found = (await stats.llm()).experiments
        assert found is not None
        counts.append(found[0].variants[1].sessions)
    assert counts == [1, 1, 3]


async def test_house_without_experiments_tells_none() -> None:
    ledger = FakeLedger()
    stats = Stats(FakeTotals(ledger), FakeHealthBoard(), clock=FakeClock(NOON))
    assert (await stats.llm()).experiments == ()


async def test_stats_with_experiments_and_a_forecast_are_ready_for_json() -> None:
    ledger = FakeLedger()
    days = [NOON - timedelta(days=n) for n in range(20)]
    await ledger.add([booked(f"d-{n}", at=at, cost_nano=10**9) for n, at in enumerate(days)])
    await ledger.add(answers("nova", 3))
    found = await house(ledger).llm()
    assert LlmStats.model_validate_json(found.model_dump_json()) == found
    assert (found.forecast.method, found.forecast.days) == ("season", 19)
    assert (found.forecast.month_nano, found.forecast.month) == (29_000_109_260, "$29.00")
    assert [day.cost for day in found.forecast.coming] == ["$1.00"] * 7


async def test_l14_forecast_of_a_new_house_is_unknown_and_not_zero() -> None:
    ledger = FakeLedger()
    await ledger.add([booked("a", at=NOON)])
    found = (await house(ledger).llm()).forecast
    assert (found.method, found.month_nano, found.month, found.coming) == (
        "unknown",
        None,
        None,
        (),
    )
