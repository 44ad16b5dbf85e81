"""How the experiments stand, for operators: what their guards counted, and what each arm costs."""

from collections.abc import Mapping

from services.core.clock import Clock
from services.llm.experiments.design import CONTROL, Experiment, Variant
from services.llm.experiments.evidence import Tally, difference, ratio_p
from services.llm.experiments.judge import LEVEL
from services.llm.experiments.running import Experiments, Standing
from services.stats.figures import spread, usd
from services.stats.ports import ArmLedger, ArmTotals
from services.stats.summary import FINE
from services.stats.views import ExperimentView, Spread, VariantView

KEPT_S = 60.0
UNEVEN = 0.001
"""A split that is less probable than this is not the one that was asked for.

Source: A. Fabijan et al., Diagnosing Sample Ratio Mismatch, KDD 2019.
"""


class ExperimentStats:
    """Tells the experiments of models.yaml: judged up to a few minutes ago, summed a minute ago."""

    def __init__(self, experiments: Experiments, ledger: ArmLedger, clock: Clock) -> None:
        self._experiments = experiments
        self._ledger = ledger
        self._clock = clock
        self._known: dict[str, tuple[float, Mapping[str, ArmTotals]]] = {}

    async def views(self) -> tuple[ExperimentView, ...]:
        """One for each experiment, in the file's order.

        Raises: BackendError when the ledger does not answer.
        """
        await self._experiments.look()
        return tuple([await self._view(one) for one in self._experiments.standings()])

    async def _view(self, standing: Standing) -> ExperimentView:
        design, stop = standing.experiment, standing.stop
        labels = [design.label(variant) for variant in design.variants]
        arms = await self._arms(design, labels)
        sessions = [arms[label].sessions if label in arms else 0 for label in labels]
        p = ratio_p(sessions, [float(variant.weight) for variant in design.variants])
        return ExperimentView(
            id=design.id,
            tier=design.tier.value,
            state=standing.state,
            since=design.since,
            worse_by=design.worse_by,
            variants=tuple(
                _variant(standing, variant, arms.get(design.label(variant)))
                for variant in design.variants
            ),
            stopped_at=stop.at if stop else None,
            stopped_for=stop.variant if stop else None,
            sample_ratio_p=None if p is None else round(p, 6),
            sample_ratio_fits=None if p is None else p >= UNEVEN,
        )

    async def _arms(self, design: Experiment, labels: list[str]) -> Mapping[str, ArmTotals]:
        """Half a second for 100,000 answers: not at each look at the page."""
        now_s = self._clock.monotonic_s()
        read_s, arms = self._known.get(design.id, (-KEPT_S, {}))
        if now_s - read_s >= KEPT_S:
            found = await self._ledger.arms(labels, since=design.begins)
            arms = {one.label: one for one in found}
            self._known[design.id] = now_s, arms
        return arms


def _variant(standing: Standing, variant: Variant, arm: ArmTotals | None) -> VariantView:
    tally = standing.tallies.get(variant.name, Tally())
    control = standing.tallies.get(CONTROL, Tally())
    low = high = None
    if variant.name != CONTROL and tally.calls and control.calls:
        bounds = difference(control, tally, level=_level(standing.experiment))
        low, high = (round(bound, 4) for bound in bounds)
    return VariantView(
        name=variant.name,
        model=standing.models.get(variant.name),
        weight=float(variant.weight),
        sessions=arm.sessions if arm else 0,
        calls=tally.calls,
        succeeded=tally.good,
        success_rate=round(tally.rate, 4) if tally.calls else None,
        difference_low=low,
        difference_high=high,
        cost_nano=arm.cost_nano if arm else 0,
        cost=usd(arm.cost_nano if arm else 0, places=FINE),
        first_token=spread(arm.first_token) if arm else Spread(),
    )


def _level(design: Experiment) -> float:
    """So that all variants' bounds hold together."""
    return LEVEL / (len(design.variants) - 1)
