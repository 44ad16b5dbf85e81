"""The answers of experiments in memory, counted in plain Python: what SQL is compared with."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.llm.entry import Role
from services.llm.experiments.results import Row, block_of
from services.llm.ports import LedgerStore
from services.stats.buckets import bucket_of
from services.stats.ports import ArmTotals


class FakeResults:
    """Results and ArmLedger over any ledger that gives its entries. `asked` counts the readings."""

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

    async def arms(self, labels: Sequence[str], *, since: datetime | None) -> Sequence[ArmTotals]:
        booked = await self._ledger.entries(since=since)
        found: list[ArmTotals] = []
        for label in labels:
            own = [one for one in booked if one.variant == label]
            if not own:
                continue
            times = [
                one.first_token_s
                for one in own
                if one.role is Role.SERVED
                and one.source == "live"
                and one.first_token_s is not None
            ]
            arm = ArmTotals(
                label=label,
                sessions=len({one.session for one in own if one.session is not None}),
                cost_nano=sum(one.cost_nano for one in own),
                first_token=dict(Counter(map(bucket_of, times))),
            )
            found.append(arm)
        return found
