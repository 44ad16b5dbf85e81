"""How a call is made cheaper as its budgets fill, long before the last of them is empty."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SHORTER_FROM = 0.70
CHEAP_FROM = 0.85
WORDS_FROM = 0.95
ALERT_FROM = 0.80
"""Shares of a budget that is spent or held: the facts of the budget's lifecycle card."""

_SHORTER_FACTOR = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Glide:
    """What the money allows: `max_tokens_factor` shortens answers, `cheap_only` leaves the cheap
    tier, `words_only` leaves written words (deck, understudy): no model is asked."""

    level: Literal[0, 1, 2, 3]
    max_tokens_factor: float = 1.0
    cheap_only: bool = False
    words_only: bool = False


NORMAL = Glide(level=0)
SHORTER = Glide(level=1, max_tokens_factor=_SHORTER_FACTOR)
CHEAP = Glide(level=2, max_tokens_factor=_SHORTER_FACTOR, cheap_only=True)
WORDS = Glide(level=3, max_tokens_factor=_SHORTER_FACTOR, cheap_only=True, words_only=True)


def glide(share: float) -> Glide:
    """The glide at that share of the fullest budget."""
    if share < SHORTER_FROM:
        return NORMAL
    if share < CHEAP_FROM:
        return SHORTER
    return CHEAP if share < WORDS_FROM else WORDS


def glide_of(shares: Iterable[float]) -> Glide:
    """The glide for all these budgets together; without any, nothing is made cheaper."""
    return glide(max(shares, default=0.0))
