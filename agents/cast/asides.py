"""What of a model's text can be spoken at all: no stage directions, markup, tags or symbols."""

import re
import unicodedata
from collections.abc import Set

from scenarios.hearing import words_of

MAX_ASIDE_CHARS = 200
"""An aside that does not close within this length is none."""

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", "*": "*"}
_LABELS = frozenset("[(")
_DROPPED = frozenset("_`#|~\\⟦⟧\ufe0e\ufe0f\u20e3")
_SPOKEN_SYMBOLS = frozenset("°©®™")
_ADDRESS = re.compile(r"(?:[a-z]{2,12}://|www\.|mailto:|[/#.])\S*", re.IGNORECASE)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_SENTENCE_ENDS = frozenset(".?!…:\n")


class Asides:
    """A filter for text that comes in pieces: stage directions go, emphasis keeps its word.

    Of a link, `[words](address)`, the words are kept. What a brace opens is data and never speech:
    it goes to the end if no brace closes it. One of the `speakers`, as folded words, in brackets
    before a sentence is who says it, as in a transcript: it becomes a label, `name:`, on a line.
    """

    def __init__(self, speakers: Set[str] = frozenset()) -> None:
        self._speakers = speakers
        self._closing = ""
        self._held = ""
        self._last = "\n"
        self._bracketed = ""
        self._linked = ""

    def feed(self, piece: str) -> str:
        """What of the text so far is certain to be spoken."""
        return "".join(self._take(char) for char in piece)

    def flush(self) -> str:
        """What was held back and turned out to be no aside."""
        return self._release()

    def _take(self, char: str) -> str:
        if self._closing:
            return self._inside(char)
        if char in _PAIRS:
            self._closing, self._held = _PAIRS[char], char
            self._linked = self._bracketed if char == "(" else ""
            self._bracketed = ""
            return ""
        self._bracketed = ""
        if char in _DROPPED or not _speakable(char):
            return ""
        return self._emit(char)

    def _inside(self, char: str) -> str:
        tag, data = self._closing == ">", self._closing == "}"
        if self._held == "*" and char == "*":
            self._closing = self._held = ""
            return ""
        if tag and self._held == "<" and not (char.isalpha() or char in "/!?"):
            self._closing = self._held = ""
            return self._take(char)
        if char == self._closing:
            return self._close()
        if not data and (len(self._held) > MAX_ASIDE_CHARS or (char == "\n" and not tag)):
            return self._release() + self._take(char)
        self._held += char
        return ""

    def _close(self) -> str:
        """The end of an aside: an emphasised word and a figure in brackets are kept."""
        opening, inner = self._held[:1], self._held[1:].strip()
        self._closing = self._held = ""
        linked, self._linked = self._linked, ""
        if linked and _ADDRESS.fullmatch(inner):
            return self._clean(linked)
        midway = self._last.strip() and self._last not in _SENTENCE_ENDS
        who = inner.partition(",")[0]
        if opening in _LABELS and not midway and " ".join(words_of(who)) in self._speakers:
            return self._clean(f"\n{who}:")
        self._bracketed = inner if opening == "[" else ""
        emphasis = opening == "*" and " " not in inner and midway
        figure = opening == "(" and any(char.isdigit() for char in inner)
        return self._clean(inner) if emphasis or figure else ""

    def _release(self) -> str:
        opening, inner = self._held[:1], self._held[1:]
        self._closing = self._held = ""
        return "" if opening in {"<", "{"} else self._clean(inner)

    def _clean(self, text: str) -> str:
        kept = "".join(c for c in text if c not in _DROPPED and c not in _PAIRS and _speakable(c))
        return "".join(self._emit(char) for char in kept)

    def _emit(self, char: str) -> str:
        if not char.isspace() or char == "\n":
            self._last = char
        return char


def _speakable(char: str) -> bool:
    if char in "\n\t" or char in _SPOKEN_SYMBOLS:
        return True
    if ord(char) in _SKIN_TONES:
        return False
    category = unicodedata.category(char)
    return not category.startswith("C") and category != "So"
