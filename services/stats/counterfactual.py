"""What the same answers would have cost without each of the optimizer's savings.

Source of the amounts: `services.llm.entry`, which says what a booking's `list_nano`, `saved_nano`
and `squeezed_nano` are.
"""

from collections.abc import Sequence

from services.llm.entry import Role
from services.stats.figures import usd
from services.stats.ports import Cell
from services.stats.summary import FINE, FREE
from services.stats.views import Counterfactual

_HEARD = frozenset({Role.SERVED, Role.CUT})


def counterfactual(cells: Sequence[Cell]) -> Counterfactual:
    """Sums, not guesses: whatever was not booked is not in them."""
    spent = sum(cell.cost_nano for cell in cells)
    saved = sum(cell.saved_nano for cell in cells if cell.role in FREE)
    squeezed = sum(cell.squeezed_nano for cell in cells if cell.role not in FREE)
    listed = sum(cell.list_nano for cell in cells)
    without_tiers = listed - sum(cell.list_nano for cell in cells if cell.role in FREE)
    return Counterfactual(
        spent_nano=spent,
        spent=usd(spent, places=FINE),
        estimated_nano=sum(cell.estimated_nano for cell in cells),
        wasted_nano=sum(cell.cost_nano for cell in cells if cell.role not in _HEARD),
        without_cache_nano=spent + saved,
        without_tiers_nano=without_tiers,
        without_compression_nano=spent + squeezed,
        without_all_nano=listed,
    )
