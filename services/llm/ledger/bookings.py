"""Attempts as ledger entries: what one may cost at most, and what it came to.

Pure but for the prices. What the vendor never counted is estimated and marked; what it took is
never booked at nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from services.core.tokens import estimate_tokens
from services.llm.entry import LedgerEntry, Role
from services.llm.models.money import cost_nano
from services.llm.models.usage import sane
from services.llm.outcome import Source, Usage
from services.llm.ports import BudgetLine, Hold, Route
from services.llm.request import Message
from services.llm.spec import ModelSpec, Rates, Tier
from services.llm.work import Ask, AttemptEnd, Ticket

_MARGIN = 1.5
_BYTES_PER_TOKEN = 3
_MESSAGE_TOKENS = 8
_USED = frozenset({Role.SERVED, Role.CUT})


class Prices(Protocol):
    """What is needed of the prices."""

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates:
        """The model's price at that time; a ceiling when nobody knows it."""
        ...

    def greatest(
        self, spec: ModelSpec, *, prompt_tokens: int, max_tokens: int, at: datetime
    ) -> int:
        """Nano-USD that such a call costs at most."""
        ...


class Prefixes(Protocol):
    """Guesses what vendors have in their caches."""

    def predicted(self, route_id: str, messages: Sequence[Message], now_s: float) -> int:
        """Prompt tokens that the vendor will probably find there."""
        ...

    def sent(self, route_id: str, messages: Sequence[Message], now_s: float) -> None:
        """The vendor has read this prompt."""
        ...


def most_prompt_tokens(ask: Ask) -> int:
    """More tokens than a vendor counts in this prompt.

    The larger of 1.5 times our estimate, and one for every 3 bytes of UTF-8 and 8 for each message:
    European text has 4 bytes and more a token. A vendor that counts more all the same is booked as
    it counts: the budget is then passed by the difference, and shows it.
    """
    request = ask.request
    size = len(request.schema) if request.schema else 0
    for message in request.messages:
        text = message.content
        size += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    by_size = size // _BYTES_PER_TOKEN + _MESSAGE_TOKENS * (len(request.messages) + 1)
    return max(int(ask.prompt_tokens * _MARGIN), by_size)


def draft(ask: Ask, route: Route, *, id: str, at: datetime, prices: Prices) -> LedgerEntry:
    """The entry of an attempt whose process died: as if all that it may say had been said."""
    usage = Usage(
        prompt_tokens=max(ask.prompt_tokens, 1),
        completion_tokens=max(ask.request.max_tokens, 1),
        estimated=True,
    )
    rates = prices.rates(route.spec, at=at, prompt_tokens=usage.prompt_tokens)
    return _entry(ask, route, _Made(usage, rates, fault="lost"), id=id, at=at, role=Role.LOST)


def usage_of(ask: Ask, end: AttemptEnd) -> Usage:
    """What the attempt used: the vendor's count, repaired; input and what came out when it told
    none; nothing when it never took the call."""
    if not end.billable:
        return Usage()
    told = sane(end.usage) if end.usage is not None else Usage()
    prompt, completion = told.prompt_tokens, told.completion_tokens
    if prompt > 0 and (completion > 0 or not end.text):
        return told
    return replace(
        told,
        prompt_tokens=prompt or max(ask.prompt_tokens, 1),
        completion_tokens=completion or (max(estimate_tokens(end.text), 1) if end.text else 0),
        estimated=True,
    )


class _Made(NamedTuple):
    """What became of an attempt; the defaults are those of one whose words were not used."""

    usage: Usage
    rates: Rates
    fault: str | None
    source: str = ""
    list_nano: int = 0
    squeezed_tokens: int = 0
    squeezed_nano: int = 0
    refused_nano: int = 0
    calls: int = 0
    predicted_tokens: int = 0
    first_token_s: float | None = None
    total_s: float = 0.0
    overhead_s: float = 0.0


class Bookkeeper:
    """Turns ends of attempts into entries. `advanced` is the model that list prices are of."""

    def __init__(self, prices: Prices, *, advanced: ModelSpec | None) -> None:
        self._prices = prices
        self._advanced = advanced

    def hold(
        self,
        ask: Ask,
        route: Route,
        *,
        lines: tuple[BudgetLine, ...],
        id: str,
        at: datetime,
        expires_at: datetime,
    ) -> Hold | None:
        """What the attempt costs at most, to be set aside; None for a model that costs nothing."""
        spec = route.spec
        amount = self._prices.greatest(
            spec,
            prompt_tokens=most_prompt_tokens(ask),
            max_tokens=ask.request.max_tokens,
            at=at,
        )
        if amount <= 0:
            return None
        made = draft(ask, route, id=id, at=at, prices=self._prices)
        amount = max(amount, made.cost_nano)
        return Hold(id=id, lines=lines, amount_nano=amount, draft=made, expires_at=expires_at)

    def entry(
        self,
        ticket: Ticket,
        end: AttemptEnd,
        *,
        id: str,
        at: datetime,
        fallback: bool,
        lived_s: float | None = None,
    ) -> LedgerEntry:
        """The entry of an attempt that was made at `at`; `fallback`: another model was wanted.

        `lived_s` is the time since the call began: what an answer took in all. What of it passed
        before the first model was asked is the optimizer's own.
        """
        ask = ticket.ask
        usage = usage_of(ask, end)
        rates = self._prices.rates(ticket.route.spec, at=at, prompt_tokens=usage.prompt_tokens)
        # An answer that nobody hears may come as one piece: its first token tells nothing.
        first_s = end.first_token_s if ask.request.spoken else None
        made = _Made(
            usage,
            rates,
            end.fault,
            predicted_tokens=ticket.predicted_tokens,
            first_token_s=None if first_s is None else _seconds(first_s),
            total_s=_seconds(end.total_s),
            overhead_s=_seconds(ticket.reserve_s),
        )
        if end.role in _USED:
            made = self._used(made, ask, at=at, fallback=fallback, continues=end.continues)
            if lived_s is not None:
                own_s = ticket.reserve_s if fallback else lived_s - end.total_s
                made = made._replace(total_s=_seconds(lived_s), overhead_s=_seconds(own_s))
        return _entry(ask, ticket.route, made, id=id, at=at, role=end.role)

    def _used(
        self, made: _Made, ask: Ask, *, at: datetime, fallback: bool, continues: bool
    ) -> _Made:
        """What only an entry carries whose words were used."""
        return made._replace(
            source=(Source.FALLBACK if fallback else Source.LIVE).value,
            list_nano=self.list_nano(made.usage, squeezed_tokens=ask.squeezed_tokens, at=at),
            squeezed_tokens=max(ask.squeezed_tokens, 0),
            squeezed_nano=max(ask.squeezed_nano, 0),
            refused_nano=max(ask.refused_nano, 0),
            calls=0 if continues else 1,
        )

    def list_nano(self, usage: Usage, *, squeezed_tokens: int, at: datetime) -> int:
        """The same words from the advanced model, nothing cached and nothing compressed."""
        if self._advanced is None:
            return 0
        prompt = usage.prompt_tokens + max(squeezed_tokens, 0)
        plain = Usage(prompt_tokens=prompt, completion_tokens=usage.completion_tokens)
        return cost_nano(plain, self._prices.rates(self._advanced, at=at, prompt_tokens=prompt))


def _entry(
    ask: Ask, route: Route, made: _Made, *, id: str, at: datetime, role: Role
) -> LedgerEntry:
    request, spec = ask.request, route.spec
    return LedgerEntry(
        id=id,
        call=ask.call,
        at=at,
        role=role,
        task=request.task,
        session=request.session,
        user=request.user,
        scenario=request.scenario,
        persona=request.persona,
        tier=spec.tier,
        rule=ask.rule,
        provider=spec.provider,
        model=spec.model,
        source=made.source,
        template=request.template,
        usage=made.usage,
        cost_nano=cost_nano(made.usage, made.rates),
        list_nano=made.list_nano,
        squeezed_tokens=made.squeezed_tokens,
        squeezed_nano=made.squeezed_nano,
        refused_nano=made.refused_nano,
        calls=made.calls,
        predicted_tokens=made.predicted_tokens,
        first_token_s=made.first_token_s,
        total_s=made.total_s,
        overhead_s=made.overhead_s,
        fault=made.fault,
        currency=made.rates.currency,
        variant=ask.variant,
    )


def _seconds(value: float) -> float:
    return value if 0.0 <= value < math.inf else 0.0


def is_advanced(route: Route) -> bool:
    """Whether it is the dear tier, which is the first to be refused."""
    return route.spec.tier is Tier.ADVANCED
