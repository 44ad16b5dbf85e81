"""A spoken turn's attempts, until one has words that may be spoken; then that one to its end.

Owns when an attempt begins beside others, which one wins, and how long a listener waits for more.
It acts at once on what the attempts tell it; between that it waits for the next moment of its plan.
"""

from collections.abc import Callable

from services.llm.entry import Role
from services.llm.plan.alarm import Alarm
from services.llm.plan.attempt import Attempt
from services.llm.plan.deadline import Kind, Plan
from services.llm.plan.relay import Relay
from services.llm.plan.starts import Starts, larger_first

USAGE_GRACE_S = 0.25
"""After an answer's finish: the usage that vendors send last."""

_SHORTEST_STALL_S = 0.8
"""A pause between two pieces that is shorter is never a reason to go elsewhere."""

_TIMER_SLACK_S = 1e-4


class Race:
    """One run over a plan: by `until_s`, a monotonic time, there are words, or none come.

    `winner` is the attempt whose words were given out, if there is one. `rescue_s` tells how long
    another route would need to take over from a stalled winner, None if none can.
    """

    def __init__(
        self,
        starts: Starts,
        relay: Relay,
        plan: Plan,
        *,
        until_s: float,
        rescue_s: Callable[[], float | None],
    ) -> None:
        self._starts = starts
        self._relay = relay
        self._steps = list(plan.steps)
        self._until_s = until_s
        self._rescue_s = rescue_s
        self._clock = starts.desk.clock
        self._planned_s = self._clock.monotonic_s()
        self._running: list[Attempt] = []
        self._alarm = Alarm(self._clock)
        self._over = False
        self.winner: Attempt | None = None
        self.filtered = False

    async def run(self) -> None:
        """Returns when the winner has ended, or when there will be none."""
        while (due_s := self._advance()) is not None:
            await self._alarm.wait_until(due_s)

    def leave_all(self, role: Role, fault: str) -> None:
        """Ends every attempt under way."""
        self._over = True
        for attempt in self._running:
            self._starts.tally.note(attempt.step.route, fault)
            attempt.leave(role, fault)
        self._running.clear()

    def words(self, attempt: Attempt, text: str) -> None:
        if self._over or self.winner not in {None, attempt}:
            return
        self._relay.say(text)
        if self.winner is None:
            self.winner = attempt
            self._leave_losers(attempt)
            self._alarm.ring()

    def ended(self, attempt: Attempt) -> None:
        if attempt in self._running:
            self._running.remove(attempt)
        tally, route = self._starts.tally, attempt.step.route
        if attempt is self.winner:
            self._over = True
            attempt.book(Role.CUT if attempt.fault else Role.SERVED)
        else:
            attempt.book(Role.FAILED, fault="empty")
            if attempt.fault == "budget":
                tally.give_back()
            elif attempt.fault == "context":
                self._steps = larger_first(self._steps, tally, route)
            elif attempt.fault == "filter":
                self._stop_at_filter()
        if attempt.fault:
            tally.note(route, attempt.fault)
        self._alarm.ring()

    def _stop_at_filter(self) -> None:
        """What one vendor's filter refused is the caller's matter, not another vendor's."""
        self.filtered = self._over = True
        for attempt in self._running:
            attempt.leave(Role.HEDGE_LOST, None)
        self._running.clear()

    def _leave_losers(self, winner: Attempt) -> None:
        """Those that began first were late; those that began later were just not needed."""
        late = True
        for attempt in self._running:
            if attempt is winner:
                late = False
            elif late:
                fault = "silent" if attempt.heard.first_s is None else "slow"
                self._starts.tally.note(attempt.step.route, fault)
                hedged = winner.step.kind is Kind.HEDGE
                attempt.leave(Role.HEDGE_LOST if hedged else Role.LATE, fault)
            else:
                attempt.leave(Role.HEDGE_LOST, None)
        self._running = [winner]

    def _advance(self) -> float | None:
        """Does what is due; the monotonic time of what comes next, None when the race is over."""
        if self._over:
            return None
        now_s = self._clock.monotonic_s() + _TIMER_SLACK_S
        if self.winner is not None:
            return self._watch(self.winner, now_s)
        if now_s >= self._until_s:
            self.leave_all(Role.LATE, "deadline")
            return None
        self._begin_due(now_s - self._planned_s)
        if not self._running:
            return None
        step = self._starts.tally.next_of(self._steps)
        return self._until_s if step is None else min(self._until_s, self._planned_s + step.start_s)

    def _begin_due(self, since_s: float) -> None:
        while (step := self._starts.tally.next_of(self._steps)) is not None:
            if self._running and since_s < step.start_s:
                return
            self._steps.remove(step)
            if since_s <= step.too_late_s:
                attempt = self._starts.begin(step, self, beside=bool(self._running))
                if attempt is not None:
                    self._running.append(attempt)

    def _watch(self, winner: Attempt, now_s: float) -> float | None:
        """The winner's next limit: its usage after its finish, else the listener's patience."""
        if winner.heard.finished_s is not None:
            due_s = winner.heard.finished_s + USAGE_GRACE_S
            if now_s < due_s:
                return due_s
            winner.leave(Role.SERVED, None)
        else:
            due_s = self._patience_s(winner, now_s)
            if now_s < due_s:
                return due_s
            self._starts.tally.note(winner.step.route, "stall")
            winner.leave(Role.CUT, "stall")
        self._over = True
        return None

    def _patience_s(self, winner: Attempt, now_s: float) -> float:
        """Until what was said is heard and a silence has passed.

        Sooner if another can go on: so that it has words when those before are heard.
        """
        runs_out_s = self._relay.runs_out_s()
        soonest_s = min(runs_out_s, winner.heard.last_s + _SHORTEST_STALL_S)
        if now_s < soonest_s:
            return soonest_s
        rescue_s = self._rescue_s()
        if rescue_s is None:
            return runs_out_s
        return max(self._relay.heard_s() - rescue_s, soonest_s)
