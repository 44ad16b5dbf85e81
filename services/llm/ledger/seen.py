"""What one process knows of the counters, for a purse that forgot: a Redis without a disk, a file
that was replaced. A counter that is missing begins at what was last seen of it, never at 0 again.
"""

from collections.abc import Mapping, Sequence

from services.llm.ports import BudgetLine, Hold

_MOST = 4096


class Seen:
    """Nano-USD by budget key, as the purse last told, and this process's own holds in them."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._holds: dict[str, Hold] = {}

    def floor(self, key: str) -> int:
        """Where a missing counter begins: without our own holds, which are settled in full then."""
        return max(0, self._used.get(key, 0) - self._held.get(key, 0))

    def hold(self, holds: Sequence[Hold]) -> None:
        """These were set aside."""
        for hold in holds:
            if hold.lines and hold.id not in self._holds:
                self._holds[hold.id] = hold
                self._add(hold, hold.amount_nano)

    def free(self, hold: Hold) -> None:
        """It was settled."""
        if self._holds.pop(hold.id, None) is not None:
            self._add(hold, -hold.amount_nano)

    def shares(self, lines: Sequence[BudgetLine], used: Sequence[int]) -> Mapping[str, float]:
        """Notes what the purse told, and gives it as shares of the budgets, 0 and up."""
        made: dict[str, float] = {}
        for line, nano in zip(lines, used, strict=True):
            self._used[line.key] = nano
            made[line.key] = nano / line.limit_nano if line.limit_nano > 0 else 1.0
        while len(self._used) > _MOST:
            del self._used[next(iter(self._used))]
        return made

    def _add(self, hold: Hold, nano: int) -> None:
        for line in hold.lines:
            held = self._held.get(line.key, 0) + nano
            if held:
                self._held[line.key] = held
            else:
                self._held.pop(line.key, None)


def distinct(holds: Sequence[Hold]) -> tuple[BudgetLine, ...]:
    """All budgets that these holds draw on, each once, in order."""
    if len(holds) == 1:
        return holds[0].lines
    return tuple({line.key: line for hold in holds for line in hold.lines}.values())
