"""What passes between the parts of one call: the question, an attempt's end, the answer made.

A call becomes an `Ask` once its tier and its exact messages are decided. A `Work` makes the answer
from it, by one or more attempts; each attempt is paid through `Accounts`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Usage
from services.llm.ports import Hold, Route
from services.llm.request import Request
from services.llm.spec import Tier

Emit = Callable[[str], None]
"""Takes a piece of text that may be spoken at once. Must not block or raise."""

Row = Callable[[], LedgerEntry]
"""An entry that is written out when it is booked: that takes half as long as a cached answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A call that is decided.

    `request` is what is sent: compressed, shortened when the budget glides. `prompt_tokens` is our
    estimate of it, `squeezed_tokens` what compression took out, `refused_nano` the discount that
    taking out more would have lost. `began_s` is the monotonic time of the call, from which
    `request.deadline_s` counts. `words_only` tells that the money is nearly gone: no model is
    asked. `variant` is the session's part in an experiment, if it has one. `wanted` is the id of
    the model that heads the chain: words of any other one are a fallback's.
    """

    call: str
    request: Request
    tier: Tier
    rule: str
    prompt_tokens: int
    began_s: float
    squeezed_tokens: int = 0
    squeezed_nano: int = 0
    refused_nano: int = 0
    words_only: bool = False
    variant: str | None = None
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An attempt that was let through. `hold` is None when it costs nothing.

    `predicted_tokens` of its prompt are expected in the vendor's own cache. `reserve_s` is the time
    that asking the purse took.
    """

    ask: Ask
    route: Route
    hold: Hold | None
    predicted_tokens: int = 0
    reserve_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """How one attempt ended. `billable` is False when the vendor never took the call.

    `text` is all that came, spoken or not; `usage` what the vendor told, if it did. `continues`
    marks an attempt that went on with another one's answer: the call is counted once, there.
    `first_token_s` and `total_s` count from the attempt's own start.
    """

    role: Role
    text: str
    usage: Usage | None
    first_token_s: float | None
    total_s: float
    fault: str | None = None
    billable: bool = True
    continues: bool = False


class Accounts(Protocol):
    """The money side of an attempt."""

    async def admit(self, ask: Ask, route: Route) -> Ticket:
        """Sets the attempt's greatest cost aside. Raises Refused when a budget is too small."""
        ...

    def close(self, ticket: Ticket, end: AttemptEnd) -> LedgerEntry:
        """Prices the attempt; settles and books it in the background. Never blocks or raises."""
        ...

    def note(self, row: Row) -> None:
        """Books what is no attempt: an answer cached, of the deck or the author's; a verdict."""
        ...

    async def reserve_batch(self, attempts: Sequence[tuple[Ask, Route]]) -> None:
        """Sets a whole round aside in one step; `admit` then finds each one's part.

        Raises Refused when it is too much together; nothing is held then.
        """
        ...

    def release(self, calls: Iterable[str]) -> None:
        """Frees what was set aside for these calls and not used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An answer, or what there is of it so far.

    `text` is what was emitted; empty when no model gave a useful word. `route` is the one whose
    words began it. `fallback`: not all of them are of the route that heads the chain. `complete`:
    it came whole, unfiltered, from one attempt, so it may be cached. `entries` are the bookings
    of all attempts; `first_token_s` counts from the call.
    """

    text: str = ""
    route: Route | None = None
    asked: Route | None = None
    usage: Usage = Usage()
    complete: bool = False
    fallback: bool = False
    fault: str | None = None
    faults: tuple[str, ...] = ()
    entries: Sequence[LedgerEntry] = ()
    first_token_s: float | None = None
    reserve_s: float = 0.0


class Work(Protocol):
    """An answer being made, shared by all who wait for it."""

    async def run(self, emit: Emit) -> Made:
        """Makes it. Never raises but CancelledError; then every attempt is closed and booked."""
        ...

    @property
    def made(self) -> Made:
        """What there is by now; final once `run` returned or was cancelled."""
        ...
