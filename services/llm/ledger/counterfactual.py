"""What a session cost, and what it would have cost without each thing that makes it cheaper.

Pure: it reads ledger entries and knows no prices.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.llm.entry import LedgerEntry, Role
from services.llm.spec import Tier

_SPARED = frozenset({Role.CACHED, Role.DECK})


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
    cost = spared = dearer = squeezed = plain = 0
    for entry in entries:
        cost += entry.cost_nano
        plain += entry.list_nano
        squeezed += entry.squeezed_nano
        if entry.role in _SPARED:
            spared += entry.saved_nano
        elif entry.tier is not Tier.ADVANCED:
            dearer += max(0, entry.list_nano - entry.cost_nano)
    return Counterfactual(
        cost_nano=cost,
        without_cache_nano=cost + spared,
        without_tiers_nano=cost + dearer,
        without_compression_nano=cost + squeezed,
        plain_nano=max(cost, plain),
    )
