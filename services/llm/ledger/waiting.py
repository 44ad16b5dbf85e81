"""Entries on their way to purse and ledger: what is known of each, and where it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.llm.entry import LedgerEntry
from services.llm.ports import Hold
from services.llm.request import Message


class Prompt(NamedTuple):
    """What a vendor read, and when (monotonic seconds)."""

    route_id: str
    messages: Sequence[Message]
    at_s: float


@dataclass(slots=True, eq=False)
class Booking:
    """An entry on its way. `hold` None: nothing was set aside for it. `void`: the attempt was never
    made, so that its hold is freed and nothing is booked."""

    entry: LedgerEntry
    hold: Hold | None = None
    void: bool = False
    prompt: Prompt | None = None
    settled: bool = False
    written: bool = False
    seen: bool = False

    def __post_init__(self) -> None:
        self.settled = self.settled or self.hold is None
        self.written = self.written or self.void

    @property
    def done(self) -> bool:
        """Whether purse and ledger have it."""
        return self.settled and self.written

    @property
    def in_purse(self) -> bool:
        """Whether the purse keeps it until the ledger has it: it comes back from there."""
        return self.settled and self.hold is not None
