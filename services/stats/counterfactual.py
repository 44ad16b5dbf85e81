"""What the answers would have cost without each thing that makes them cheaper, from the sums.

The figures are those of `services.llm.ledger.counterfactual`, which says what each one means; there
they are made of entries, here of what the database added up. A test compares the two.
"""

from collections.abc import Sequence

from services.llm.entry import Role
from services.llm.spec import Tier
from services.stats.figures import usd
from services.stats.ports import Cell
from services.stats.summary import FINE, FREE
from services.stats.views import Counterfactual

_USED = frozenset({Role.SERVED, Role.CUT})


def counterfactual(cells: Sequence[Cell]) -> Counterfactual:
    """All figures in nano-USD; of nothing: zeros."""
    cost = sum(cell.cost_nano for cell in cells)
    spared = sum(cell.saved_nano for cell in cells if cell.role in FREE)
    dearer = sum(
        cell.dearer_nano for cell in cells if cell.role not in FREE and cell.tier != Tier.ADVANCED
    )
    return Counterfactual(
        spent_nano=cost,
        spent=usd(cost, places=FINE),
        estimated_nano=sum(cell.estimated_nano for cell in cells),
        wasted_nano=sum(cell.cost_nano for cell in cells if cell.role not in _USED),
        without_cache_nano=cost + spared,
        without_tiers_nano=cost + dearer,
        without_compression_nano=cost + sum(cell.squeezed_nano for cell in cells),
        plain_nano=max(cost, sum(cell.list_nano for cell in cells)),
    )
