"""The stats as they are told, over HTTP and on the operators' page: frozen, and ready for JSON.

Money is integer nano-USD in `*_nano`; beside it stands what a person reads. Durations are seconds,
shares 0 to 1. Nothing here names a user or holds what anybody said.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Window(StrEnum):
    """How far the stats look back from now."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    ALL = "all"


class View(BaseModel):
    """What all parts have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # jobs show none


class Spread(View):
    """Quantiles, at most 2 % off; null when nothing was measured."""

    count: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None


class Spreads(View):
    """One kind of duration. By model are only answers that a model gave just then."""

    all: Spread = Spread()
    by_task: dict[str, Spread] = {}
    by_model: dict[str, Spread] = {}


class CacheHits(View):
    """Where cached answers were found, and for what."""

    by_level: dict[str, int] = {}
    by_task: dict[str, int] = {}


class Spend(View):
    """What one task, tier, model, character or session used. Cached answers used nothing."""

    name: str
    scenario: str | None = Field(default=None, description="of a character: where it plays")
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    cost: str = "$0.0000"
    without_all_nano: int = Field(
        default=0, description="the same answers on the advanced tier, at list price"
    )
    without_all: str = "$0.0000"


class Spending(View):
    """Tokens and money, dearest first; characters and sessions are only the dearest ones."""

    by_task: tuple[Spend, ...] = ()
    by_tier: tuple[Spend, ...] = ()
    by_model: tuple[Spend, ...] = ()
    by_character: tuple[Spend, ...] = ()
    by_session: tuple[Spend, ...] = ()


class Tokens(View):
    """Tokens that vendors counted, or that were estimated when they did not say."""

    prompt: int = 0
    cached_by_vendor: int = 0
    written_to_vendor_cache: int = 0
    completion: int = 0


class PrefixCache(View):
    """Prompt tokens expected in the vendors' own caches, and those found there."""

    predicted_tokens: int = 0
    cached_tokens: int = 0
    hit_ratio: float = Field(default=0.0, description="found, of all prompt tokens")


class Compression(View):
    """What was taken out of prompts, and what that was worth."""

    squeezed_tokens: int = 0
    saved_nano: int = 0
    saved: str = "$0.0000"
    refused_nano: int = Field(
        default=0, description="discount that shortening would have lost: it was left undone"
    )


class Deck(View):
    """Lines made ready before they were needed, and those that stood in for a failed call."""

    calls_avoided: int = 0
    stood_in: int = 0
    saved_nano: int = 0


class Counterfactual(View):
    """What the same answers cost, and would have cost; nothing here is below what was spent."""

    spent_nano: int = 0
    spent: str = "$0.0000"
    estimated_nano: int = Field(default=0, description="part of it that vendors never confirmed")
    wasted_nano: int = Field(default=0, description="part of it for words that were not used")
    without_cache_nano: int = 0
    without_tiers_nano: int = 0
    without_compression_nano: int = 0
    plain_nano: int = Field(default=0, description="all on the advanced tier, at list price")


class RouteState(View):
    """A model as the running processes see it."""

    route: str
    state: Literal["closed", "half_open", "open", "unknown"] = Field(description="the worst of all")
    processes: int
    open_in: int = Field(description="processes that do not ask it now")
    resting_s: float = Field(default=0.0, description="longest rest that the vendor asked for")
    first_token_p50_s: float | None = None
    first_token_p95_s: float | None = None


class BudgetView(View):
    """A budget that stands for everybody."""

    key: str
    scope: str
    spent_nano: int
    limit_nano: int
    spent: str
    limit: str
    share: float
    ends_at: datetime | None


class DayView(View):
    """A day of UTC and what it will probably cost."""

    day: date
    cost_nano: int
    cost: str


class ForecastView(View):
    """What is to be expected. While the method is `unknown` there is no figure, not a 0."""

    method: Literal["unknown", "mean", "trend", "season"]
    days: int = Field(description="whole days since the first spending: what it is made from")
    month_ends: date
    month_nano: int | None = Field(description="the whole month, with what is spent; null: unknown")
    month: str | None
    coming: tuple[DayView, ...] = Field(description="the seven days from tomorrow on")


class VariantView(View):
    """One model of an experiment. Calls are those that were judged, up to some minutes ago."""

    name: str
    model: str | None = Field(description="asked first; null: it cannot be asked here")
    weight: float
    sessions: int
    calls: int
    succeeded: int = Field(description="its own model's answers that were used whole")
    success_rate: float | None
    difference_low: float | None = Field(description="of its success rate to control's, at least")
    difference_high: float | None = Field(description="the same, at most; 95 %, at any time")
    cost_nano: int
    cost: str
    first_token: Spread = Field(description="without cached answers and those of other models")


class ExperimentView(View):
    """Two models or more on one tier, compared."""

    id: str
    tier: str
    state: Literal["running", "waiting", "paused", "stopped", "unknown"]
    since: date | None
    worse_by: float = Field(description="loss of success that its guard bears")
    variants: tuple[VariantView, ...]
    stopped_at: datetime | None
    stopped_for: str | None = Field(description="the variant that was too bad")
    sample_ratio_p: float | None = Field(description="chance of so uneven a split of the sessions")
    sample_ratio_fits: bool | None = Field(description="false: do not trust the comparison")


class LlmStats(View):
    """The eight keys that monitoring depends on, and everything else beside them."""

    cache_hits: int
    cache_misses: int
    hit_rate: float
    total_savings: str = Field(examples=["$45.23"])
    tokens_saved: int
    avg_response_time: float = Field(description="seconds, over all answers, cached ones too")
    models_usage: dict[str, float]
    window: Window

    at: datetime
    since: datetime | None = Field(description="null: since the first call")
    calls: int
    total_savings_nano: int
    served_by: dict[str, float]
    latency: Spreads
    first_token: Spreads
    overhead: Spread = Field(description="what the optimizer itself took of each answer")
    cache: CacheHits
    tokens: Tokens
    spending: Spending
    fallbacks: dict[str, int] = Field(
        description="answers from elsewhere, by what first went wrong; `not_asked`: with nothing"
        " that was asked (circuit open, vendor resting, budget)"
    )
    rules: dict[str, int] = Field(description="answers by the rule that chose their tier")
    deck: Deck
    prefix_cache: PrefixCache
    compression: Compression
    counterfactual: Counterfactual
    routes: tuple[RouteState, ...] | None = Field(description="null: nobody can tell now")
    budgets: tuple[BudgetView, ...] | None = Field(description="null: nobody can tell now")
    forecast: ForecastView
    experiments: tuple[ExperimentView, ...] | None = Field(description="null: nobody can tell now")
