"""The state of the models on a day, for a person or a program to read.

Owns what `python -m services.llm doctor` says. Pure: what it reads is handed to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

from services.core.money import NANO
from services.llm.experiments.design import Experiment
from services.llm.models.catalogue import HEADED, ModelCatalogue
from services.llm.models.lint import Finding, lint
from services.llm.models.money import Pricing
from services.llm.spec import ModelSpec, Rates, Takes

_HEADINGS = (
    "model", "tier", "in", "cached", "write", "out", "currency", "to USD", "price since",
    "context", "takes", "ends",
)  # fmt: skip
_WORDS = frozenset({"model", "tier", "currency", "price since", "takes", "ends"})
"""Columns that are set to the left; figures stand to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A model and its price; `since` is the overlay row's day, None for the price list's own."""

    spec: ModelSpec
    rates: Rates | None
    since: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Everything the doctor knows."""

    catalogue: ModelCatalogue
    today: date
    models: Sequence[Priced]
    findings: Sequence[Finding]

    @property
    def healthy(self) -> bool:
        """No error, and no warning about a model that a tier may ask."""
        return not any(one.severity == "error" or one.in_use for one in self.findings)


def diagnose(
    catalogue: ModelCatalogue, pricing: Pricing, today: date, *, edition: str = "price list"
) -> Diagnosis:
    """The catalogue as it stands on that day; `edition` names the price list."""
    at = datetime.combine(today, time(12), UTC)
    return Diagnosis(
        catalogue=catalogue,
        today=today,
        models=[_priced(spec, pricing, at, edition) for spec in catalogue.specs.values()],
        findings=lint(catalogue, pricing, today),
    )


def as_text(diagnosis: Diagnosis) -> str:
    """A page: tiers, models with their prices for a million tokens, findings."""
    lines = [f"{diagnosis.catalogue.file}: {len(diagnosis.models)} models on {diagnosis.today}", ""]
    for tier in HEADED:
        chain = " -> ".join(spec.id for spec in diagnosis.catalogue.chain(tier))
        lines.append(f"{tier.value:<8}  {chain}")
    for task in diagnosis.catalogue.tasks:
        chain = " -> ".join(spec.id for spec in diagnosis.catalogue.own_chain(task))
        lines.append(f"{task:<8}  {chain}")
    lines += [_tried(one) for one in diagnosis.catalogue.experiments]
    thresholds = diagnosis.catalogue.thresholds
    lines += [
        "",
        f"cheap below {thresholds.cheap_tokens} expected tokens,"
        f" advanced above {thresholds.context_tokens} tokens of context"
        f"{' (frozen)' if thresholds.frozen else ''}",
        "",
        "prices for a million tokens:",
        *_table([_HEADINGS, *(_row(one) for one in diagnosis.models)]),
        "",
    ]
    lines += [str(one) for one in diagnosis.findings] or ["nothing speaks against it"]
    return "\n".join(lines)


def as_json(diagnosis: Diagnosis) -> Mapping[str, object]:
    """The same as plain JSON values; prices are nano-units for a million tokens."""
    catalogue = diagnosis.catalogue
    return {
        "file": catalogue.file,
        "day": diagnosis.today.isoformat(),
        "healthy": diagnosis.healthy,
        "tiers": {tier.value: [spec.id for spec in catalogue.chain(tier)] for tier in HEADED},
        "experiments": [_experiment(one) for one in catalogue.experiments],
        "thresholds": asdict(catalogue.thresholds),
        "models": [_entry(one) for one in diagnosis.models],
        "findings": [one.as_json() for one in diagnosis.findings],
    }


def _tried(one: Experiment) -> str:
    parts = [f"{each.name} {each.weight} {each.model or ''}".strip() for each in one.variants]
    notes = f"{f' since {one.since}' if one.since else ''}{' (paused)' if one.paused else ''}"
    return f"experiment {one.id} on {one.tier.value}: {', '.join(parts)}{notes}"


def _experiment(one: Experiment) -> dict[str, object]:
    return {
        "id": one.id,
        "tier": one.tier.value,
        "since": one.since.isoformat() if one.since else None,
        "paused": one.paused,
        "worse_by": one.worse_by,
        "variants": {
            each.name: {"weight": float(each.weight), "model": each.model} for each in one.variants
        },
    }


def _priced(spec: ModelSpec, pricing: Pricing, at: datetime, edition: str) -> Priced:
    rates = pricing.known(spec, at=at)
    begun = [row for row in spec.prices if row.since <= at.date()]
    if rates is None or not begun:
        source = "" if rates is None else edition
        return Priced(spec=spec, rates=rates, since=None, source=source)
    row = max(begun, key=lambda one: one.since)
    return Priced(spec=spec, rates=rates, since=row.since, source=row.source)


def _entry(one: Priced) -> dict[str, object]:
    spec = one.spec
    return {
        "id": spec.id,
        "tier": spec.tier.value,
        "context_tokens": spec.context_tokens,
        "takes": asdict(spec.takes),
        "shutdown": spec.shutdown.isoformat() if spec.shutdown else None,
        "fallback": spec.fallback,
        "price": asdict(one.rates) if one.rates else None,
        "price_since": one.since.isoformat() if one.since else None,
        "price_source": one.source,
    }


def _row(one: Priced) -> tuple[str, ...]:
    spec, rates = one.spec, one.rates
    if rates is None:
        price: tuple[str, ...] = ("?", "?", "?", "?", "", "", "unknown")
    else:
        amounts = (rates.input_nano, rates.cached_nano, rates.write_nano, rates.output_nano)
        rate = f"{rates.to_usd_micro / 1e6:g}"
        since = one.since.isoformat() if one.since else one.source
        price = (*(_amount(nano) for nano in amounts), rates.currency, rate, since)
    ends = spec.shutdown.isoformat() if spec.shutdown else "-"
    return spec.id, spec.tier.value, *price, f"{spec.context_tokens:,}", _told(spec.takes), ends


def _amount(nano: int) -> str:
    whole, rest = divmod(nano, NANO)
    return f"{whole}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"


def _told(takes: Takes) -> str:
    told = [f"effort={takes.effort}"] if takes.effort else []
    told.append(f"json={takes.json}")
    told += ["temperature"] if takes.temperature else []
    told += ["prefill"] if takes.prefill else []
    told += ["usage"] if takes.usage_in_stream else []
    return ",".join(told)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        cells = [
            cell.ljust(width) if name in _WORDS else cell.rjust(width)
            for cell, width, name in zip(row, widths, _HEADINGS, strict=True)
        ]
        yield "  ".join(cells).rstrip()
