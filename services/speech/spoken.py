"""Text made fit for a voice engine: plain words, no commands, a bounded length.

Model text reaches engines that know markup, phoneme escapes and embedded control codes; none of
it may act.
"""

import re
import unicodedata

MAX_CHARS = 1500
"""About a minute and a half of speech: one call never speaks more."""

_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,200}>")
_MARKS = re.compile(r"[*_`#~|<>\\^{}\[\]]+")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text without control codes, tags, Markdown and brackets; "" when no word is left.

    Cut at a space before MAX_CHARS.
    """
    kept = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in text[: 4 * MAX_CHARS]
        if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"}
    )
    kept = _SPACE.sub(" ", _MARKS.sub(" ", _TAG.sub(" ", kept))).strip()
    if len(kept) > MAX_CHARS:
        kept = kept[:MAX_CHARS].rsplit(" ", 1)[0]
    return kept if any(c.isalnum() for c in kept) else ""


def longest_s(text: str, pace_ratio: float) -> float:
    """More seconds than any sane engine needs for the text: beyond it, the engine runs wild."""
    return 4.0 + 0.25 * len(text) / max(0.3, min(1.0, pace_ratio))
