"""Which routes are asked, when. Times are seconds from the plan."""

import pytest

from services.llm.plan.deadline import NEVER, Kind, Plan, RouteView, plan
from services.llm.plan.quantiles import LOCAL_PRIOR, VENDOR_PRIOR, Expected
from services.llm.spec import Tier
from tests.fakes.routes import fake_route

QUICK = Expected(0.3, 0.6)
VENDORS = tuple(fake_route(f"{name}/m").route for name in ("one", "two", "three"))
LOCAL = fake_route("local/m", tier=Tier.LOCAL).route


def view(expected: Expected = VENDOR_PRIOR, **more: object) -> RouteView:
    known = {"state": "closed", "opens_in_s": 0.0, "rests_s": 0.0, "expected": expected, **more}
    return RouteView(**known)  # type: ignore[arg-type]


def planned(*views: RouteView, local: bool = False, **more: object) -> Plan:
    routes = [*VENDORS[: len(views) - local], *([LOCAL] if local else [])]
    wanted = {"deadline_s": 2.0, "spoken": True, "may_hedge": False, **more}
    return plan(routes, views, **wanted)  # type: ignore[arg-type]


def starts(made: Plan) -> list[tuple[str, str, float]]:
    return [(s.route.spec.provider, s.kind.value, round(s.start_s, 3)) for s in made.steps]


@pytest.mark.parametrize(
    ("deadline_s", "expected", "may_hedge", "second"),
    [
        (2.0, QUICK, True, ("two", "hedge", 0.6)),
        (2.0, QUICK, False, ("two", "next", 1.4)),
        (2.0, VENDOR_PRIOR, True, ("two", "hedge", 0.8)),
        (2.0, VENDOR_PRIOR, False, ("two", "next", 1.2)),
        (1.0, QUICK, True, ("two", "hedge", 0.4)),
        (1.0, QUICK, False, ("two", "next", 0.6)),
        (0.5, VENDOR_PRIOR, True, ("two", "hedge", 0.25)),
        (0.5, VENDOR_PRIOR, False, ("two", "next", 0.25)),
        (9.0, QUICK, True, ("two", "hedge", 0.6)),
        (9.0, QUICK, False, ("two", "next", 1.8)),
        (2.0, Expected(0.001, 0.002), True, ("two", "hedge", 0.1)),
        (2.0, Expected(0.001, 0.002), False, ("two", "next", 1.0)),
    ],
)
def test_f6_second_route_starts_so_that_its_words_fit(
    deadline_s: float, expected: Expected, may_hedge: bool, second: tuple[str, str, float]
) -> None:
    made = planned(view(expected), view(expected), deadline_s=deadline_s, may_hedge=may_hedge)
    assert starts(made) == [("one", "primary", 0.0), second]
    assert {step.give_up_s for step in made.steps} == {deadline_s}


def test_only_one_step_is_a_hedge_and_each_starts_after_the_one_before() -> None:
    made = planned(view(), view(), view(), may_hedge=True)
    assert [kind for _, kind, _ in starts(made)] == ["primary", "hedge", "next"]
    times = [step.start_s for step in made.steps]
    assert times == sorted(times)
    assert times[-1] < 2.0 - VENDOR_PRIOR.p50_s / 2


@pytest.mark.parametrize(
    ("expected", "start_s"),
    [(LOCAL_PRIOR, NEVER), (Expected(0.4, 0.8), 1.2), (Expected(1.2, 1.6), 0.5)],
)
def test_local_model_starts_earlier_or_only_after_a_failure(
    expected: Expected, start_s: float
) -> None:
    made = planned(view(), view(expected), local=True)
    assert starts(made)[1] == ("local", "local", start_s)


def test_route_with_an_open_circuit_is_skipped() -> None:
    made = planned(view(state="open", opens_in_s=3.0), view())
    assert starts(made) == [("two", "primary", 0.0)]
    assert made.left_out == ((VENDORS[0], "open"),)


def test_half_open_route_is_asked_in_its_turn() -> None:
    assert starts(planned(view(state="half_open"), view()))[0] == ("one", "primary", 0.0)


def test_f1_resting_route_is_skipped_and_another_asked_at_once() -> None:
    made = planned(view(rests_s=7.0), view())
    assert starts(made) == [("two", "primary", 0.0)]
    assert made.left_out == ((VENDORS[0], "resting"),)


def test_with_all_circuits_open_the_one_that_opens_first_is_asked() -> None:
    made = planned(view(state="open", opens_in_s=9.0), view(state="open", opens_in_s=2.0))
    assert starts(made) == [("two", "primary", 0.0)]
    assert made.steps[0].forced


def test_with_all_vendors_circuits_open_the_local_model_is_asked() -> None:
    opened = view(state="open", opens_in_s=1.0)
    assert starts(planned(opened, opened, view(LOCAL_PRIOR), local=True)) == [
        ("local", "local", 0.0)
    ]


@pytest.mark.parametrize(("spoken", "start_s"), [(True, None), (False, 0.5)])
def test_f1_a_rest_is_never_cut_short_and_only_waited_for_where_nobody_listens(
    spoken: bool, start_s: float | None
) -> None:
    made = planned(view(rests_s=3.0), view(rests_s=0.5), spoken=spoken)
    assert [step.not_before_s for step in made.steps] == ([] if start_s is None else [start_s])


def test_f1_rest_longer_than_the_deadline_is_not_waited_for() -> None:
    assert planned(view(rests_s=3.0), spoken=False).steps == ()


def test_unspoken_calls_ask_one_route_at_a_time_and_never_hedge() -> None:
    made = planned(view(), view(), view(), spoken=False, may_hedge=True)
    assert starts(made) == [
        ("one", "primary", 0.0),
        ("two", "next", 1.2),
        ("three", "next", 1.68),
    ]
    assert [round(step.give_up_s, 3) for step in made.steps] == [1.2, 1.68, 2.0]


def test_attempt_without_a_chance_is_too_late() -> None:
    late = planned(view(), view()).steps[1].too_late_s
    assert late == pytest.approx(2.0 - VENDOR_PRIOR.p50_s / 4)


def test_first_route_is_asked_however_short_the_time() -> None:
    assert planned(view(), deadline_s=0.05).steps[0].too_late_s == 0.05


def test_no_routes_make_no_steps() -> None:
    assert plan((), (), deadline_s=2.0, spoken=True, may_hedge=True) == Plan(steps=())


def test_local_model_alone_is_the_first_step() -> None:
    made = planned(view(LOCAL_PRIOR), local=True)
    assert [step.kind for step in made.steps] == [Kind.LOCAL]
