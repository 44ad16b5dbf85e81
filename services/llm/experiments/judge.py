"""The guard of one experiment: counts calls in the order of time, and ends it at the first breach.

The same rows end it at the same block in every process and after every restart, whatever was booked
later: nothing but the ledger remembers it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from services.llm.experiments.design import CONTROL, Experiment
from services.llm.experiments.evidence import Tally, log_evidence
from services.llm.experiments.results import BLOCK, Row, went_well

LEVEL = 0.05
"""The greatest chance that an experiment whose variants do not differ is ever stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why an experiment ended: the variant that was too bad, and the end of the block that told."""

    variant: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Judge:
    """Tallies by variant, and the stop if there is one. `models` says whom each variant asks.

    `until` is the moment up to which rows were taken.
    """

    experiment: Experiment
    models: Mapping[str, str]
    tallies: dict[str, Tally] = field(default_factory=dict)
    stop: Stop | None = None
    until: datetime | None = None

    def take(self, rows: Iterable[Row], *, until: datetime) -> None:
        """Takes all rows from where it is to `until`; after a stop nothing counts."""
        ordered = sorted(rows, key=lambda row: row.block)
        for block, found in groupby(ordered, key=lambda row: row.block):
            if self.stop is not None:
                break
            for row in found:
                self._count(row)
            worst = self._breached()
            if worst is not None:
                self.stop = Stop(variant=worst, at=block + BLOCK)
        self.until = until

    def _count(self, row: Row) -> None:
        variant = row.label.rpartition("/")[2]
        model = self.models.get(variant)
        good = None if model is None else went_well(row, model)
        if good is None:
            return
        tally = self.tallies.get(variant, Tally())
        self.tallies[variant] = Tally(
            tally.good + (row.calls if good else 0), tally.bad + (0 if good else row.calls)
        )

    def _breached(self) -> str | None:
        """A variant that is surely worse than control, and by `worse_by` as far as was seen."""
        control = self.tallies.get(CONTROL, Tally())
        others = [variant.name for variant in self.experiment.others]
        enough = math.log(len(others) / LEVEL)
        for name in others:
            tally = self.tallies.get(name, Tally())
            if control.rate - tally.rate < self.experiment.worse_by:
                continue
            if log_evidence(control, tally) >= enough:
                return name
        return None
