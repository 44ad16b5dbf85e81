"""Accounts that take every attempt down and refuse what they are told to refuse."""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from services.core.clock import Clock
from services.core.errors import Refused
from services.core.tokens import estimate_tokens
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Usage
from services.llm.ports import Route
from services.llm.work import Ask, AttemptEnd, Row, Ticket

_INPUT_NANO, _OUTPUT_NANO = 100, 500


class FakeAccounts:
    """Admits at once, or after `admit_s`; `refused` holds ids of models there is no money for.

    `entries` are the bookings in order, `ends` how the attempts ended, `open` the tickets that
    were given and not closed. Closing a ticket twice is an AssertionError.
    """

    def __init__(
        self, clock: Clock, *, refused: Collection[str] = (), admit_s: float = 0.0
    ) -> None:
        self._clock = clock
        self._refused = refused
        self._admit_s = admit_s
        self.batches: list[list[tuple[str, str]]] = []
        self.released: list[str] = []
        self.tickets: list[Ticket] = []
        self.open: list[Ticket] = []
        self.ends: list[AttemptEnd] = []
        self.entries: list[LedgerEntry] = []

    async def admit(self, ask: Ask, route: Route) -> Ticket:
        if self._admit_s:
            await asyncio.sleep(self._admit_s)
        if route.spec.id in self._refused:
            raise Refused("budget:session")
        ticket = Ticket(ask=ask, route=route, hold=None, reserve_s=self._admit_s)
        self.tickets.append(ticket)
        self.open.append(ticket)
        return ticket

    def close(self, ticket: Ticket, end: AttemptEnd) -> LedgerEntry:
        assert any(ticket is other for other in self.open), "an attempt was booked twice"
        self.open = [other for other in self.open if other is not ticket]
        self.ends.append(end)
        usage = end.usage or self._estimate(ticket, end)
        spec, request = ticket.route.spec, ticket.ask.request
        entry = LedgerEntry(
            id=f"e{len(self.entries)}",
            call=ticket.ask.call,
            at=self._clock.now(),
            role=end.role,
            task=request.task,
            tier=spec.tier,
            rule=ticket.ask.rule,
            provider=spec.provider,
            model=spec.model,
            usage=usage,
            cost_nano=_INPUT_NANO * usage.prompt_tokens + _OUTPUT_NANO * usage.completion_tokens,
            calls=int(end.role in {Role.SERVED, Role.CUT}),
            first_token_s=end.first_token_s,
            total_s=end.total_s,
            fault=end.fault,
        )
        self.entries.append(entry)
        return entry

    async def reserve_batch(self, attempts: Sequence[tuple[Ask, Route]]) -> None:
        self.batches.append([(ask.call, route.spec.id) for ask, route in attempts])
        if self._admit_s:
            await asyncio.sleep(self._admit_s)
        if any(route.spec.id in self._refused for _, route in attempts):
            raise Refused("budget:session")

    def release(self, calls: Iterable[str]) -> None:
        self.released.extend(calls)

    def note(self, row: Row) -> None:
        self.entries.append(row())

    def _estimate(self, ticket: Ticket, end: AttemptEnd) -> Usage:
        if not end.billable:
            return Usage()
        return Usage(
            prompt_tokens=ticket.ask.prompt_tokens,
            completion_tokens=estimate_tokens(end.text),
            estimated=True,
        )
