"""What the vendor's stub says in rooms: short lines, of which no two say the same."""

import hashlib
from collections.abc import Sequence

SHORT = "Let us see."
"""A formula, which anybody may say again."""
WORDS = 8
"""Of each sentence below."""


def answer(texts: Sequence[str], *, words: int) -> str:
    """Sentences of eight words, about `words` in all, with figures of the prompt's own."""
    if words < 5:
        return SHORT
    seed = int.from_bytes(hashlib.sha256("\x00".join(texts).encode()).digest()[:3], "big")
    figures = [seed + 7919 * at for at in range(-(-words // WORDS))]
    return " ".join(f"Look at page {one % 887} and line {one % 97}." for one in figures)
