"""What `GET /api/llm/stats` says, gathered. Money and counts come from the ledger alone.

So they are right after a crash, and the same whichever process is asked. What only the processes
know (circuits) and what the purse holds (budgets) is told when they answer, else as unknown.
"""

import logging
from collections.abc import Awaitable
from datetime import datetime
from typing import NamedTuple, TypeVar

from services.core.clock import Clock
from services.core.errors import BackendError
from services.stats import summary
from services.stats.counterfactual import counterfactual
from services.stats.days import Days
from services.stats.experiments import ExperimentStats
from services.stats.figures import ratio, usd
from services.stats.forecast import Forecast, forecast
from services.stats.ports import Budgets, BudgetState, HealthBoard, LedgerTotals, Totals
from services.stats.routes import FRESH, together
from services.stats.views import (
    BudgetView,
    DayView,
    ExperimentView,
    ForecastView,
    LlmStats,
    RouteState,
    Window,
)
from services.stats.windows import since

TOP = 20
"""The longest list of sessions, characters, faults or rules."""

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Beside(NamedTuple):
    """What is not of the window; None: nobody can tell now."""

    routes: tuple[RouteState, ...] | None
    budgets: tuple[BudgetView, ...] | None
    forecast: ForecastView
    experiments: tuple[ExperimentView, ...] | None


class Stats:
    """The stats of this installation. `budgets` None: none is set."""

    def __init__(
        self,
        totals: LedgerTotals,
        board: HealthBoard,
        *,
        clock: Clock,
        budgets: Budgets | None = None,
        experiments: ExperimentStats | None = None,
        top: int = TOP,
    ) -> None:
        self._totals = totals
        self._board = board
        self._budgets = budgets
        self._experiments = experiments
        self._days = Days(totals, clock)
        self._clock = clock
        self._top = top

    async def llm(self, window: Window = Window.DAY) -> LlmStats:
        """Everything that was booked in that window up to now.

        Raises:
            BackendError: the ledger does not answer.
        """
        now = self._clock.now()
        first = since(window, now)
        totals = await self._totals.totals(since=first, top=self._top)
        today, spent = await self._days.spent()
        beside = _Beside(
            routes=await _if_told(self._routes(now), "routes"),
            budgets=await _if_told(self._budgets_now(now), "budgets"),
            forecast=_forecast(forecast(spent, today)),
            experiments=await _if_told(self._experiments_now(), "experiments"),
        )
        return _stats(totals, window, now, first, beside)

    async def _routes(self, now: datetime) -> tuple[RouteState, ...]:
        return together(await self._board.notes(since=now - FRESH))

    async def _experiments_now(self) -> tuple[ExperimentView, ...]:
        return await self._experiments.views() if self._experiments else ()

    async def budgets(self) -> tuple[BudgetView, ...]:
        """The budgets that stand for everybody; reading them also brings their metric up to date.

        Raises:
            BackendError: the purse does not answer.
        """
        return await self._budgets_now(self._clock.now())

    async def _budgets_now(self, now: datetime) -> tuple[BudgetView, ...]:
        states = await self._budgets.states(now) if self._budgets else ()
        return tuple(_budget(state) for state in states)


async def _if_told(answer: Awaitable[T], part: str) -> T | None:
    try:
        return await answer
    except BackendError as error:
        log.warning("stats.part_unknown", extra={"part": part, "cause": error.code})
        return None


def _stats(
    totals: Totals,
    window: Window,
    now: datetime,
    first: datetime | None,
    beside: _Beside,
) -> LlmStats:
    cells, timings = totals.cells, totals.timings
    hits, misses = summary.hits_and_misses(cells)
    calls = sum(cell.calls for cell in cells)
    compared = counterfactual(cells)
    savings = compared.plain_nano - compared.spent_nano
    return LlmStats(
        cache_hits=hits,
        cache_misses=misses,
        hit_rate=ratio(hits, hits + misses),
        total_savings=usd(savings),
        tokens_saved=summary.tokens_saved(cells),
        avg_response_time=round(sum(c.total_s for c in cells) / calls, 6) if calls else 0.0,
        models_usage=summary.model_shares(cells),
        window=window,
        at=now,
        since=first,
        calls=calls,
        total_savings_nano=savings,
        served_by=summary.served_by(cells),
        latency=summary.answer_times(timings.get("total", ())),
        first_token=summary.first_token_times(timings.get("first_token", ())),
        overhead=summary.overhead(timings.get("overhead", ())),
        cache=summary.cache_hits(cells),
        tokens=summary.tokens(cells),
        spending=summary.spending(cells, characters=totals.characters, sessions=totals.sessions),
        fallbacks=dict(totals.faults),
        rules=dict(totals.rules),
        deck=summary.deck(cells),
        prefix_cache=summary.prefix_cache(cells),
        compression=summary.compression(cells),
        counterfactual=compared,
        **beside._asdict(),
    )


def _forecast(one: Forecast) -> ForecastView:
    return ForecastView(
        method=one.method,
        days=one.days,
        month_ends=one.month_ends,
        month_nano=one.month_nano,
        month=None if one.month_nano is None else usd(one.month_nano),
        coming=tuple(DayView(day=day, cost_nano=nano, cost=usd(nano)) for day, nano in one.coming),
    )


def _budget(state: BudgetState) -> BudgetView:
    return BudgetView(
        key=state.key,
        scope=state.scope,
        spent_nano=state.spent_nano,
        limit_nano=state.limit_nano,
        spent=usd(state.spent_nano),
        limit=usd(state.limit_nano),
        share=ratio(state.spent_nano, state.limit_nano),
        ends_at=state.ends_at,
    )
