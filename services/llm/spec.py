"""Models as data: what they are called, where they live, what they take and what they cost."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


class Tier(StrEnum):
    """What a model is used for. `local` is this machine's own."""

    CHEAP = "cheap"
    ADVANCED = "advanced"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """What a model may be sent. Sending more is a 400, sending less is slow or dear.

    `effort` is sent as reasoning_effort when set. `json` says how JSON can be asked for: by schema,
    as any object, or in words only. `prefill`: an assistant message at the end is continued.
    """

    effort: Literal["none", "minimal", "low"] | None = None
    temperature: bool = True
    limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"
    json: Literal["schema", "object", "words"] = "words"
    prefill: bool = False
    usage_in_stream: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices of one moment, as integers: nano-units of `currency` for a million tokens.

    One dollar a million tokens is 1_000_000_000. `to_usd_micro` is what one unit of the currency
    is worth in millionths of a dollar. `known` is False for a ceiling in place of a price.
    """

    input_nano: int
    cached_nano: int
    write_nano: int
    output_nano: int
    currency: str = "USD"
    to_usd_micro: int = 1_000_000
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A price of the overlay, the UTC day from which it holds, and where it was read."""

    since: date
    rates: Rates
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of one provider. `id` is `provider/model`.

    `prices` is the overlay: empty when the price list knows the model. `fallback` is the id of the
    model that is asked next. `shutdown` is the day on which the vendor ends it.
    """

    id: str
    provider: str
    model: str
    tier: Tier
    context_tokens: int
    takes: Takes = Takes()
    prices: tuple[PriceRow, ...] = ()
    shutdown: date | None = None
    fallback: str | None = None
