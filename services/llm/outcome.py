"""What a call for words came to: the text, what served it, what it used, how long it took."""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """What produced the words (CONTRACTS section 4)."""

    LIVE = "live"
    CACHED = "cached"
    DECK = "deck"
    FALLBACK = "fallback"
    UNDERSTUDY = "understudy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the vendor counted them; `estimated` when it never said."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a call.

    `model` is the one that was asked, even when the words are not its own. `fault` is a stable word
    (`deadline`, `status_503`, `cut`, `cancelled`) or None; `usage` is booked either way.
    """

    text: str
    source: Source
    model: str | None = None
    usage: Usage = Usage()
    first_token_s: float | None = None
    total_s: float = 0.0
    fault: str | None = None
