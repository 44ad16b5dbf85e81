"""What a session cost, and what it would have cost without each thing that makes it cheaper.

Pure: it reads ledger entries, or sums of them, and knows no prices.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from services.llm.entry import LedgerEntry, Role
from services.llm.spec import Tier

_SPARED = frozenset({Role.CACHED, Role.DECK})


class Summed(Protocol):
    """Nano-USD of entries that are alike in role and tier, each added up.

    `dearer_nano` is what they cost less than their list price, each of them 0 or more.
    """

    @property
    def role(self) -> str: ...

    @property
    def tier(self) -> str | None: ...

    @property
    def cost_nano(self) -> int: ...

    @property
    def list_nano(self) -> int: ...

    @property
    def saved_nano(self) -> int: ...

    @property
    def squeezed_nano(self) -> int: ...

    @property
    def dearer_nano(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """The sums of one entry."""

    role: str
    tier: str | None
    cost_nano: int
    list_nano: int
    saved_nano: int
    squeezed_nano: int
    dearer_nano: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """Nano-USD. No figure is below `cost_nano`, and all are exact sums of ledger entries.

    - `cost_nano`: every attempt, the lost and cancelled ones too.
    - `without_cache_nano`: as if each answer that cache or deck gave had been made by the model it
      stands for. What filling the deck cost stays in.
    - `without_tiers_nano`: as if each answer of a cheap or local model had been the advanced one's
      at its list price, that is without the vendor's cache and without compression. Attempts that
      were not used keep their cost, and so do the advanced model's answers.
    - `without_compression_nano`: as if the tokens that were squeezed out had been sent.
    - `plain_nano`: none of the three, and no vendor's cache: every answer at the advanced list
      price. Attempts whose words were not used, and authored words, cost nothing there; it is
      `cost_nano` where that is more.
    """

    cost_nano: int
    without_cache_nano: int
    without_tiers_nano: int
    without_compression_nano: int
    plain_nano: int

    @property
    def saved_nano(self) -> int:
        """What all of it together spared, 0 and up."""
        return self.plain_nano - self.cost_nano


def counterfactual(entries: Iterable[LedgerEntry]) -> Counterfactual:
    """The figures of these entries, in any order; of none: zeros."""
    return counterfactual_of(
        _One(
            role=entry.role,
            tier=entry.tier,
            cost_nano=entry.cost_nano,
            list_nano=entry.list_nano,
            saved_nano=entry.saved_nano,
            squeezed_nano=entry.squeezed_nano,
            dearer_nano=max(0, entry.list_nano - entry.cost_nano),
        )
        for entry in entries
    )


def counterfactual_of(sums: Iterable[Summed]) -> Counterfactual:
    """The same figures, of entries that somebody else added up."""
    cost = spared = dearer = squeezed = listed = 0
    for one in sums:
        cost += one.cost_nano
        listed += one.list_nano
        squeezed += one.squeezed_nano
        if one.role in _SPARED:
            spared += one.saved_nano
        elif one.tier != Tier.ADVANCED:
            dearer += one.dearer_nano
    return Counterfactual(
        cost_nano=cost,
        without_cache_nano=cost + spared,
        without_tiers_nano=cost + dearer,
        without_compression_nano=cost + squeezed,
        plain_nano=plain_nano(cost, listed),
    )


def plain_nano(cost_nano: int, list_nano: int) -> int:
    """What bookings that cost so much would have cost without all of it: their list prices."""
    return max(cost_nano, list_nano)
