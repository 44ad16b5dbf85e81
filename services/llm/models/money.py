"""What a call costs, in integer nano-USD, and what it may cost at most.

Owns the arithmetic and the choice between the overlay's price, the published one and, where nobody
knows one, a ceiling: a price that is not known is never 0. Where prices come from is the port's.
"""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

from services.core.clock import Clock
from services.llm.models.catalogue import ModelCatalogue
from services.llm.models.usage import sane
from services.llm.outcome import Usage
from services.llm.ports import PriceList
from services.llm.spec import ModelSpec, Rates, Tier

_LOG = logging.getLogger(__name__)

_TOKENS = 1_000_000
_MICRO = 1_000_000
_REMEMBERED = 1024
_STRIDE_TOKENS = 16_384

FREE = Rates(input_nano=0, cached_nano=0, write_nano=0, output_nano=0)
"""This machine's own model: it costs processor time, not money."""

LAST_RESORT = Rates(
    input_nano=10_000_000_000,
    cached_nano=10_000_000_000,
    write_nano=12_500_000_000,
    output_nano=50_000_000_000,
    known=False,
)
"""The ceiling when no price in the whole catalogue is known.

Source: gpt-6-astra, the dearest model for general use in genai-prices 0.2.3.
"""


def cost_nano(usage: Usage, rates: Rates) -> int:
    """Nano-USD of a call: exact, and rounded up once, at the end.

    Cached and cache-write tokens are part of the prompt's and are not paid twice. Counts that
    cannot be true are repaired first (`sane`).
    """
    usage = sane(usage)
    plain = usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens
    amount = (
        plain * rates.input_nano
        + usage.cached_tokens * rates.cached_nano
        + usage.cache_write_tokens * rates.write_nano
        + usage.completion_tokens * rates.output_nano
    )
    return -(-amount * rates.to_usd_micro // (_TOKENS * _MICRO))


def in_usd(rates: Rates) -> Rates:
    """The same prices in dollars, rounded up."""
    if rates.currency == "USD" and rates.to_usd_micro == _MICRO:
        return rates
    return Rates(
        input_nano=-(-rates.input_nano * rates.to_usd_micro // _MICRO),
        cached_nano=-(-rates.cached_nano * rates.to_usd_micro // _MICRO),
        write_nano=-(-rates.write_nano * rates.to_usd_micro // _MICRO),
        output_nano=-(-rates.output_nano * rates.to_usd_micro // _MICRO),
        known=rates.known,
    )


def _day(at: datetime) -> date:
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()


def _ignore(_: ModelSpec) -> None:
    """Nobody asked to be told."""


class Pricing:
    """Prices of models at a time. `on_unknown` is told once of each model that nobody prices."""

    def __init__(
        self,
        catalogue: ModelCatalogue,
        prices: PriceList,
        clock: Clock,
        *,
        on_unknown: Callable[[ModelSpec], None] = _ignore,
    ) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._clock = clock
        self._on_unknown = on_unknown
        self._overlay: dict[tuple[str, date], Rates | None] = {}
        self._ceilings: dict[tuple[Tier, date, int], Rates] = {}
        self._told: set[str] = set()

    def rates(
        self, spec: ModelSpec, *, at: datetime | None = None, prompt_tokens: int = 0
    ) -> Rates:
        """The model's price then (default: now); `known` is False for the ceiling of its tier."""
        at = at or self._clock.now()
        known = self.known(spec, at=at, prompt_tokens=prompt_tokens)
        if known is not None:
            return known
        self._tell(spec)
        return self.ceiling(spec.tier, at=at, prompt_tokens=prompt_tokens)

    def known(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int = 0) -> Rates | None:
        """The overlay's price, else the published one, else None; tells nobody."""
        rates = self._of_overlay(spec, _day(at)) if spec.prices else None
        if rates is None:
            rates = self._prices.rates(spec, at=at, prompt_tokens=prompt_tokens)
        if rates is None and spec.tier is Tier.LOCAL:
            return FREE
        return rates

    def ceiling(self, tier: Tier, *, at: datetime, prompt_tokens: int = 0) -> Rates:
        """The dearest of each price in that tier, in USD and without a discount for the cache.

        A tier in which no price is known takes the whole catalogue's. Prompts are taken for up to
        16,384 tokens longer than they are, so that few ceilings need be remembered.
        """
        longer = -(-prompt_tokens // _STRIDE_TOKENS) * _STRIDE_TOKENS
        key = (tier, _day(at), longer)
        if key not in self._ceilings:
            if len(self._ceilings) >= _REMEMBERED:
                self._ceilings.clear()
            self._ceilings[key] = self._dearest(tier, at=at, prompt_tokens=longer)
        return self._ceilings[key]

    def cost(self, spec: ModelSpec, usage: Usage, at: datetime | None = None) -> int:
        """Nano-USD of a call that was made then (default: now)."""
        usage = sane(usage)
        return cost_nano(usage, self.rates(spec, at=at, prompt_tokens=usage.prompt_tokens))

    def greatest(
        self, spec: ModelSpec, *, prompt_tokens: int, max_tokens: int, at: datetime | None = None
    ) -> int:
        """Nano-USD that a call can cost at most: nothing cached, the answer as long as it may be.

        It is as true as `prompt_tokens`: a margin for an estimate is the caller's.
        """
        rates = self.rates(spec, at=at, prompt_tokens=prompt_tokens)
        dearest = max(rates.input_nano, rates.write_nano, rates.cached_nano)
        amount = max(prompt_tokens, 0) * dearest + max(max_tokens, 0) * rates.output_nano
        return -(-amount * rates.to_usd_micro // (_TOKENS * _MICRO))

    def _tell(self, spec: ModelSpec) -> None:
        if spec.id not in self._told:
            self._told.add(spec.id)
            _LOG.warning("llm.price_unknown", extra={"model": spec.id, "tier": spec.tier.value})
            self._on_unknown(spec)

    def _dearest(self, tier: Tier, *, at: datetime, prompt_tokens: int) -> Rates:
        specs = self._catalogue.specs.values()
        for group in ([one for one in specs if one.tier is tier], specs):
            rates = [self.known(one, at=at, prompt_tokens=prompt_tokens) for one in group]
            found = [in_usd(one) for one in rates if one is not None]
            if found:
                dearest = max(one.input_nano for one in found)
                return Rates(
                    input_nano=dearest,
                    cached_nano=dearest,
                    write_nano=max(dearest, *(one.write_nano for one in found)),
                    output_nano=max(one.output_nano for one in found),
                    known=False,
                )
        return LAST_RESORT

    def _of_overlay(self, spec: ModelSpec, day: date) -> Rates | None:
        key = (spec.id, day)
        if key not in self._overlay:
            if len(self._overlay) >= _REMEMBERED:
                self._overlay.clear()
            begun = [row for row in spec.prices if row.since <= day]
            latest = max(begun, key=lambda row: row.since, default=None)
            self._overlay[key] = latest.rates if latest else None
        return self._overlay[key]
