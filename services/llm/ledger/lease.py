"""What a process may still spend while the purse is away: a part of what was left when last seen.

Nothing of it is lost: each attempt is settled in the purse when it is back. Until then the budgets
of several processes cannot see each other, so each takes a small part of the shared ones only.
"""

from collections.abc import Mapping, Sequence

from services.llm.ports import BudgetLine

_PARTS = {"session": 0.2, "user": 0.1}
_SHARED_PART = 0.02
UNSEEN_SHARE = 0.5
ADVANCED_PART = 0.5


class LocalLease:
    """Amounts taken from each budget, in nano-USD, until `clear`."""

    def __init__(self) -> None:
        self._granted: dict[str, int] = {}
        self._taken: dict[str, int] = {}

    def take(
        self,
        lines: Sequence[BudgetLine],
        amount_nano: int,
        *,
        shares: Mapping[str, float],
        advanced: bool,
    ) -> str | None:
        """Takes it from every line, or from none: then the scope of the first that is too small.

        The advanced tier finds half of each line only, so that it is the first to be refused. A
        budget whose share was never seen counts as half used.
        """
        for line in lines:
            granted = self._granted.get(line.key)
            if granted is None:
                granted = self._granted[line.key] = _grant(line, shares.get(line.key))
            allowed = int(granted * ADVANCED_PART) if advanced else granted
            if self._taken.get(line.key, 0) + amount_nano > allowed:
                return line.scope
        for line in lines:
            self._taken[line.key] = self._taken.get(line.key, 0) + amount_nano
        return None

    def correct(self, lines: Sequence[BudgetLine], delta_nano: int) -> None:
        """The attempt cost that much more, or less, than what was taken for it."""
        for line in lines:
            if line.key in self._taken:
                self._taken[line.key] = max(0, self._taken[line.key] + delta_nano)

    def used(self, lines: Sequence[BudgetLine]) -> float:
        """How much of the fullest of these grants is taken, 0 and up; 0 before anything was."""
        return max(
            (
                self._taken.get(line.key, 0) / granted if granted else 1.0
                for line in lines
                if (granted := self._granted.get(line.key)) is not None
            ),
            default=0.0,
        )

    def clear(self) -> None:
        """The purse is back."""
        self._granted.clear()
        self._taken.clear()


def _grant(line: BudgetLine, share: float | None) -> int:
    left = max(0.0, 1.0 - (UNSEEN_SHARE if share is None else share))
    return int(line.limit_nano * left * _PARTS.get(line.scope.partition("/")[0], _SHARED_PART))
