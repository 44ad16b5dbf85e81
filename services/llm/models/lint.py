"""What speaks against a catalogue on a given day: prices the wrong way round, models that end.

Pure. Owns the checks that need prices or a date; the file's own form is `catalogue`'s. An error
means that the tiers cannot be used as they stand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import product
from types import MappingProxyType
from typing import Literal

from services.core.money import NANO_PER_USD
from services.llm.models.catalogue import HEADED, ModelCatalogue, head_line
from services.llm.models.money import Pricing, cost_nano
from services.llm.outcome import Usage
from services.llm.request import TaskType
from services.llm.spec import ModelSpec, Rates, Tier

NOTICE_DAYS = 60
"""How long before a model's end its users are told."""

MIXES: Mapping[TaskType, Usage] = MappingProxyType(
    {
        TaskType.CONVERSATION: Usage(prompt_tokens=900, completion_tokens=80),
        TaskType.AGENT_RESPONSE: Usage(prompt_tokens=1500, completion_tokens=60),
        TaskType.AGENT_REACTION: Usage(prompt_tokens=700, completion_tokens=25),
        TaskType.ORCHESTRATION: Usage(prompt_tokens=1900, completion_tokens=120),
        TaskType.CREATIVE: Usage(prompt_tokens=800, completion_tokens=250),
        TaskType.ANALYSIS: Usage(prompt_tokens=1500, completion_tokens=300),
        TaskType.SESSION_CONTEXT: Usage(prompt_tokens=2000, completion_tokens=200),
        TaskType.DEBRIEF: Usage(prompt_tokens=4000, completion_tokens=600),
    }
)
"""Tokens of a typical call of each task: reactions and orchestration as a session's plan counts
them, the others estimated from the prompts of the shipped scenes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know. `model` may be empty; `in_use` tells that a tier may ask that model."""

    severity: Literal["error", "warning"]
    code: str
    place: str
    model: str
    cause: str
    hint: str
    in_use: bool = True

    def __str__(self) -> str:
        """`file:line: error|warning CODE model: cause. hint`, on one line."""
        return f"{self.place}: {self.severity} {self.code} {self.model}: {self.cause}. {self.hint}"

    def as_json(self) -> dict[str, str | bool]:
        """The fields as plain JSON values."""
        return asdict(self)


def lint(catalogue: ModelCatalogue, pricing: Pricing, today: date) -> tuple[Finding, ...]:
    """Everything that speaks against the catalogue on that day, errors first."""
    used = {spec.id for tier in HEADED for spec in catalogue.chain(tier)}
    used |= {spec.id for task in catalogue.tasks for spec in catalogue.own_chain(task)}
    used |= {one.model for made in catalogue.experiments for one in made.others if one.model}
    at = datetime.combine(today, time(12), UTC)
    findings = [*_dearer(catalogue, pricing, at)]
    for spec in catalogue.specs.values():
        findings += _ending(catalogue, spec, today, in_use=spec.id in used)
        if pricing.known(spec, at=at) is None:
            findings.append(_unpriced(catalogue, spec, in_use=spec.id in used))
    return tuple(sorted(findings, key=lambda one: (one.severity, not one.in_use)))


def _dearer(catalogue: ModelCatalogue, pricing: Pricing, at: datetime) -> Iterable[Finding]:
    """What the cheap tier asks first costs more than what the advanced one does, by task."""
    heads = catalogue.chain(Tier.ADVANCED)[:1]
    for advanced, (cheap, line, hint) in product(heads, _asked_as_cheap(catalogue)):
        for task, mix in MIXES.items() if cheap != advanced else ():
            costs = [_cost(pricing, spec, mix, at) for spec in (cheap, advanced)]
            if costs[0] is None or costs[1] is None or costs[0] <= costs[1]:
                continue
            yield Finding(
                severity="error",
                code="E-TIER-PRICE",
                place=_place(catalogue, line),
                model=cheap.id,
                cause=(
                    f"as the {Tier.CHEAP.value} tier it costs {_usd(costs[0])} for one {task.value}"
                    f" call, {advanced.id} as the {Tier.ADVANCED.value} tier {_usd(costs[1])}"
                ),
                hint=hint,
            )


def _asked_as_cheap(catalogue: ModelCatalogue) -> Iterable[tuple[ModelSpec, str, str]]:
    """The tier's head and what is tried in its place, each with its line's name and a hint."""
    for head in catalogue.chain(Tier.CHEAP)[:1]:
        hint = "Exchange the two under `tiers`, or choose another model."
        yield head, head_line(Tier.CHEAP), hint
    for made in catalogue.experiments:
        for one in made.others:
            if made.tier is Tier.CHEAP and one.model is not None:
                yield catalogue.spec(one.model), made.label(one), "Try another model."


def _ending(
    catalogue: ModelCatalogue, spec: ModelSpec, today: date, *, in_use: bool
) -> Iterable[Finding]:
    if spec.shutdown is None or (days := (spec.shutdown - today).days) > NOTICE_DAYS:
        return
    gone = days <= 0
    cause = f"the vendor ended it on {spec.shutdown}" if gone else f"it ends in {days} days"
    where = f", on {spec.shutdown}" if not gone else ""
    yield Finding(
        severity="error" if gone and in_use else "warning",
        code="E-SHUTDOWN" if gone and in_use else "W-SHUTDOWN",
        place=_place(catalogue, spec.id),
        model=spec.id,
        cause=f"{cause}{where}{'; a tier asks it' if in_use else ''}",
        hint="Put its successor in its place." if in_use else "Delete it, or leave it unused.",
        in_use=in_use,
    )


def _unpriced(catalogue: ModelCatalogue, spec: ModelSpec, *, in_use: bool) -> Finding:
    return Finding(
        severity="warning",
        code="W-PRICE",
        place=_place(catalogue, spec.id),
        model=spec.id,
        cause="nobody knows its price, so its calls are booked at the dearest of its tier",
        hint="Add `prices` from the vendor's page.",
        in_use=in_use,
    )


def _cost(pricing: Pricing, spec: ModelSpec, mix: Usage, at: datetime) -> int | None:
    rates: Rates | None = pricing.known(spec, at=at, prompt_tokens=mix.prompt_tokens)
    return None if rates is None else cost_nano(mix, rates)


def _usd(nano: int) -> str:
    return f"${(Decimal(nano) / NANO_PER_USD).normalize():f}"


def _place(catalogue: ModelCatalogue, id: str) -> str:
    return f"{catalogue.file or 'models'}:{catalogue.lines.get(id, 1)}"
