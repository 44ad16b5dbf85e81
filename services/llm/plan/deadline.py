"""Which routes are asked, in what order and when, so that words are there by the deadline.

Pure: from what each route lately took, and whether it is worth asking, to steps. A step's time is
when it starts if those before it are silent; when they have failed it starts at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.llm.plan.breaker import State
from services.llm.plan.quantiles import Expected
from services.llm.ports import Route
from services.llm.spec import Tier

MOST_ATTEMPTS = 4
"""Of one call, continuations and hedges included. The last one is the local model's, if it may be
asked: it still stands when every vendor is away."""

NEVER = float("inf")
"""The time of a step that starts only when those before it have failed."""

_FAIR_SHARE = 0.6
"""Of the time that is left, what a silent route is given before the next one starts."""

_PATIENCE, _LEAST_PATIENCE_S = 3.0, 1.0
"""A spoken turn leaves a route that is silent for so many times its p95, deadline or not."""

_LEAST_HEDGE_S = 0.1
"""A route is not late sooner, however quick it was lately."""

_HOPELESS = 0.25
"""Less time than this share of a route's p50 is not worth an attempt."""


class Kind(StrEnum):
    """Why a step is there. A hedge is started beside a route that is not late yet."""

    PRIMARY = "primary"
    HEDGE = "hedge"
    NEXT = "next"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """What is known of a route now. `rests_s` is left of a rest that its vendor asked for."""

    state: State
    opens_in_s: float
    rests_s: float
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One attempt to come; seconds from the moment of the plan.

    A silent attempt is given up at `give_up_s`; it is not begun before `not_before_s`, nor after
    `too_late_s`. `forced` asks a route whose circuit is open, because every other one is worse.
    """

    route: Route
    kind: Kind
    start_s: float
    give_up_s: float
    too_late_s: float
    not_before_s: float = 0.0
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps in order; and the routes that are left out, each with the reason."""

    steps: tuple[Step, ...]
    left_out: tuple[tuple[Route, str], ...] = ()


def plan(
    routes: Sequence[Route],
    views: Sequence[RouteView],
    *,
    deadline_s: float,
    spoken: bool,
    may_hedge: bool,
) -> Plan:
    """The steps of a call that has `deadline_s` left to its first useful words.

    `routes` are in order of preference, `views` beside them. Spoken turns start a second route
    while the first is still waited for; others ask one at a time. A route that rests is never
    asked before its rest is over; when all circuits are open, the one that opens first is asked.
    """
    chosen: list[tuple[Route, RouteView]] = []
    left_out: list[tuple[Route, str]] = []
    for route, view in zip(routes, views, strict=True):
        if view.rests_s > 0:
            left_out.append((route, "resting"))
        elif view.state == "open":
            left_out.append((route, "open"))
        else:
            chosen.append((route, view))
    if not chosen:
        steps = _last_resort(routes, views, deadline_s, spoken=spoken)
    elif spoken:
        steps = _spoken_steps(chosen, deadline_s, may_hedge=may_hedge)
    else:
        steps = _steps_in_turn(chosen, deadline_s)
    return Plan(steps=steps, left_out=tuple(left_out))


def _last_resort(
    routes: Sequence[Route], views: Sequence[RouteView], deadline_s: float, *, spoken: bool
) -> tuple[Step, ...]:
    """The circuit that opens first; where nobody waits to hear, the rest that ends first."""
    pairs = list(zip(routes, views, strict=True))
    opening = [pair for pair in pairs if pair[1].rests_s <= 0]
    if opening:
        route, view = min(opening, key=lambda pair: pair[1].opens_in_s)
        return (_step(route, view, _kind(route, Kind.PRIMARY), 0.0, deadline_s, forced=True),)
    if spoken or not pairs:
        return ()
    route, view = min(pairs, key=lambda pair: pair[1].rests_s)
    if view.rests_s >= deadline_s:
        return ()
    step = _step(route, view, _kind(route, Kind.PRIMARY), view.rests_s, deadline_s)
    return (replace(step, not_before_s=view.rests_s),)


def _spoken_steps(
    chosen: Sequence[tuple[Route, RouteView]], deadline_s: float, *, may_hedge: bool
) -> tuple[Step, ...]:
    route, view = chosen[0]
    steps = [_step(route, view, _kind(route, Kind.PRIMARY), 0.0, deadline_s)]
    begun = [(0.0, view.expected)]
    for route, view in chosen[1:]:
        kind = _kind(route, Kind.NEXT)
        if kind is Kind.LOCAL:
            began_s, before = begun[: MOST_ATTEMPTS - 1][-1]
            start_s = _local_start_s(began_s, before, view.expected, deadline_s)
        else:
            began_s, before = begun[-1]
            if may_hedge and len(steps) == 1:
                kind = Kind.HEDGE
            hedges = kind is Kind.HEDGE
            start_s = _next_start_s(began_s, before, view.expected, deadline_s, hedges=hedges)
        steps.append(_step(route, view, kind, start_s, deadline_s))
        if start_s < NEVER:
            begun.append((start_s, view.expected))
    return tuple(steps)


def _next_start_s(
    began_s: float, before: Expected, own: Expected, deadline_s: float, *, hedges: bool
) -> float:
    """So early that its own p95 fits; a hedge at the p95 of the route before, if that is sooner.

    Where the time is short for both, the route before is given its fair share of it, and the one
    that follows at least half of the time that is left, or its p50.
    """
    left_s = deadline_s - began_s
    fits_s = deadline_s - own.p95_s
    if hedges:
        late_s = max(_LEAST_HEDGE_S, before.p95_s)
        start_s = began_s + min(late_s, max(fits_s - began_s, before.p50_s))
    else:
        fair_s = began_s + min(before.p95_s, _FAIR_SHARE * left_s)
        patience_s = max(_LEAST_PATIENCE_S, _PATIENCE * before.p95_s)
        start_s = min(max(fits_s, fair_s), began_s + patience_s)
    return min(start_s, deadline_s - min(own.p50_s, left_s / 2))


def _local_start_s(began_s: float, before: Expected, own: Expected, deadline_s: float) -> float:
    """A local model costs no money and takes long: it starts early, or only after a failure."""
    earliest_s, latest_s = began_s + before.p50_s, deadline_s - own.p50_s
    if latest_s <= earliest_s:
        return NEVER
    return min(max(deadline_s - own.p95_s, earliest_s), latest_s)


def _steps_in_turn(
    chosen: Sequence[tuple[Route, RouteView]], deadline_s: float
) -> tuple[Step, ...]:
    """One at a time: each is given up when the next one starts.

    Such an answer may come as one piece, so what is known of first words says nothing of it.
    """
    starts = [0.0]
    for _ in chosen[1:]:
        starts.append(starts[-1] + _FAIR_SHARE * (deadline_s - starts[-1]))
    ends = [*starts[1:], deadline_s]
    return tuple(
        _step(route, view, _kind(route, Kind.NEXT if index else Kind.PRIMARY), start_s, end_s)
        for index, ((route, view), start_s, end_s) in enumerate(
            zip(chosen, starts, ends, strict=True)
        )
    )


def _step(
    route: Route,
    view: RouteView,
    kind: Kind,
    start_s: float,
    give_up_s: float,
    *,
    forced: bool = False,
) -> Step:
    return Step(
        route=route,
        kind=kind,
        start_s=start_s,
        give_up_s=give_up_s,
        too_late_s=give_up_s - (_HOPELESS * view.expected.p50_s if start_s else 0.0),
        forced=forced,
    )


def _kind(route: Route, otherwise: Kind) -> Kind:
    return Kind.LOCAL if route.spec.tier is Tier.LOCAL else otherwise
