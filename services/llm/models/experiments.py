"""The `experiments:` of models.yaml, and every reason to refuse one.

A model that is dearer than the tier allows by today's prices is `lint`'s; here it is one that the
file itself counts among the advanced ones.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from scenarios.errors import nearest, quoted
from services.llm.experiments.design import CONTROL, Experiment, Variant
from services.llm.models.reading import Group, named
from services.llm.spec import ModelSpec, Tier

MOST_VARIANTS = 4
_WORSE_BY = Decimal("0.05")
_ID = re.compile(r"[a-z][a-z0-9_-]{0,29}")
_NAMES = "Begin with a letter; then letters, digits, - and _, in lower case, 30 at most."


def experiments_of(
    group: Group | None, models: Mapping[str, ModelSpec]
) -> tuple[tuple[Experiment, ...], dict[str, int]]:
    """The experiments, with what is wrong with them reported, and the lines of their models.

    Lines are by `experiment/variant`.
    """
    if group is None:
        return (), {}
    found: dict[Tier, Experiment] = {}
    lines: dict[str, int] = {}
    for id, one in named(group).items():
        tier = one.one_of("tier", (Tier.CHEAP.value, Tier.ADVANCED.value), required=True)
        made = _experiment(id, one, Tier(tier or Tier.CHEAP), models, lines)
        if tier is None or made is None:
            continue
        if made.tier in found:
            other = found[made.tier].id
            cause = f"experiment {quoted(other)} has that tier already"
            one.refuse("tier", cause, "Delete one of them: an answer belongs to one experiment.")
        found.setdefault(made.tier, made)
    return tuple(found.values()), lines


def _experiment(
    id: str, group: Group, tier: Tier, models: Mapping[str, ModelSpec], lines: dict[str, int]
) -> Experiment | None:
    if not _ID.fullmatch(id):
        group.refuse(None, f"{quoted(id)} cannot be an experiment's id", _NAMES)
    since = group.day("since")
    paused = group.flag("paused", False)
    worse_by = _guard(group.group("guard"))
    variants = group.group("variants", required=True)
    group.close()
    if variants is None:
        return None
    made: list[Variant] = []
    for name, one in named(variants).items():
        lines[f"{id}/{name}"] = one.line_of("model")
        made.append(_variant(name, one, tier, models))
    _check(variants, made)
    made.sort(key=lambda one: (one.name != CONTROL, one.name))
    return Experiment(
        id=id,
        tier=tier,
        variants=tuple(made),
        since=since,
        paused=paused,
        worse_by=float(worse_by),
    )


def _guard(group: Group | None) -> Decimal:
    if group is None:
        return _WORSE_BY
    worse_by = group.number("worse_by", most=1, remedy="Write a part of 1: 0.05 is 5 points.")
    group.close()
    return _WORSE_BY if worse_by is None else worse_by


def _variant(name: str, group: Group, tier: Tier, models: Mapping[str, ModelSpec]) -> Variant:
    if not _ID.fullmatch(name):
        group.refuse(None, f"{quoted(name)} cannot be a variant's name", _NAMES)
    remedy = "Write a part of 1: 0.5 is every second session."
    weight = group.number("weight", most=1, required=True, remedy=remedy)
    if weight == 0:
        group.refuse("weight", "a weight of 0 is nobody", "Write more, or delete the variant.")
    model = group.text("model", required=name != CONTROL)
    if name == CONTROL and model is not None:
        group.refuse("model", "control asks the tier's own chain", "Delete the key.")
    elif model is not None and model not in models:
        cause = f"there is no model {quoted(model)}"
        group.refuse("model", cause, nearest(model, models) or "Add it under `models`.")
    elif model is not None and tier is Tier.CHEAP and models[model].tier is Tier.ADVANCED:
        cause = f"{model} is a model of the advanced tier, and dearer than this one allows"
        group.refuse("model", cause, "Try it on the advanced tier, or choose another.")
    group.close()
    return Variant(name=name, weight=weight or Decimal(0), model=model)


def _check(group: Group, variants: list[Variant]) -> None:
    names = [variant.name for variant in variants]
    if CONTROL not in names:
        group.refuse(None, f"there is no {CONTROL}", f"Add `{CONTROL}: {{weight: 0.5}}`.")
    elif len(names) < 2:
        group.refuse(None, f"there is nothing beside {CONTROL}", "Add a variant with a model.")
    if len(names) > MOST_VARIANTS:
        cause = f"there are {len(names)} variants"
        group.refuse(None, cause, f"Write at most {MOST_VARIANTS}: each more takes longer to tell.")
    whole = sum((variant.weight for variant in variants), Decimal(0))
    if whole != 1:
        group.refuse(None, f"the weights sum to {whole}", "Write weights that sum to exactly 1.")
