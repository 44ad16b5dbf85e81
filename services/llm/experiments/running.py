"""The experiments of this process: who answers which session, and when one has to end.

Owns the way from a session to a chain of routes. The guards look at the ledger in the background;
until it has been read once, and whenever an experiment does not run, every session is answered by
the tier's own chain, and nothing of it is counted.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.core.clock import Clock
from services.core.errors import BackendError
from services.llm.experiments.design import Experiment, Variant
from services.llm.experiments.evidence import Tally
from services.llm.experiments.judge import Judge, Stop
from services.llm.experiments.results import Results, Row, block_of
from services.llm.ports import Observer, Route
from services.llm.spec import Tier

LOOK_S = 60.0
FIRST_LOOK_S = 2.0
"""How long a process waits at its start to learn which experiments were stopped."""

SETTLE = timedelta(minutes=2)
"""How long after its end a block is counted: what began in it has ended and is booked."""

State = Literal["running", "waiting", "paused", "stopped", "unknown"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A variant as a call sees it: its name in the ledger, and whom to ask in which order."""

    label: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an experiment stands. `models` says whom each variant asks, `tallies` how that went."""

    experiment: Experiment
    state: State
    models: Mapping[str, str]
    tallies: Mapping[str, Tally]
    stop: Stop | None


@dataclass(slots=True, kw_only=True, eq=False)
class _Trial:
    """An experiment, its arms by variant (none for a model that cannot be asked) and its guard."""

    design: Experiment
    arms: Mapping[str, Arm]
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        models = {name: arm.routes[0].spec.id for name, arm in self.arms.items()}
        self.judge = Judge(experiment=self.design, models=models)

    @property
    def labels(self) -> list[str]:
        return [self.design.label(variant) for variant in self.design.variants]

    def state(self, now: datetime) -> State:
        if self.judge.stop is not None:
            return "stopped"
        if self.design.paused:
            return "paused"
        if self.design.begins is not None and now < self.design.begins:
            return "waiting"
        return "unknown" if self.judge.until is None else "running"


class Experiments:
    """Assigns sessions to variants. `chains` are the tiers' own, `models` all routes by model.

    `edition` changes whenever another experiment runs than before: what was decided is then stale.
    """

    def __init__(
        self,
        designs: Iterable[Experiment],
        *,
        chains: Mapping[Tier, tuple[Route, ...]],
        models: Mapping[str, Route],
        results: Results,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._trials = [
            _Trial(design=one, arms=_arms(one, chains.get(one.tier, ()), models)) for one in designs
        ]
        self._results = results
        self._clock = clock
        self._observer = observer
        self._looking = asyncio.Lock()
        self._running: dict[Tier, _Trial] = {}
        self.edition = 0

    @property
    def chains(self) -> tuple[tuple[Route, ...], ...]:
        """Every arm's chain."""
        return tuple(arm.routes for trial in self._trials for arm in trial.arms.values())

    def arm(self, tier: Tier, session: str | None) -> Arm | None:
        """The session's arm on that tier; None: it has no part in an experiment."""
        trial = self._running.get(tier)
        if trial is None or session is None:
            return None
        return trial.arms.get(trial.design.assigned(session).name)

    def standings(self) -> tuple[Standing, ...]:
        """As of the last look."""
        now = self._clock.now()
        return tuple(
            Standing(
                experiment=trial.design,
                state=trial.state(now),
                models=trial.judge.models,
                tallies=dict(trial.judge.tallies),
                stop=trial.judge.stop,
            )
            for trial in self._trials
        )

    async def begin(self) -> None:
        """The first look. Never raises: while the ledger does not answer, no experiment runs."""
        if not self._trials:
            return
        try:
            async with asyncio.timeout(FIRST_LOOK_S):
                await self.look()
        except (BackendError, TimeoutError) as error:
            log.warning("llm.experiments_unknown", extra={"cause": type(error).__name__})

    async def run(self) -> None:
        """Looks again and again; the caller owns the task."""
        while self._trials:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except BackendError as error:
                log.warning("llm.experiments_not_judged", extra={"cause": error.code})

    async def look(self) -> None:
        """Judges what was booked since the last look.

        Raises: BackendError when the ledger does not answer; everything stays as it was then.
        """
        async with self._looking:
            now = self._clock.now()
            for trial in self._trials:
                await self._judge(trial, block_of(now - SETTLE))
            running = {one.design.tier: one for one in self._trials if one.state(now) == "running"}
            if running != self._running:
                self._running = running
                self.edition += 1

    async def _judge(self, trial: _Trial, until: datetime) -> None:
        judge, known = trial.judge, trial.judge.until
        if judge.stop is not None or (known is not None and until <= known):
            return
        since = max(filter(None, (known, trial.design.begins)), default=None)
        rows: Sequence[Row] = ()
        if since is None or since < until:
            rows = await self._results.rows(trial.labels, since=since, until=until)
        judge.take(rows, until=until)
        if judge.stop is not None:
            self._tell(trial.design, judge.stop, judge.tallies, fresh=known is not None)

    def _tell(
        self, design: Experiment, stop: Stop, tallies: Mapping[str, Tally], *, fresh: bool
    ) -> None:
        """Once a process; one that finds it stopped already does not count it again."""
        outcomes = ", ".join(f"{name} {one.good}/{one.calls}" for name, one in tallies.items())
        log.warning(
            "llm.experiment_stopped",
            extra={
                "experiment": design.id,
                "tier": design.tier.value,
                "variant": stop.variant,
                "stopped_at": stop.at.isoformat(),
                "succeeded": outcomes,
            },
        )
        if fresh:
            self._observer.event("experiment_stopped", experiment=design.id)


def _arms(
    design: Experiment, chain: tuple[Route, ...], models: Mapping[str, Route]
) -> dict[str, Arm]:
    """The variants that can be asked. Without a chain no call gets as far as a model."""
    if not chain:
        return {}
    arms: dict[str, Arm] = {}
    for variant in design.variants:
        routes = _routes(variant, chain, models)
        if routes:
            arms[variant.name] = Arm(label=design.label(variant), routes=routes)
        else:
            log.warning(
                "llm.experiment_unrouted", extra={"experiment": design.id, "variant": variant.name}
            )
    return arms


def _routes(
    variant: Variant, chain: tuple[Route, ...], models: Mapping[str, Route]
) -> tuple[Route, ...]:
    if variant.model is None:
        return chain
    first = models.get(variant.model)
    return (first, *(one for one in chain if one.spec.id != variant.model)) if first else ()
