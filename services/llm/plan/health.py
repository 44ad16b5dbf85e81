"""What this process knows of each route: its circuit, its rest, its times, and who may hedge.

One for all calls of a process. It also holds the closing streams of calls that are over, so whoever
made it closes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from services.core.clock import Clock
from services.llm.plan.breaker import CircuitBreaker, State
from services.llm.plan.deadline import RouteView
from services.llm.plan.hedging import HedgeBudget
from services.llm.plan.nursery import Nursery
from services.llm.plan.quantiles import LOCAL_PRIOR, VENDOR_PRIOR, Expected, Quantiles
from services.llm.ports import Breaker, Verdict
from services.llm.spec import ModelSpec, Tier

_LONGEST_REST_S = 3600.0
_SLOW_S = 1.0


class Counts(Protocol):
    """Whoever counts events (an Observer is one)."""

    def event(self, name: str, **labels: str) -> None:
        """Something worth counting happened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    """One route as the stats show it; times in seconds, counts since the process began."""

    route: str
    state: State
    opens_in_s: float
    rests_s: float
    p50_s: float
    p95_s: float
    samples: int
    calls: int
    failures: int
    hedges: int


class _Known:
    """One route's record."""

    __slots__ = ("breaker", "calls", "failures", "hedges", "quantiles", "resting_until_s")

    def __init__(self, breaker: Breaker, prior: Expected) -> None:
        self.breaker = breaker
        self.quantiles = Quantiles(prior)
        self.resting_until_s = 0.0
        self.calls = 0
        self.failures = 0
        self.hedges = 0


class Pass:
    """Leave for one call to a route; it is told how the call went, once."""

    __slots__ = ("_health", "_known", "_open", "_probe", "_route")

    def __init__(self, health: "RouteHealth", known: _Known, route: str, *, forced: bool) -> None:
        self._health = health
        self._known = known
        self._route = route
        self._open = True
        self._probe = not forced and known.breaker.state != "closed"

    def report(self, verdict: Verdict) -> None:
        """How the call went; a second report changes nothing.

        A call that began before the circuit opened says nothing about the probe under way.
        """
        if not self._open:
            return
        self._open = False
        self._known.failures += verdict == "failure"
        before = self._known.breaker.state
        if self._probe or before == "closed":
            self._known.breaker.report(verdict)
            self._health.moved(self._route, before, self._known.breaker.state)


class RouteHealth:
    """The routes of this process, by the id of their model."""

    def __init__(
        self,
        clock: Clock,
        *,
        breaker: Callable[[], Breaker] | None = None,
        counts: Counts | None = None,
        hedges: HedgeBudget | None = None,
    ) -> None:
        self._clock = clock
        self._breaker = breaker or (lambda: CircuitBreaker(clock))
        self._counts = counts
        self._hedges = hedges or HedgeBudget()
        self._known: dict[str, _Known] = {}
        self.nursery = Nursery()

    def view(self, spec: ModelSpec) -> RouteView:
        """What a plan needs to know of a route."""
        known, now_s = self._of(spec), self._clock.monotonic_s()
        return RouteView(
            state=known.breaker.state,
            opens_in_s=known.breaker.opens_in_s(),
            rests_s=max(0.0, known.resting_until_s - now_s),
            expected=known.quantiles.read(now_s),
        )

    def expected(self, spec: ModelSpec) -> Expected:
        """What the next call to a route will take to its first useful word."""
        return self._of(spec).quantiles.read(self._clock.monotonic_s())

    def enter(self, spec: ModelSpec, *, forced: bool = False) -> Pass | None:
        """Leave to call a route now, or None: its circuit is open, or its one probe is out.

        A `forced` call goes whatever the circuit says.
        """
        known = self._of(spec)
        if not (forced or known.breaker.admit()):
            return None
        known.calls += 1
        return Pass(self, known, spec.id, forced=forced)

    def slow_s(self, spec: ModelSpec) -> float:
        """A first useful word that takes longer than this makes a slow call."""
        return max(_SLOW_S, 2 * self.expected(spec).p95_s)

    def took(self, spec: ModelSpec, first_token_s: float, *, at_least: bool = False) -> None:
        """A spoken call's time to its first useful word.

        `at_least`: it was given up then, without one. That is news only beyond the median.
        """
        quantiles, now_s = self._of(spec).quantiles, self._clock.monotonic_s()
        if not at_least or first_token_s > quantiles.read(now_s).p50_s:
            quantiles.add(now_s, first_token_s)

    def rest(self, spec: ModelSpec, seconds: float) -> None:
        """The vendor asked to be left alone for that long."""
        known = self._of(spec)
        until_s = self._clock.monotonic_s() + min(seconds, _LONGEST_REST_S)
        known.resting_until_s = max(known.resting_until_s, until_s)
        self._tell("route_rest", spec.id)

    def may_hedge(self) -> bool:
        """Whether one more spoken call may ask two routes at once."""
        return self._hedges.allows(self._clock.monotonic_s())

    def hedged(self, spec: ModelSpec) -> None:
        """A hedge was started on that route."""
        self._of(spec).hedges += 1
        self._hedges.began()
        self._tell("hedge", spec.id)

    def spoken(self, *, hedged: bool, spent_nano: int, extra_nano: int) -> None:
        """A spoken call is over; see HedgeBudget."""
        now_s = self._clock.monotonic_s()
        self._hedges.ended(now_s, hedged=hedged, spent_nano=spent_nano, extra_nano=extra_nano)

    def snapshot(self) -> tuple[RouteState, ...]:
        """Every route that was ever looked at, by id."""
        return tuple(self._state(route, known) for route, known in sorted(self._known.items()))

    async def aclose(self) -> None:
        """Ends the streams that are still being closed."""
        await self.nursery.aclose()

    def moved(self, route: str, before: State, after: State) -> None:
        """Counts a circuit that opened or closed."""
        if after != before and after != "half_open":
            self._tell("breaker_open" if after == "open" else "breaker_close", route)

    def _state(self, route: str, known: _Known) -> RouteState:
        now_s = self._clock.monotonic_s()
        expected = known.quantiles.read(now_s)
        return RouteState(
            route=route,
            state=known.breaker.state,
            opens_in_s=known.breaker.opens_in_s(),
            rests_s=max(0.0, known.resting_until_s - now_s),
            p50_s=expected.p50_s,
            p95_s=expected.p95_s,
            samples=len(known.quantiles),
            calls=known.calls,
            failures=known.failures,
            hedges=known.hedges,
        )

    def _of(self, spec: ModelSpec) -> _Known:
        known = self._known.get(spec.id)
        if known is None:
            prior = LOCAL_PRIOR if spec.tier is Tier.LOCAL else VENDOR_PRIOR
            known = self._known[spec.id] = _Known(self._breaker(), prior)
        return known

    def _tell(self, name: str, route: str) -> None:
        if self._counts is not None:
            self._counts.event(name, route=route)
