"""Attempts of a call that nobody waits to hear: one at a time, until one answer is whole.

What is cut is asked anew elsewhere, from the beginning: nothing of it was given out. Only the last
one that can be had is used as far as it came.
"""

from services.llm.entry import Role
from services.llm.plan.alarm import Alarm
from services.llm.plan.attempt import Attempt
from services.llm.plan.deadline import Kind, Plan, Step
from services.llm.plan.race import USAGE_GRACE_S
from services.llm.plan.relay import Relay
from services.llm.plan.starts import Starts, larger_first
from services.llm.sentences import useful

_TIMER_SLACK_S = 1e-4


class InTurn:
    """One run over a plan; its first useful words must exist `deadline_s` from its beginning.

    Once an answer has begun, `stall_s` is the longest pause between two pieces of it. An answer
    that broke off is made anew within as much time as the first one had, once.
    """

    def __init__(
        self, starts: Starts, relay: Relay, plan: Plan, *, deadline_s: float, stall_s: float
    ) -> None:
        self._starts = starts
        self._relay = relay
        self._steps = list(plan.steps)
        self._deadline_s = deadline_s
        self._stall_s = stall_s
        self._clock = starts.desk.clock
        self._planned_s = self._clock.monotonic_s()
        self._until_s = self._planned_s + deadline_s
        self._extended = False
        self._alarm = Alarm(self._clock)
        self._running: Attempt | None = None
        self.winner: Attempt | None = None
        self.filtered = False

    async def run(self) -> None:
        """Returns when an answer is whole, or when there will be none."""
        while (
            self.winner is None
            and not self.filtered
            and (step := self._starts.tally.next_of(self._steps)) is not None
        ):
            self._steps.remove(step)
            await self._wait_until(self._planned_s + step.not_before_s)
            if self._clock.monotonic_s() > self._planned_s + step.too_late_s + _TIMER_SLACK_S:
                continue
            self._running = self._starts.begin(step, self, beside=False)
            if self._running is not None:
                await self._hear_out(self._running, step)

    def leave_all(self, role: Role, fault: str) -> None:
        """Ends the attempt under way."""
        if self._running is not None and not self._running.over:
            self._starts.tally.note(self._running.step.route, fault)
            self._running.leave(role, fault)

    def words(self, attempt: Attempt, text: str) -> None:
        if not attempt.over:
            self.winner = attempt
            self._relay.say(text)
            self._alarm.ring()

    def ended(self, attempt: Attempt) -> None:
        if attempt is self._running:
            self._alarm.ring()

    async def _hear_out(self, attempt: Attempt, step: Step) -> None:
        while not attempt.over:
            due_s = self._gives_up_s(attempt, step)
            if self._clock.monotonic_s() + _TIMER_SLACK_S < due_s:
                await self._alarm.wait_until(due_s)
            elif attempt.heard.finished_s is not None:
                attempt.leave(Role.SERVED, None)
            elif attempt.heard.first_s is not None:
                return self._settle(attempt, "stall")
            else:
                last = self._starts.tally.next_of(self._steps) is None
                fault = "deadline" if last else "silent"
                self._starts.tally.note(attempt.step.route, fault)
                return attempt.leave(Role.LATE, fault)
        return self._settle(attempt, attempt.fault or "empty")

    def _gives_up_s(self, attempt: Attempt, step: Step) -> float:
        heard = attempt.heard
        if heard.finished_s is not None:
            return heard.finished_s + USAGE_GRACE_S
        if heard.first_s is not None:
            return heard.last_s + self._deadline_s + self._stall_s
        return min(self._planned_s + step.give_up_s, self._until_s)

    def _settle(self, attempt: Attempt, fault: str) -> None:
        """Books an attempt that is at its end; without an answer, decides what follows from it."""
        if self.winner is attempt:
            attempt.book(Role.SERVED)
            return
        tally, route = self._starts.tally, attempt.step.route
        tally.note(route, fault)
        if fault == "budget":
            tally.give_back()
        elif fault == "filter":
            self.filtered = True
        elif fault == "context":
            self._look_for_room(attempt)
        elif useful(attempt.heard.text) and (fault == "length" or not self._makes_anew()):
            self.winner = attempt
            self._relay.say(attempt.gate.close())
        role = Role.CUT if self.winner is attempt else Role.FAILED
        attempt.leave(role, fault)
        attempt.book(role, fault=fault)

    def _makes_anew(self) -> bool:
        """Whether the answer can be made by another route; gives it its time."""
        if self._starts.tally.next_of(self._steps) is None:
            return False
        now_s = self._clock.monotonic_s()
        if not self._extended:
            self._extended = True
            self._planned_s, self._until_s = now_s, now_s + self._deadline_s
        return now_s < self._until_s

    def _look_for_room(self, attempt: Attempt) -> None:
        """Larger contexts first; without another route, this one again with a shorter prompt."""
        tally = self._starts.tally
        again = not self._steps and not tally.shortened
        self._steps = larger_first(self._steps, tally, attempt.step.route)
        if again:
            left_s = self._until_s - self._planned_s
            self._steps = [
                Step(
                    route=attempt.step.route,
                    kind=Kind.NEXT,
                    start_s=0.0,
                    give_up_s=left_s,
                    too_late_s=left_s,
                )
            ]

    async def _wait_until(self, due_s: float) -> None:
        while self._clock.monotonic_s() + _TIMER_SLACK_S < due_s:
            await self._alarm.wait_until(due_s)
