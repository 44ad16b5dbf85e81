"""Experiments for tests: luna against nova on the cheap tier, in equal parts."""

from decimal import Decimal
from typing import Any

from services.llm.experiments.design import CONTROL, Experiment, Variant
from services.llm.spec import Tier

CONTROL_MODEL, NOVA_MODEL = "openai/luna", "openai/nova"
NOVA = Variant(name="nova", weight=Decimal("0.5"), model=NOVA_MODEL)


def experiment(*others: Variant, weight: str = "0.5", **fields: Any) -> Experiment:
    """Control with that weight, and the others; without any: nova."""
    control = Variant(name=CONTROL, weight=Decimal(weight))
    known: dict[str, Any] = {"id": "luna-nova", "tier": Tier.CHEAP}
    return Experiment(variants=(control, *(others or (NOVA,))), **(known | fields))
