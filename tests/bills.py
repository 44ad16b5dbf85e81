"""Vendors' own books beside our ledger: attempt by attempt where both saw the end, else in sum."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from bench.vendor import Call, Vendor
from services.llm.entry import LedgerEntry, Role

PROMPT_RATIO, WORDS_RATIO = 1.25, 1.6
"""The stated estimate, either way, in sum over such attempts at one model: a quarter off for
prompts, three fifths for words. The stub counts a token for four characters of each
piece; we count words."""

UNHEARD_TOKENS = 24
"""So many more a stub may have put on the wire, of each answer, before it saw that we hung up."""

UNPAID = frozenset({Role.CACHED, Role.DECK, Role.UNDERSTUDY})


class Counted(NamedTuple):
    """The tokens of one attempt at one model."""

    model: str
    prompt: int
    cached: int
    written: int
    completion: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left when the attempts that both sides counted are taken away."""

    billed: tuple[Counted, ...]
    booked: tuple[Counted, ...]

    def __bool__(self) -> bool:
        return bool(self.billed or self.booked)


def of_call(call: Call) -> Counted:
    """As the vendor counted it."""
    return Counted(
        call.model,
        call.prompt_tokens,
        call.cached_tokens,
        call.cache_write_tokens,
        call.completion_tokens,
    )


def of_entry(entry: LedgerEntry) -> Counted:
    """As it was booked."""
    usage = entry.usage
    return Counted(
        entry.model or "",
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.completion_tokens,
    )


def attempts(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The bookings of attempts at models for which a vendor may send a bill."""
    return [e for e in entries if e.role not in UNPAID and e.usage.prompt_tokens > 0]


def assert_bills_are_booked(entries: Iterable[LedgerEntry], *vendors: Vendor) -> Rest:
    """Every attempt that we booked with a vendor's count is on that vendor's bill, to the token.

    What remains on either side is returned: answers that one of the two did not see to the end.
    """
    billed = [c for v in vendors for c in v.calls if c.route == "chat" and c.end != "refused"]
    whole = Counter(of_call(call) for call in billed if call.end == "complete")
    booked = attempts(entries)
    exact = Counter(of_entry(entry) for entry in booked if not entry.usage.estimated)
    assert not exact - whole, "booked as a vendor's count, and on no vendor's bill"
    left = Counter(of_call(call) for call in billed) - exact
    return Rest(
        billed=tuple(left.elements()),
        booked=tuple(of_entry(entry) for entry in booked if entry.usage.estimated),
    )


def assert_estimated(rest: Rest, *, reset: int = 0) -> None:
    """One estimate for each attempt without a vendor's count, and none of them out of bounds.

    `reset` attempts at most were booked and never billed: the vendor hung up on them.
    """
    assert len(rest.billed) <= len(rest.booked) <= len(rest.billed) + reset, rest
    for model in {one.model for one in rest.billed}:
        billed = [one for one in rest.billed if one.model == model]
        booked = [one for one in rest.booked if one.model == model]
        spare = max(one.prompt for one in booked) * reset
        theirs, ours = _sums(billed), _sums(booked)
        assert theirs[0] / PROMPT_RATIO <= ours[0] <= theirs[0] * PROMPT_RATIO + spare, rest
        unheard = UNHEARD_TOKENS * len(billed)
        assert theirs[1] <= ours[1] * WORDS_RATIO + unheard, rest
        assert ours[1] <= theirs[1] * WORDS_RATIO, rest


def _sums(some: Iterable[Counted]) -> tuple[int, int]:
    listed = list(some)
    return sum(one.prompt for one in listed), sum(one.completion for one in listed)
