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
from services.llm.outcome import Usage
from services.llm.plan.continuation import Gate
from services.llm.plan.deadline import Step
from services.llm.plan.health import Pass, RouteHealth
from services.llm.plan.judgement import is_billable, rest_s, verdict_on
from services.llm.ports import Delta
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
        """It ended by itself: `fault` says how. It is booked by whoever listens."""
        ...


class Attempt:
    """A call to one model. It is booked exactly once if it was admitted.

    `continues`: it goes on with words of another attempt.
    """

    __slots__ = (
        "_accounts",
        "_asked",
        "_began_s",
        "_clock",
        "_continues",
        "_error",
        "_finish",
        "_finish",
        "_health",
        "_listener",
        "_pass",
        "_role",
        "_room_chars",
        "_slow_s",
        "ask",
        "entry",
        "fault",
        "finished_s",
        "first_s",
        "gate",
        "last_s",
        "over",
        "pieces",
        "step",
        "task",
        "text",
        "ticket",
        "usage",
    )

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
        self._accounts = desk.accounts
        self._health = desk.health
        self._clock = desk.clock
        self._listener = listener
        self.step = step
        self.ask = ask
        self.gate = gate
        self.text = ""
        self.first_s: float | None = None
        self.last_s = 0.0
        self.finished_s: float | None = None
        self.pieces = 0
        self.fault: str | None = None
        self.usage: Usage | None = None
        self.ticket: Ticket | None = None
        self.entry: LedgerEntry | None = None
        self.task: asyncio.Task[None] | None = None
        self.over = False
        self._asked = False
        self._continues = continues
        self._finish: str | None = None
        self._error: BackendError | None = None
        self._role: Role | None = None
        self._pass: Pass | None = None
        self._began_s = desk.clock.monotonic_s()
        self._slow_s = desk.health.slow_s(step.route.spec)
        self._room_chars = _LONGEST_CHARS_PER_TOKEN * ask.request.max_tokens

    @property
    def first_token_at_s(self) -> float | None:
        """Monotonic time of the first useful word."""
        return None if self.first_s is None else self._began_s + self.first_s

    def start(self) -> bool:
        """Begins it; False when the route's circuit does not let it through."""
        self._pass = self._health.enter(self.step.route.spec, forced=self.step.forced)
        if self._pass is None:
            self.over, self.fault = True, "open"
            return False
        self.task = self._health.nursery.start(self._run())
        return True

    def leave(self, role: Role, fault: str | None) -> None:
        """Ends it from outside: books it now, and lets the vendor's stream close by itself."""
        if self.over:
            return
        self.over, self.fault = True, fault
        self.book(role)
        if self.task is not None:
            self.task.cancel()

    def book(self, role: Role) -> None:
        """Tells the accounts and the route's health how it ended; a second time does nothing."""
        if self._role is not None:
            return
        self._role = role
        self._tell_health(role)
        if self.ticket is not None:
            self._close(self.ticket, role)

    async def _run(self) -> None:
        try:
            self.ticket = await self._accounts.admit(self.ask, self.step.route)
            if self._role is not None:
                self._close(self.ticket, self._role)
                return
            fault: str | None = await self._listen()
        except Refused:
            fault = "budget"
        except BackendError as error:
            fault = None if self.finished_s is not None else error.code
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
        self._began_s = self._clock.monotonic_s()
        self._asked = True
        async with aclosing(self.step.route.chat.stream(self.ask.request)) as deltas:
            async for delta in deltas:
                self._take(delta)
                if self._room_chars <= 0:
                    break
        if self._finish is None:
            return "cut"
        if self._finish == "content_filter":
            return "filter"
        if not useful(self.text):
            return "empty"
        return "length" if self._finish == "length" else None

    def _take(self, delta: Delta) -> None:
        text, finish = delta.text, delta.finish
        if text:
            if len(text) >= self._room_chars:
                text, finish = text[: self._room_chars], "length"
            self._room_chars -= len(text)
            self.text += text
            self.pieces += 1
            self.last_s = self._clock.monotonic_s()
            if self.first_s is None and useful(text):
                self.first_s = self.last_s - self._began_s
            words = self.gate.feed(text)
            if words:
                self._listener.words(self, words)
        if delta.usage is not None:
            self.usage = delta.usage
        if finish is not None:
            self._finish = finish
            if finish not in {"length", "content_filter"} and useful(self.text):
                self.finished_s = self._clock.monotonic_s()
                words = self.gate.finish()
                if words:
                    self._listener.words(self, words)

    def _close(self, ticket: Ticket, role: Role) -> None:
        end = AttemptEnd(
            role=role,
            text=self.text,
            usage=self.usage,
            first_token_s=self.first_s,
            total_s=self._clock.monotonic_s() - self._began_s,
            fault=self.fault,
            billable=self._asked and is_billable(self._error),
            continues=self._continues,
        )
        self.entry = self._accounts.close(ticket, end)

    def _tell_health(self, role: Role) -> None:
        spec, spoken = self.step.route.spec, self.ask.request.spoken
        waited_s = self._clock.monotonic_s() - self._began_s if self._asked else 0.0
        took_s = waited_s if self.first_s is None else self.first_s
        if self._pass is not None:
            slow = spoken and (took_s > self._slow_s or self._drips())
            verdict = verdict_on(role, self.fault, self._error, slow=slow)
            self._pass.report(verdict if self._asked else "neutral")
        if (rest := rest_s(self._error)) is not None:
            self._health.rest(spec, rest)
        if spoken and (self.first_s is not None or self._error is None):
            self._health.took(spec, took_s, at_least=self.first_s is None)

    def _drips(self) -> bool:
        """Whether its pieces still come, only too slowly."""
        if self.fault != "stall" or self.first_s is None or self.pieces < 2:
            return False
        gap_s = (self.last_s - self._began_s - self.first_s) / (self.pieces - 1)
        return self._clock.monotonic_s() - self.last_s <= 2 * gap_s
