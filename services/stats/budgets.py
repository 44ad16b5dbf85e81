"""The budgets that stand for everybody, as the purse has them now.

Those of one user, session or scenario are not told: their keys would name people, and the purse
lists no keys. The dearest sessions are in `spending`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.llm.ledger.budgets import BudgetPlan
from services.llm.ports import Purse
from services.stats.ports import BudgetState


class PurseBudgets:
    """Budgets: those of the plan that need neither a session nor a user nor a scenario.

    `on_share` is told each one's scope and the share that is gone whenever they are read.
    """

    def __init__(
        self,
        plan: BudgetPlan,
        purse: Purse,
        *,
        on_share: Callable[[str, float], None] | None = None,
    ) -> None:
        self._plan = plan
        self._purse = purse
        self._on_share = on_share

    async def states(self, now: datetime) -> Sequence[BudgetState]:
        lines = self._plan.lines(now=now)
        if not lines:
            return ()
        spent = await self._purse.spent(lines)
        if self._on_share is not None:
            for line in lines:
                self._on_share(line.scope, spent.get(line.key, 0) / line.limit_nano)
        return tuple(
            BudgetState(
                key=line.key,
                scope=line.scope,
                spent_nano=spent.get(line.key, 0),
                limit_nano=line.limit_nano,
                ends_at=line.ends_at,
            )
            for line in lines
        )
