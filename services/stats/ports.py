"""What the stats are made of: sums over the ledger, and what only running processes know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from services.llm.experiments.results import Results
from services.llm.models.thresholds import TrialCount

NOT_ASKED = "not_asked"
"""The cause of a fallback whose first route left no trace: its circuit was open, its vendor had
asked for a rest, or a budget refused it."""

Duration = Literal["total", "first_token", "overhead"]
"""A whole answer, its first useful words, and what the optimizer itself took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Sums over all bookings that are alike in the first seven fields.

    `calls` are answers, `faulty_calls` those that something went wrong with, `bookings` also the
    attempts behind them; `total_s` is summed over answers. `dearer_nano` is what bookings cost less
    than their list price, each 0 or more.
    Tokens of cached and deck lines are those that nobody paid for.
    """

    task: str
    tier: str | None
    provider: str | None
    model: str | None
    role: str
    source: str
    level: str | None
    bookings: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    predicted_tokens: int = 0
    squeezed_tokens: int = 0
    squeezed_nano: int = 0
    refused_nano: int = 0
    cost_nano: int = 0
    estimated_nano: int = 0
    list_nano: int = 0
    saved_nano: int = 0
    dearer_nano: int = 0
    faulty_calls: int = 0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spender:
    """Who money was spent for: a session, or a character of a scenario.

    `list_nano` is the list price of the answers.
    """

    name: str
    scenario: str | None = None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    list_nano: int = 0


@dataclass(frozen=True, slots=True)
class Timed:
    """How many durations of one kind of answer fell into one bucket (`buckets`)."""

    task: str
    provider: str | None
    model: str | None
    source: str
    bucket: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A window of the ledger, summed: all of it as of one moment.

    Spenders are the dearest ones, dearest first. `faults` counts the calls whose answer, or the end
    of it, had to come from elsewhere: each once, by what first went wrong, or as `NOT_ASKED`.
    `rules` counts the answers by the rule that chose their tier.
    """

    cells: Sequence[Cell] = ()
    timings: Mapping[Duration, Sequence[Timed]] = field(default_factory=dict)
    sessions: Sequence[Spender] = ()
    characters: Sequence[Spender] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)


class LedgerTotals(Protocol):
    """The ledger, summed where it lies. Raises BackendError when it cannot answer."""

    async def totals(self, *, since: datetime | None, top: int) -> Totals:
        """Everything booked at or after `since` (None: ever), `top` entries of each list."""
        ...

    async def days(self, *, since: datetime) -> Mapping[date, int]:
        """Nano-USD spent at or after `since`, by UTC day; days without a booking are left out."""
        ...

    async def trials(self, *, since: datetime) -> Sequence[TrialCount]:
        """How cheap answers fared that were booked at or after `since`, by task and rule.

        Only those of rules that a threshold decides (`thresholds.KNOBS`).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmTotals:
    """A variant of an experiment, summed. `label` is `experiment/variant`.

    `sessions` that had it, money of all its attempts, and first-word times of the answers that its
    own model gave whole, counted by bucket (`buckets`).
    """

    label: str
    sessions: int
    cost_nano: int
    first_token: Mapping[int, int] = field(default_factory=dict)


class ArmLedger(Protocol):
    """The variants of experiments, summed where they lie. Raises BackendError."""

    async def arms(self, labels: Sequence[str], *, since: datetime | None) -> Sequence[ArmTotals]:
        """Those of them that were booked at or after `since` (None: ever)."""
        ...


class ExperimentLedger(Results, ArmLedger, Protocol):
    """What the ledger tells of experiments: to their guards, and to the stats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthNote:
    """What one process last said of its routes: JSON by route id (`provider/model`).

    Another version of this program may have said it.
    """

    process: str
    at: datetime
    routes: Mapping[str, object]


class HealthBoard(Protocol):
    """Where processes tell each other how their routes are. Raises BackendError."""

    async def post(self, note: HealthNote) -> None:
        """Replaces that process's note."""
        ...

    async def notes(self, *, since: datetime) -> Sequence[HealthNote]:
        """Notes made at or after `since`, by process."""
        ...

    async def sweep(self, *, before: datetime) -> int:
        """Takes down notes made before then; how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """A budget as it stands. `ends_at` is the end of its window, None for one that never ends."""

    key: str
    scope: str
    spent_nano: int
    limit_nano: int
    ends_at: datetime | None = None


class Budgets(Protocol):
    """The budgets that stand for everybody. Raises BackendError."""

    async def states(self, now: datetime) -> Sequence[BudgetState]:
        """As of now."""
        ...
