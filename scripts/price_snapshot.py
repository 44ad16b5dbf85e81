"""Writes `services/llm/models/prices.json` from genai-prices: `python -m scripts.price_snapshot`.

Owns how the package's decimals become our integers: nano-USD for a million tokens, rounded up. A
model's prices are told for each day on which one of them begins, newest first, and for each length
of the prompt from which another one holds, longest first.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version

from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from services.core.money import NANO_PER_USD
from services.llm.models.entries import PROVIDERS
from services.llm.models.price_list import PACKAGED, Period, Step


def snapshot() -> str:
    """prices.json: one line a model, sorted."""
    listed = [
        f"{_json(provider.id)}:{{\n" + ",\n".join(_lines(provider.models)) + "\n}"
        for provider in sorted(providers, key=lambda provider: provider.id)
        if provider.id in PROVIDERS
    ]
    edition = _json(f"genai-prices {version('genai-prices')}")
    return f'{{"edition":{edition},"models":{{\n' + ",\n".join(listed) + "\n}}\n"


def _lines(models: Iterable[ModelInfo]) -> Iterator[str]:
    for model in sorted(models, key=lambda model: model.id):
        periods = list(_periods(model))
        if any(steps for _, steps in periods):
            yield f"{_json(model.id)}:{_json(periods)}"


def _periods(model: ModelInfo) -> Iterator[Period]:
    """What it costs from each day on which a price begins, newest first."""
    days = {date.min}
    for one in model.prices if isinstance(model.prices, list) else ():
        if isinstance(one.constraint, StartDateConstraint):
            days.add(one.constraint.start_date)
        elif one.constraint is not None:
            raise SystemExit(f"{model.id}: its price changes within a day; prices.json holds days")
    for day in sorted(days, reverse=True):
        price = model.get_prices(datetime.combine(day, time(12), UTC))
        yield day.isoformat(), _steps(price)


def _steps(price: ModelPrice) -> list[Step] | None:
    """What the prices come to on each side of each border, longest prompts first.

    None when there is no price for tokens, or when calls themselves are charged as well.
    """
    tokens_in, tokens_out = price.input_mtok, price.output_mtok
    if tokens_in is None or tokens_out is None or price.requests_kcount:
        return None
    cached = tokens_in if price.cache_read_mtok is None else price.cache_read_mtok
    write = tokens_in if price.cache_write_mtok is None else price.cache_write_mtok
    parts = (tokens_in, cached, write, tokens_out)
    borders = {
        tier.start for part in parts if isinstance(part, TieredPrices) for tier in part.tiers
    }
    steps: list[Step] = [
        (above, *(_nano(part, above) for part in parts))
        for above in (*sorted(borders, reverse=True), -1)
    ]
    return steps if all(step[1] + step[-1] for step in steps) else None


def _nano(price: Decimal | TieredPrices, above: int) -> int:
    """Nano-USD for a million tokens, in a prompt that is longer than `above`."""
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if above >= tier.start]
        price = reached[-1] if reached else price.base
    return int((price * NANO_PER_USD).to_integral_value(ROUND_CEILING))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    PACKAGED.write_text(snapshot(), encoding="utf-8")
