"""What the optimizer needs from the outside: models, caches, a purse, a ledger, prices, breakers.

Each port stands for one thing that an adapter does with somebody else's software; `tests/contracts`
runs one suite over the fake and the real one.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from services.llm.entry import LedgerEntry
from services.llm.outcome import Outcome, Usage
from services.llm.request import Request
from services.llm.spec import ModelSpec, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a streamed answer. The last one carries `finish` and, if told, `usage`."""

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None


class ChatModel(Protocol):
    """One model behind one wire.

    `stream` raises BackendError (the SDK's errors are turned once, there) and, when its iterator is
    closed early, closes the vendor's stream. A request that is not `spoken` may come as one piece.
    """

    @property
    def name(self) -> str:
        """The model's name as the vendor knows it."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer, piece by piece."""
        ...

    async def warm(self) -> None:
        """Gets ready for the first call: a connection, a process. Costs nothing; never raises."""
        ...

    async def aclose(self) -> None:
        """Closes connections; afterwards the model is not used again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A model that can be asked now: the data about it, and the way to it."""

    spec: ModelSpec
    chat: ChatModel


class SharedCache(Protocol):
    """Level 2: bytes by key, shared by the processes of several sessions.

    Every method fails open: a cache that cannot answer in time answers None, 0 or nothing, and
    costs a call at most a few tens of milliseconds once.
    """

    async def get(self, key: str) -> bytes | None:
        """The value, or None: missing, expired, or the cache is away."""
        ...

    async def put(self, key: str, value: bytes, *, ttl_s: float, tags: Sequence[str]) -> None:
        """Stores for `ttl_s`; `tags` (`scenario:debat-tv`, `persona:morel`) name it for a purge."""
        ...

    async def drop(self, key: str) -> None:
        """Forgets one key."""
        ...

    async def purge(self, tag: str) -> int:
        """Forgets every key with that tag; how many."""
        ...

    async def sweep(self) -> int:
        """Forgets what has expired and what an older schema wrote; how many."""
        ...

    async def aclose(self) -> None:
        """Closes it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One budget that a call draws on: `key` is unique for its scope, id and window.

    `key` example: `user:ada:2026-11-21`. `limit_nano` is nano-USD. `ends_at` is the end of the
    window (aware UTC), None for one that never ends.
    """

    key: str
    scope: str
    limit_nano: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Money set aside for one attempt. `draft` is its ledger entry if nobody lives to settle it.

    Without `lines` no budget applies: only the draft is kept.
    """

    id: str
    lines: tuple[BudgetLine, ...]
    amount_nano: int
    draft: LedgerEntry
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The purse's answer. `denied` names the first budget that is too small, or is None.

    `shares` tells for each budget's key how much of it is spent or held afterwards, 0 and up.
    """

    denied: str | None
    shares: Mapping[str, float]


class Purse(Protocol):
    """Budgets, shared by processes. Raises BackendError when it cannot answer in time."""

    async def reserve(self, holds: Sequence[Hold]) -> Admission:
        """Sets all of it aside, or nothing of it: one atomic step, also for a parallel round."""
        ...

    async def settle(self, hold: Hold, entry: LedgerEntry) -> Mapping[str, float]:
        """Replaces the held amount by `entry.cost_nano`; keeps the entry until `booked`.

        Settling twice changes nothing. Returns the shares as `Admission` does.
        """
        ...

    async def booked(self, ids: Sequence[str]) -> None:
        """Those holds' entries stand in the ledger: forget them."""
        ...

    async def orphans(self, now: datetime) -> Sequence[LedgerEntry]:
        """Entries that nobody booked: settled ones, and drafts of holds that expired by `now`.

        An expired hold is settled at its draft's cost first, so that it frees what it held.
        """
        ...

    async def spent(self, lines: Sequence[BudgetLine]) -> Mapping[str, int]:
        """Nano-USD spent or held, by budget key."""
        ...

    async def aclose(self) -> None:
        """Closes it."""
        ...


class LedgerStore(Protocol):
    """Where every call is booked for good. Raises BackendError when it cannot answer."""

    async def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Books them in one transaction; an id that is known changes nothing."""
        ...

    async def entries(
        self, *, since: datetime | None = None, session: str | None = None
    ) -> tuple[LedgerEntry, ...]:
        """What was booked, oldest first."""
        ...


class PriceList(Protocol):
    """Published prices."""

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates | None:
        """The price at that time for a prompt of that length; None when nobody knows."""
        ...


Verdict = Literal["success", "failure", "slow", "neutral"]
"""What a call says about its route. A cancelled call and a 429 are neutral."""


class Breaker(Protocol):
    """Whether a route is worth asking. One for each provider and model; in this process."""

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """Where it stands now."""
        ...

    def admit(self) -> bool:
        """Whether a call may go now; when half open, the one probe. An admitted call reports."""
        ...

    def report(self, verdict: Verdict) -> None:
        """How the admitted call went."""
        ...

    def opens_in_s(self) -> float:
        """Seconds until a probe may go; 0 when a call may go now."""
        ...


class Observer(Protocol):
    """Whoever counts: metrics. Called in the event loop; must not block or raise."""

    def call(self, request: Request, outcome: Outcome) -> None:
        """A call is over."""
        ...

    def entry(self, entry: LedgerEntry) -> None:
        """An attempt was booked."""
        ...

    def event(self, name: str, **labels: str) -> None:
        """Something worth counting: `breaker_open`, `budget_alert`, `cache_error`, `hedge`."""
        ...
