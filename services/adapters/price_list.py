"""PriceList over the packaged genai-prices: published prices by day and by length of the prompt.

Owns how its decimals become our integers. Nothing is fetched: the data is the package's own. A
model is found by its exact id only, because the package's aliases are traps: it prices
`mistral-large-latest` as a model of 2024, and takes `gpt-5.6` for the dearest of its family.
"""

from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from typing import Any

from services.llm.spec import ModelSpec, Rates

_NANO = 10**9
_REMEMBERED = 1024

_Steps = tuple[tuple[int, Rates], ...]
"""Prices and the prompt tokens above which they hold, the longest prompts first."""


class GenaiPrices:
    """The price list as it was packaged; `edition` names it. Opening it takes 0.15 s and 14 MB."""

    def __init__(self) -> None:
        from genai_prices.data import providers
        from genai_prices.types import StartDateConstraint

        self.edition = f"genai-prices {version('genai-prices')}"
        self._dated: type[Any] = StartDateConstraint
        self._providers: dict[str, Any] = {one.id: one for one in providers}
        self._steps: dict[tuple[str, str, date], _Steps | None] = {}

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates | None:
        """The price at that time for a prompt of that length; None when nobody knows."""
        day = at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()
        key = (spec.provider, spec.model, day)
        if key in self._steps:
            steps = self._steps[key]
        else:
            model = self._model(spec)
            steps = _steps(model.get_prices(at)) if model is not None else None
            if model is None or self._holds_all_day(model):
                self._remember(key, steps)
        if steps is None:
            return None
        return next(rates for above, rates in steps if prompt_tokens > above)

    def _model(self, spec: ModelSpec) -> Any:
        models = getattr(self._providers.get(spec.provider), "models", ())
        return next((one for one in models if one.id == spec.model), None)

    def _holds_all_day(self, model: Any) -> bool:
        """Whether the price changes at most from day to day."""
        if not isinstance(model.prices, list):
            return True
        limits = (one.constraint for one in model.prices)
        return all(limit is None or isinstance(limit, self._dated) for limit in limits)

    def _remember(self, key: tuple[str, str, date], steps: _Steps | None) -> None:
        if len(self._steps) >= _REMEMBERED:
            self._steps.clear()
        self._steps[key] = steps


def _steps(price: Any) -> _Steps | None:
    """What the prices come to on each side of each border.

    None when there is no price for tokens, or when calls themselves are charged as well.
    """
    tokens_in, tokens_out = price.input_mtok, price.output_mtok
    if tokens_in is None or tokens_out is None or price.requests_kcount:
        return None
    cached = tokens_in if price.cache_read_mtok is None else price.cache_read_mtok
    write = tokens_in if price.cache_write_mtok is None else price.cache_write_mtok
    parts = (tokens_in, cached, write, tokens_out)
    borders = {tier.start for part in parts for tier in getattr(part, "tiers", ())}
    steps = []
    for above in (*sorted(borders, reverse=True), -1):
        input_nano, cached_nano, write_nano, output_nano = (_nano(part, above) for part in parts)
        if not input_nano + output_nano:
            return None
        rates = Rates(
            input_nano=input_nano,
            cached_nano=cached_nano,
            write_nano=write_nano,
            output_nano=output_nano,
        )
        steps.append((above, rates))
    return tuple(steps)


def _nano(price: Any, above: int) -> int:
    """Nano-USD for a million tokens, in a prompt that is longer than `above`."""
    if not isinstance(price, Decimal):
        reached = [tier.price for tier in price.tiers if above >= tier.start]
        price = reached[-1] if reached else price.base
    return int((price * _NANO).to_integral_value(ROUND_CEILING))
