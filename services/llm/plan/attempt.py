"""One attempt at one route: admitted, streamed, ended and booked, whatever happens to it.

Owns a single call to a model. Which attempts there are, and whose words are used, is the race's.
"""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from services.core.clock import Clock
from services.core.errors import BackendError, Refused
from services.llm.entry import LedgerEntry, Role
from services.llm.plan.continuation import Gate
from services.llm.plan.deadline import Step
from services.llm.plan.health import Pass, RouteHealth
from services.llm.plan.heard import Heard
from services.llm.plan.judgement import is_billable, rest_s, verdict_on
from services.llm.sentences import useful
from services.llm.work import Accounts, Ask, AttemptEnd, Ticket

log = logging.getLogger(__name__)

_LONGEST_CHARS_PER_TOKEN = 12
"""An answer with more text than this is not what was asked for: it is cut as at its limit."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every attempt of a process needs."""

    accounts: Accounts
    health: RouteHealth
    clock: Clock


class Listener(Protocol):
    """Whoever runs attempts beside each other."""

    def words(self, attempt: "Attempt", text: str) -> None:
        """Words that may be given out came."""
        ...

    def ended(self, attempt: "Attempt") -> None:
        """It ended by itself: `fault` says how. Whoever listens books it."""
        ...


class Attempt:
    """A call to one model. It is booked exactly once if it was admitted.

    Whoever listens reads what came (`heard`), how it ended (`over`, `fault`) and its booking
    (`ticket`, `entry`), and changes them by `start`, `leave` and `book` only. `continues`: it goes
    on with words of another attempt.
    """

    def __init__(
        self,
        desk: Desk,
        listener: Listener,
        step: Step,
        ask: Ask,
        gate: Gate,
        *,
        continues: bool = False,
    ) -> None:
        self.step = step
        self.ask = ask
        self.gate = gate
        self.heard = Heard(_LONGEST_CHARS_PER_TOKEN * ask.request.max_tokens)
        self.over = False
        self.fault: str | None = None
        self.ticket: Ticket | None = None
        self.entry: LedgerEntry | None = None
        self.task: asyncio.Task[None] | None = None
        self._desk = desk
        self._listener = listener
        self._continues = continues
        self._began_s = desk.clock.monotonic_s()
        self._slow_s = desk.health.slow_s(step.route.spec)
        self._asked = False
        self._pass: Pass | None = None
        self._error: BackendError | None = None
        self._role: Role | None = None

    def start(self) -> bool:
        """Begins it; False when the route's circuit does not let it through."""
        health = self._desk.health
        self._pass = health.enter(self.step.route.spec, forced=self.step.forced)
        if self._pass is None:
            self.over, self.fault = True, "open"
            return False
        self.task = health.nursery.start(self._run())
        return True

    def leave(self, role: Role, fault: str | None) -> None:
        """Ends it from outside: books it now, and lets the vendor's stream close by itself."""
        if self.over:
            return
        self.over = True
        self.book(role, fault=fault)
        if self.task is not None:
            self.task.cancel()

    def book(self, role: Role, *, fault: str | None = None) -> None:
        """Tells the accounts and the route's health how it ended; a second time does nothing.

        `fault` counts if it has none of its own.
        """
        if self._role is not None:
            return
        self._role = role
        self.fault = self.fault or fault
        self._tell_health(role)
        if self.ticket is not None:
            self._close(self.ticket, role)

    async def _run(self) -> None:
        try:
            self.ticket = await self._desk.accounts.admit(self.ask, self.step.route)
            if self._role is not None:
                self._close(self.ticket, self._role)
                return
            fault: str | None = await self._listen()
        except Refused:
            fault = "budget"
        except BackendError as error:
            fault = None if self.heard.finished_s is not None else error.code
            self._error = error if fault else None
        except asyncio.CancelledError:
            self.leave(Role.CANCELLED, "cancelled")
            raise
        except Exception as error:  # noqa: BLE001 - the supervisor of one attempt
            log.warning(
                "llm.attempt_broke",
                extra={"route": self.step.route.spec.id, "kind": type(error).__name__},
            )
            fault = "internal"
        if not self.over:
            self.over, self.fault = True, fault
            self._listener.ended(self)

    async def _listen(self) -> str | None:
        """Takes the model's words until they end; the fault, or None."""
        heard, now_s = self.heard, self._desk.clock.monotonic_s
        self._began_s = now_s()
        self._asked = True
        async with aclosing(self.step.route.chat.stream(self.ask.request)) as deltas:
            async for delta in deltas:
                text = heard.take(delta, now_s())
                if text:
                    self._give(self.gate.feed(text))
                if heard.finished_s is not None and delta.finish is not None:
                    self._give(self.gate.finish())
                if heard.room_chars <= 0:
                    break
        if heard.finish is None:
            return "cut"
        if heard.finish == "content_filter":
            return "filter"
        if not useful(heard.text):
            return "empty"
        return "length" if heard.finish == "length" else None

    def _give(self, words: str) -> None:
        if words:
            self._listener.words(self, words)

    def _close(self, ticket: Ticket, role: Role) -> None:
        end = AttemptEnd(
            role=role,
            text=self.heard.text,
            usage=self.heard.usage,
            first_token_s=self._first_token_s(),
            total_s=self._desk.clock.monotonic_s() - self._began_s,
            fault=self.fault,
            billable=self._asked and is_billable(self._error),
            continues=self._continues,
        )
        self.entry = self._desk.accounts.close(ticket, end)

    def _first_token_s(self) -> float | None:
        first_s = self.heard.first_s
        return None if first_s is None else first_s - self._began_s

    def _tell_health(self, role: Role) -> None:
        health, spec, spoken = self._desk.health, self.step.route.spec, self.ask.request.spoken
        now_s, first_token_s = self._desk.clock.monotonic_s(), self._first_token_s()
        waited_s = now_s - self._began_s if self._asked else 0.0
        took_s = waited_s if first_token_s is None else first_token_s
        if self._pass is not None:
            drips = self.fault == "stall" and self.heard.drips(now_s)
            slow = spoken and (took_s > self._slow_s or drips)
            verdict = verdict_on(role, self.fault, self._error, slow=slow)
            self._pass.report(verdict if self._asked else "neutral")
        if (rest := rest_s(self._error)) is not None:
            health.rest(spec, rest)
        if spoken and (first_token_s is not None or self._error is None):
            health.took(spec, took_s, at_least=first_token_s is None)
