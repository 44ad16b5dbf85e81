"""A price list that tests write themselves."""

from collections.abc import Mapping
from datetime import datetime

from services.llm.spec import ModelSpec, Rates


def usd(
    input_usd: float, output_usd: float, *, cached: float | None = None, write: float | None = None
) -> Rates:
    """Prices in dollars for a million tokens."""
    return Rates(
        input_nano=round(input_usd * 1e9),
        cached_nano=round((input_usd if cached is None else cached) * 1e9),
        write_nano=round((input_usd if write is None else write) * 1e9),
        output_nano=round(output_usd * 1e9),
    )


KNOWN: Mapping[str, Rates] = {
    "openai/gpt-6-luna": usd(0.10, 0.50, cached=0.01, write=0.125),
    "openai/gpt-6.1-terra": usd(1.00, 5.00, cached=0.05, write=1.25),
    "openai/gpt-4o-mini": usd(0.15, 0.60, cached=0.075),
    "openai/gpt-3.5-turbo": usd(0.50, 1.50),
    "mistral/mistral-small-2603": usd(0.15, 0.60, cached=0.015),
    "mistral/mistral-large-4": usd(0.70, 2.10, cached=0.07),
}
"""The published prices of 2026-11-21."""


class FakePrices:
    """Knows `known` by model id; `long` above `border` prompt tokens. Counts what it was asked."""

    def __init__(
        self,
        known: Mapping[str, Rates] | None = None,
        *,
        long: Mapping[str, Rates] | None = None,
        border: int = 272_000,
    ) -> None:
        self.known = dict(KNOWN if known is None else known)
        self.long = dict(long or {"openai/gpt-6-luna": usd(0.2, 0.75, cached=0.02, write=0.25)})
        self.border = border
        self.asked: list[tuple[str, datetime, int]] = []

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates | None:
        self.asked.append((spec.id, at, prompt_tokens))
        if prompt_tokens > self.border and spec.id in self.long:
            return self.long[spec.id]
        return self.known.get(spec.id)
