"""Cuts a stream of words into pieces that a voice can begin on: the first clause as early as it
makes sense to the ear, then whole sentences. Pure.
"""

import re

FIRST_MIN_WORDS = 3
FIRST_MAX_WORDS = 5
"""More words would sound better joined, and each costs the listener a word's time of the model."""

LATER_MAX_WORDS = 30

_SENTENCE_END = re.compile(r"[.!?…]+[\"»”')]*(?:\s+|$)")
_CLAUSE_END = re.compile(r"(?:[.!?…,;:]+[\"»”')]*|\s[–—-])(?:\s+|$)")
_WHOLE_SENTENCE = re.compile(r"(?:[!?…]|\w{3}\s?\.)[.!?…\s]*[\"»”')\s]*$")
"""Its last word is no title or initial (`M.`, `Dr.`)."""
_SPEAKABLE = re.compile(r"\w")


def ends_sentence(piece: str) -> bool:
    """Whether a speaker pauses behind it, as somebody does who has said something whole."""
    return _WHOLE_SENTENCE.search(piece) is not None


class ClauseSplitter:
    """Feed it text as it is written, whole words at a time; it gives back pieces to be spoken.

    The first piece ends at any mark after `FIRST_MIN_WORDS` words, or after `FIRST_MAX_WORDS`
    words when no mark comes; the others at the end of a sentence, or at a clause once they are
    long. No word is lost or said twice. A mark alone, as French may leave it behind (`avis ?`),
    is no piece: there is nothing in it to say.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._first = True

    def feed(self, text: str) -> list[str]:
        """Adds text; returns the pieces that are complete by now."""
        self._buffer += text
        pieces: list[str] = []
        while (end := self._end()) is not None:
            piece, self._buffer = self._buffer[:end].strip(), self._buffer[end:]
            if _SPEAKABLE.search(piece):
                pieces.append(piece)
                self._first = False
        return pieces

    def flush(self) -> list[str]:
        """What is left."""
        piece, self._buffer = self._buffer.strip(), ""
        return [piece] if _SPEAKABLE.search(piece) else []

    def _end(self) -> int | None:
        if self._first:
            return self._clause_after(FIRST_MIN_WORDS) or self._word_after(FIRST_MAX_WORDS)
        match = _SENTENCE_END.search(self._buffer)
        if match is not None:
            return match.end()
        if len(self._buffer.split()) > LATER_MAX_WORDS:
            return self._clause_after(LATER_MAX_WORDS // 2) or self._word_after(LATER_MAX_WORDS)
        return None

    def _clause_after(self, words: int) -> int | None:
        for match in _CLAUSE_END.finditer(self._buffer):
            if len(self._buffer[: match.start()].split()) >= words:
                return match.end()
        return None

    def _word_after(self, words: int) -> int | None:
        """Behind so many words."""
        ends = [m.end() for m in re.finditer(r"\S+", self._buffer)]
        return ends[words - 1] if len(ends) >= words else None
