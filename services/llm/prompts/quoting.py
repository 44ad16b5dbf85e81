"""What others said or wrote, made fit to stand inside a prompt as data.

No character of it can close a tag, start a line, open a role of a chat template or hide: angle and
square brackets, braces and backticks become harmless look-alikes, controls and Unicode tags go.
"""

import json
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

WHO_CHARS = 100

_KEPT_CODES = 4096
_GAP = " ... "


class Quoted(str):
    """Text that was made data here; a template puts it in as it is."""

    __slots__ = ()


class _Visible(dict[int, int | None]):
    """Code points to what stays of them: blanks become spaces, controls and unassigned ones go."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        hidden = unicodedata.category(char).startswith("C")
        kept = 32 if char.isspace() else None if hidden else code
        if len(self) < _KEPT_CODES:
            self[code] = kept
        return kept


_VISIBLE = _Visible()
_HARMLESS = str.maketrans("<>[]{}`|", "‹›()()'/")
_NO_TAGS = str.maketrans({"<": "\\u003c", ">": "\\u003e"})


@lru_cache(maxsize=512)
def quote(text: str, limit: int) -> Quoted:
    """The text on one line, at most `limit` characters: its start and, longer, its end."""
    visible = unicodedata.normalize("NFKC", text.translate(_VISIBLE))
    return Quoted(_within(" ".join(visible.translate(_HARMLESS).split()), limit))


def quote_json(text: str, limit: int) -> Quoted:
    """The text as one JSON string, for what must keep its braces, such as JSON to be repaired."""
    visible = "".join(char for char in text if char in "\n\t" or char.isprintable())
    return Quoted(json.dumps(_within(visible, limit), ensure_ascii=False).translate(_NO_TAGS))


def quote_said(who: str, text: str, *, limit: int, note: str = "") -> Quoted:
    """One line of a transcript, `[who] words note`, whatever name and words contain."""
    line = f"[{quote(who, WHO_CHARS)}] {quote(text, limit)}"
    return Quoted(f"{line} {quote(note, WHO_CHARS)}" if note else line)


def quote_list(texts: Iterable[str], limit: int) -> Quoted:
    """Texts as a list, a line each."""
    return Quoted("\n".join(f"- {quote(text, limit)}" for text in texts))


def join_quoted(lines: Iterable[Quoted]) -> Quoted:
    """Quoted lines, one under the other."""
    return Quoted("\n".join(lines))


def _within(text: str, limit: int) -> str:
    half = max((limit - len(_GAP)) // 2, 1)
    if len(text) <= limit:
        return text
    return f"{text[:half].rstrip()}{_GAP}{text[-half:].lstrip()}"
