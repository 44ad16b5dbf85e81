"""One provider and one model of `models.yaml`, from a group of keys.

Owns what a model may say of itself and how a written price becomes exact integers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import urlsplit

from scenarios.errors import nearest, quoted
from services.core.money import NANO
from services.llm.models.reading import Group
from services.llm.spec import ModelSpec, PriceRow, Rates, Takes, Tier

PROVIDERS: Final = ("openai", "mistral", "scaleway")
"""Those that have a key and an address in the environment."""

_ID = re.compile(r"[a-z][a-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9._:/-]{0,126}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MICRO = 10**6
_MOST_PRICE = 10_000
_MOST_RATE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A vendor and its own address; the environment may name another one."""

    id: str
    base_url: str


def provider_of(name: str, group: Group) -> Provider:
    """A provider, with what is wrong with it reported."""
    base_url = group.text("base_url", required=True) or ""
    parts = urlsplit(base_url)
    if base_url and not (parts.scheme in ("http", "https") and parts.hostname):
        remedy = "Write it as https://api.example.com/v1."
        group.refuse("base_url", f"{quoted(base_url)} is not an address", remedy)
    group.close()
    return Provider(id=name, base_url=base_url.rstrip("/"))


def model_of(id: str, group: Group, providers: Mapping[str, Provider]) -> ModelSpec | None:
    """A model, with what is wrong with it reported; None when its id says nothing."""
    tier = group.one_of("tier", (Tier.CHEAP.value, Tier.ADVANCED.value), required=True)
    context_tokens = group.whole("context_tokens", least=256, most=100_000_000, required=True)
    takes = _takes(group.group("takes"))
    prices = _prices(group)
    shutdown = group.day("shutdown")
    fallback = group.text("fallback")
    group.close()
    if not _ID.fullmatch(id):
        remedy = "Write `provider/model`, the model as the vendor calls it."
        group.refuse(None, f"{quoted(id)} cannot be a model's id", remedy)
        return None
    provider, _, model = id.partition("/")
    if provider not in providers:
        remedy = nearest(provider, providers) or "Add it under `providers`."
        group.refuse(None, f"there is no provider {quoted(provider)}", remedy)
    return ModelSpec(
        id=id,
        provider=provider,
        model=model,
        tier=Tier(tier or Tier.CHEAP),
        context_tokens=context_tokens or 0,
        takes=takes,
        prices=prices,
        shutdown=shutdown,
        fallback=fallback,
    )


def _takes(group: Group | None) -> Takes:
    if group is None:
        return Takes()
    fields: tuple[Literal["max_completion_tokens", "max_tokens"], ...]
    fields = ("max_completion_tokens", "max_tokens")
    efforts: tuple[Literal["none", "minimal", "low"], ...] = ("none", "minimal", "low")
    ways: tuple[Literal["schema", "object", "words"], ...] = ("schema", "object", "words")
    takes = Takes(
        effort=group.one_of("effort", efforts),
        temperature=group.flag("temperature", True),
        limit_field=group.one_of("limit_field", fields) or "max_tokens",
        json=group.one_of("json", ways) or "words",
        prefill=group.flag("prefill", False),
        usage_in_stream=group.flag("usage_in_stream", True),
    )
    group.close()
    return takes


def _prices(group: Group) -> tuple[PriceRow, ...]:
    rows: dict[object, PriceRow] = {}
    for one in group.groups("prices"):
        row = _price(one)
        if row is not None and row.since in rows:
            one.refuse("since", "another price holds from that day", "Keep one of them.")
        elif row is not None:
            rows[row.since] = row
    return tuple(sorted(rows.values(), key=lambda row: row.since))


def _price(group: Group) -> PriceRow | None:
    since = group.day("since", required=True)
    source = group.text("source", required=True)
    input_nano = _nano(group, "input", required=True)
    output_nano = _nano(group, "output", required=True)
    cached_nano, write_nano = _nano(group, "cached"), _nano(group, "write")
    currency = group.text("currency") or "USD"
    if not _CURRENCY.fullmatch(currency):
        group.refuse("currency", f"{quoted(currency)} is not a currency", "Write USD or EUR.")
    to_usd_micro = _to_usd_micro(group, currency)
    group.close()
    if since is None or input_nano is None or output_nano is None or to_usd_micro is None:
        return None
    if not input_nano + output_nano:
        group.refuse(None, "a price of 0 would hide what is spent", "Write the vendor's price.")
    return PriceRow(
        since=since,
        source=source or "",
        rates=Rates(
            input_nano=input_nano,
            cached_nano=input_nano if cached_nano is None else cached_nano,
            write_nano=input_nano if write_nano is None else write_nano,
            output_nano=output_nano,
            currency=currency,
            to_usd_micro=to_usd_micro,
        ),
    )


def _nano(group: Group, key: str, *, required: bool = False) -> int | None:
    """A price for a million tokens, in nano-units of its currency."""
    return _scaled(group, key, NANO, most=_MOST_PRICE, required=required)


def _to_usd_micro(group: Group, currency: str) -> int | None:
    if currency == "USD":
        if "to_usd" in group:
            group.refuse("to_usd", "dollars need no rate", "Delete it, or name the currency.")
        group.text("to_usd")
        return _MICRO
    micro = _scaled(group, "to_usd", _MICRO, most=_MOST_RATE, required=True)
    if micro == 0:
        group.refuse("to_usd", "a rate of 0 would make the model free", "Write the dollars of one.")
        return None
    return micro


def _scaled(group: Group, key: str, unit: int, *, most: int, required: bool) -> int | None:
    number = group.number(key, most=most, required=required)
    if number is None:
        return None
    exact = number * Decimal(unit)
    if exact != exact.to_integral_value():
        places = len(str(unit)) - 1
        group.refuse(key, f"{number} is too fine", f"Write at most {places} decimals.")
        return None
    return int(exact)
