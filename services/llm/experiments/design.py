"""What an experiment is: a tier, the variants that share its sessions, and what is not borne.

Pure. Which variant a session has is a hash of the two names: every process says the same, after a
restart too, and nothing is stored.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from services.llm.spec import Tier

CONTROL = "control"
"""The variant that asks the tier's own chain."""

_POINTS = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to answer. `weight` is its part of the sessions, 0 to 1; control has no `model`."""

    name: str
    weight: Decimal
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A comparison on one tier. Control is the first variant, the others follow by name.

    The weights sum to 1. `since` is the UTC day on which it begins. `worse_by` is the loss of
    success, 0 to 1, that is borne: a variant that is surely worse by more ends the experiment.
    """

    id: str
    tier: Tier
    variants: tuple[Variant, ...]
    since: date | None = None
    paused: bool = False
    worse_by: float = 0.05

    @property
    def begins(self) -> datetime | None:
        """The first moment of `since`."""
        return None if self.since is None else datetime.combine(self.since, time(), UTC)

    @property
    def others(self) -> Iterator[Variant]:
        """Every variant but control."""
        return (variant for variant in self.variants if variant.name != CONTROL)

    def label(self, variant: Variant) -> str:
        """How the ledger names a variant of it: `id/variant`."""
        return f"{self.id}/{variant.name}"

    def assigned(self, session: str) -> Variant:
        """The variant of a session, for as long as id and weights stay as they are."""
        name = f"{self.id}\n{session}".encode("utf-8", "surrogatepass")
        point = int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
        reach = Decimal(0)
        for variant in self.variants:
            reach += variant.weight
            if point < reach * _POINTS:
                return variant
        return self.variants[-1]
