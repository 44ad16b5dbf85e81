"""What the answers would have cost without each thing that makes them cheaper, from the sums."""

from collections.abc import Sequence

from services.llm.entry import Role
from services.llm.ledger.counterfactual import counterfactual_of
from services.stats.figures import usd
from services.stats.ports import Cell
from services.stats.summary import FINE
from services.stats.views import Counterfactual

_USED = frozenset({Role.SERVED, Role.CUT})


def counterfactual(cells: Sequence[Cell]) -> Counterfactual:
    """All figures in nano-USD; of nothing: zeros."""
    found = counterfactual_of(cells)
    return Counterfactual(
        spent_nano=found.cost_nano,
        spent=usd(found.cost_nano, places=FINE),
        estimated_nano=sum(cell.estimated_nano for cell in cells),
        wasted_nano=sum(cell.cost_nano for cell in cells if cell.role not in _USED),
        without_cache_nano=found.without_cache_nano,
        without_tiers_nano=found.without_tiers_nano,
        without_compression_nano=found.without_compression_nano,
        plain_nano=found.plain_nano,
    )
