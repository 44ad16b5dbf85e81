"""The ledger in memory."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.core.errors import BackendError
from services.llm.entry import LedgerEntry

_MOST = 10**15
_COUNTS = (
    "refused_nano",
    "cost_nano",
    "list_nano",
    "saved_nano",
    "squeezed_tokens",
    "squeezed_nano",
)
_TOKENS = ("prompt_tokens", "cached_tokens", "cache_write_tokens", "completion_tokens")


class FakeLedger:
    """LedgerStore that lives as long as the object. While `down`, it does not answer."""

    def __init__(self) -> None:
        self.down = False
        self._booked: dict[str, LedgerEntry] = {}

    async def add(self, entries: Sequence[LedgerEntry]) -> None:
        self._answer()
        for entry in entries:
            _check(entry)
        for entry in entries:
            self._booked.setdefault(entry.id, replace(entry, at=entry.at.astimezone(UTC)))

    async def entries(
        self, *, since: datetime | None = None, session: str | None = None
    ) -> tuple[LedgerEntry, ...]:
        self._answer()
        found = (
            entry
            for entry in self._booked.values()
            if (since is None or entry.at >= since)
            and (session is None or entry.session == session)
        )
        return tuple(sorted(found, key=lambda entry: (entry.at, entry.id)))

    def _answer(self) -> None:
        if self.down:
            raise BackendError("the store failed: down", code="store")


def _check(entry: LedgerEntry) -> None:
    counts = [getattr(entry, name) for name in (*_COUNTS, "predicted_tokens")]
    counts += [getattr(entry.usage, name) for name in _TOKENS]
    times = [entry.total_s, entry.overhead_s, entry.first_token_s or 0.0]
    if not (
        entry.at.tzinfo is not None
        and all(isinstance(count, int) and 0 <= count <= _MOST for count in counts)
        and all(math.isfinite(time) and time >= 0 for time in times)
    ):
        raise BackendError("an entry cannot be booked", retryable=False, code="ledger_entry")
