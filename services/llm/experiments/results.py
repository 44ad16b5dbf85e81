"""What the ledger tells of an experiment: how many calls of each variant went well, over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.llm.entry import Role
from services.llm.outcome import Source

BLOCK = timedelta(minutes=10)
"""Calls are counted by the ten minutes of UTC in which they began: from 12:30 to before 12:40."""

_AUTHORED = frozenset({Role.DECK, Role.UNDERSTUDY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`calls` answers of one block that are alike. `label` is the ledger's `id/variant`.

    `block` is the block's beginning. `model` is `provider/model` of whose words they are; for
    authored words, the one that was asked.
    """

    block: datetime
    label: str
    role: str
    source: str
    model: str | None
    fault: str | None
    calls: int


class Results(Protocol):
    """The answers of experiments, counted where they lie. Raises BackendError."""

    async def rows(
        self, labels: Sequence[str], *, since: datetime | None, until: datetime
    ) -> Sequence[Row]:
        """Answers of those variants from `since` (None: ever) to before `until`."""
        ...


def went_well(row: Row, model: str) -> bool | None:
    """Whether answers of a variant that asks `model` first are successes; None: they say nothing.

    A success is an answer of that model itself that was used whole. A failure is one that was cut,
    that another model gave, or that was authored because no model had words in time. Cached ones
    and lines of the deck that spared a call say nothing, and neither do calls that the budget
    refused; those that the person broke off are no answers and are not here.
    """
    if row.role in _AUTHORED:
        return None if row.model is None or row.fault in {None, "budget"} else False
    if row.role not in {Role.SERVED, Role.CUT}:
        return None
    return row.role == Role.SERVED and row.source == Source.LIVE and row.model == model


def block_of(at: datetime) -> datetime:
    """The beginning of the block of that moment."""
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)
