"""A call's answer made by models: by a deadline, over several routes, each attempt paid and booked.

The one retry loop of the program: SDKs do not repeat, callers do not either. Whoever asked says an
authored line when no words came.
"""

import asyncio
from collections.abc import Callable, Sequence

from services.core.clock import Clock
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import total
from services.llm.plan.attempt import Attempt, Desk
from services.llm.plan.continuation import ContinuationGate, Gate, continued
from services.llm.plan.deadline import Plan, plan
from services.llm.plan.health import RouteHealth
from services.llm.plan.in_turn import InTurn
from services.llm.plan.race import Race
from services.llm.plan.relay import Relay, WholeGate
from services.llm.plan.starts import Starts, Tally, asking
from services.llm.ports import Route
from services.llm.sentences import SentenceGate
from services.llm.spec import ModelSpec
from services.llm.work import Accounts, Ask, Emit, Made

STALL_S = 1.5
"""Silence that a listener is left in before an answer that stopped coming is closed."""

_CLOSING_S = 0.2
"""How long a cancelled call waits for its vendors' streams to close; then they close alone."""

_BROKEN_OFF = frozenset({"length", "filter"})
"""Ends of an answer that no other model is asked to go on from."""


class Production:
    """A Work over `routes`, in order of preference. It is run once."""

    def __init__(
        self,
        ask: Ask,
        routes: Sequence[Route],
        *,
        accounts: Accounts,
        health: RouteHealth,
        clock: Clock,
        stall_s: float = STALL_S,
    ) -> None:
        self._ask = ask
        self._routes = routes
        self._desk = Desk(accounts, health, clock)
        self._stall_s = stall_s
        self._tally = Tally()
        self._relay: Relay | None = None
        self._under_way: Race | InTurn | None = None
        self._parts: list[Attempt] = []
        self._complete = False
        self._filtered = False
        self._final: Made | None = None

    @property
    def made(self) -> Made:
        return self._final or self._so_far()

    async def run(self, emit: Emit) -> Made:
        if self._ask.words_only or not self._routes:
            return self.made
        self._relay = Relay(emit, self._desk.clock, stall_s=self._stall_s)
        spoken = self._ask.request.spoken
        try:
            await (self._speak(self._relay) if spoken else self._write(self._relay))
        except asyncio.CancelledError:
            if self._under_way is not None:
                self._under_way.leave_all(Role.CANCELLED, "cancelled")
            await self._closed()
            raise
        finally:
            self._final = self._so_far()
            if spoken:
                self._tell_hedging(self._final.entries)
        return self._final

    def _so_far(self) -> Made:
        """What is made by now; `usage` is that of the words that are used, if any are."""
        tally, parts = self._tally, self._parts
        entries = tally.entries()
        used = [part.entry for part in parts if part.entry is not None] or entries
        heard_s = parts[0].heard.first_s if parts else None
        return Made(
            text=self._relay.said if self._relay is not None else "",
            route=parts[0].step.route if parts else None,
            asked=tally.attempts[0].step.route if tally.attempts else None,
            usage=total([entry.usage for entry in used]),
            complete=self._complete,
            fallback=any(part.step.route is not self._routes[0] for part in parts),
            fault="filter" if self._filtered else tally.faults[0][1] if tally.faults else None,
            faults=tuple(f"{route}:{fault}" for route, fault in tally.faults),
            entries=tuple(entries),
            first_token_s=None if heard_s is None else heard_s - self._ask.began_s,
            reserve_s=tally.reserve_s(),
        )

    async def _speak(self, relay: Relay) -> None:
        """Words as they come, and the rest from elsewhere if they stop."""
        request, began_s = self._ask.request, self._ask.began_s
        starts = Starts(self._desk, self._tally, lambda _: self._ask, lambda _: SentenceGate())
        until_s = began_s + request.deadline_s
        may_hedge = len(self._routes) > 1 and self._desk.health.may_hedge()
        race = await self._race(
            starts, relay, self._routes, until_s, may_hedge=may_hedge, rescue_s=self._rescue_s
        )
        winner = race.winner
        if winner is None:
            self._filtered = race.filtered
            return
        self._parts.append(winner)
        if winner.fault is None:
            self._complete = winner.ask is self._ask
        elif winner.fault in _BROKEN_OFF:
            relay.say(winner.gate.close())
        else:
            relay.say(winner.gate.settle())
            await self._go_on(relay, winner)

    async def _go_on(self, relay: Relay, broken: Attempt) -> None:
        """Another route ends what one began, or the sentence is closed."""
        said, routes = relay.said, self._unused()
        gate: Gate = broken.gate
        if routes:
            midway = gate.midway
            starts = Starts(
                self._desk,
                self._tally,
                lambda spec: self._asking_on(spec, said),
                lambda spec: ContinuationGate(said, midway=midway, prefilled=spec.takes.prefill),
                continues=True,
            )
            race = await self._race(starts, relay, routes, relay.runs_out_s())
            if race.winner is not None:
                self._parts.append(race.winner)
                if race.winner.fault is None:
                    self._tally.note(race.winner.step.route, "continued")
                    return
                gate = race.winner.gate
        relay.say(gate.close())

    async def _write(self, relay: Relay) -> None:
        """The whole answer, for words that nobody waits to hear."""
        request = self._ask.request
        raw = request.schema is not None
        starts = Starts(self._desk, self._tally, lambda _: self._ask, lambda _: WholeGate(raw=raw))
        left_s = self._ask.began_s + request.deadline_s - self._desk.clock.monotonic_s()
        steps = self._plan(self._routes, left_s, spoken=False, may_hedge=False)
        run = InTurn(starts, relay, steps, deadline_s=left_s, stall_s=self._stall_s)
        self._under_way = run
        await run.run()
        self._filtered = run.filtered
        if run.winner is not None:
            self._parts.append(run.winner)
            self._complete = run.winner.fault is None and run.winner.ask is self._ask

    async def _race(
        self,
        starts: Starts,
        relay: Relay,
        routes: Sequence[Route],
        until_s: float,
        *,
        may_hedge: bool = False,
        rescue_s: Callable[[], float | None] = lambda: None,
    ) -> Race:
        left_s = until_s - self._desk.clock.monotonic_s()
        race = Race(
            starts,
            relay,
            self._plan(routes, left_s, spoken=True, may_hedge=may_hedge),
            until_s=until_s,
            rescue_s=rescue_s,
        )
        self._under_way = race
        await race.run()
        return race

    def _plan(
        self, routes: Sequence[Route], left_s: float, *, spoken: bool, may_hedge: bool
    ) -> Plan:
        views = [self._desk.health.view(route.spec) for route in routes]
        steps = plan(routes, views, deadline_s=left_s, spoken=spoken, may_hedge=may_hedge)
        first = steps.steps[0].route if steps.steps else None
        for route, why in steps.left_out:
            if first is None or routes.index(route) < routes.index(first):
                self._tally.note(route, why)
        return steps

    def _unused(self) -> list[Route]:
        """The routes that may still be asked by this call."""
        return self._tally.unused(self._routes)

    def _rescue_s(self) -> float | None:
        """What the quickest unused route takes at its p95; None without one."""
        views = [self._desk.health.view(route.spec) for route in self._unused()]
        times = [v.expected.p95_s for v in views if v.state != "open" and v.rests_s <= 0]
        return min(times, default=None)

    def _asking_on(self, spec: ModelSpec, said: str) -> Ask:
        return asking(self._ask, continued(self._ask.request, spec, said))

    def _tell_hedging(self, entries: Sequence[LedgerEntry]) -> None:
        lost = [entry.cost_nano for entry in entries if entry.role is Role.HEDGE_LOST]
        self._desk.health.spoken(
            hedged=self._tally.hedged,
            spent_nano=sum(entry.cost_nano for entry in entries),
            extra_nano=sum(lost),
        )

    async def _closed(self) -> None:
        """Waits a moment for the streams of a cancelled call."""
        tasks = [a.task for a in self._tally.attempts if a.task is not None and not a.task.done()]
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING_S)
