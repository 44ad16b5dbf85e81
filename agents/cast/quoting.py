"""What others said or wrote, made fit to stand inside a prompt as data.

No character of it can close a tag, start a line, open a role of a chat template or hide: angle and
square brackets, braces and backticks become harmless look-alikes, controls and Unicode tags go.
"""

import unicodedata

_HARMLESS = str.maketrans("<>[]{}`|", "‹›()()'/")


def quote(text: str, limit: int) -> str:
    """The text on one line, at most about `limit` characters: its start and, longer, its end."""
    spaced = "".join(" " if char.isspace() else char for char in text)
    visible = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    plain = " ".join(unicodedata.normalize("NFKC", visible).translate(_HARMLESS).split())
    if len(plain) <= limit:
        return plain
    half = limit // 2
    return f"{plain[:half]} … {plain[-half:]}"
