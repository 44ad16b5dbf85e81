"""The answers of experiments in memory, counted in plain Python: what SQL is compared with."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.llm.experiments.results import Row, block_of
from services.llm.ports import LedgerStore


class FakeResults:
    """Results over any ledger that gives its entries. `asked` counts the times it was read."""

    def __init__(self, ledger: LedgerStore) -> None:
        self._ledger = ledger
        self.asked = 0

    async def rows(
        self, labels: Sequence[str], *, since: datetime | None, until: datetime
    ) -> Sequence[Row]:
        self.asked += 1
        counted: Counter[tuple[datetime, str, str, str, str | None, str | None]] = Counter()
        for entry in await self._ledger.entries(since=since):
            if entry.calls and entry.variant in labels and entry.at < until:
                model = f"{entry.provider}/{entry.model}" if entry.model else None
                kinds = (entry.role.value, entry.source, model, entry.fault)
                counted[(block_of(entry.at), entry.variant or "", *kinds)] += 1
        return [
            Row(
                block=block, label=label, role=role, source=source, model=model, fault=fault,
                calls=calls,
            )
            for (block, label, role, source, model, fault), calls in counted.items()
        ]  # fmt: skip
