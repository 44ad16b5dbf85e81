"""What of a text can be left out without its sense: blanks, repeats, sentences without a fact.

Owns what counts as a fact: a name (a capitalised word), a number, a question, a quotation. Works a
line at a time and remembers lines, because conversations are sent again and again.
"""

import re
from functools import lru_cache
from typing import Final

from scenarios.hearing import fold
from services.llm.prompts.words import words_by_language
from services.llm.request import Language

LONG_WORDS: Final = 24
"""Shorter lines are left as they are."""

_REPEAT_CHARS: Final = 24
"""Shorter instructions may be said twice."""

_BLANKS = re.compile(r"[ \t]{2,}|\t")
_TRAILING = re.compile(r"[ \t]+\n")
_GAPS = re.compile(r"\n{3,}")
_WHO = re.compile(r"\[[^\]\n]{1,200}\] ")
_SENTENCES = re.compile(r"(?<=[.!?…])\s+")
_FACT = re.compile(r"[?\d«»“”\"]|(?<=[^\W_][\w,;:’'-] )[A-ZÀ-ÖØ-Þ]\w+|\b[A-ZÀ-ÖØ-Þ]{2,}\b")
_FIRST_WORD = re.compile(r"[^\w]*([A-ZÀ-ÖØ-Þ][\w-]*)")
_GAP: Final = "…"


def tidy(text: str) -> str:
    """The text with single blanks, none at the end of lines, and at most one empty line."""
    if "  " in text or "\t" in text:
        text = "\n".join(map(_tidy_line, text.split("\n")))
    if " \n" in text:
        text = _TRAILING.sub("\n", text)
    return _GAPS.sub("\n\n", text) if "\n\n\n" in text else text


def unrepeated(text: str, known: set[str], *, block: tuple[str, str]) -> str:
    """The text without lines that stand in `known`, to which its own are added.

    Short lines stay, the text's last line, and all between the tags of `block`.
    """
    lines = text.split("\n")
    kept: list[str] = []
    inside = dropped = False
    for at, line in enumerate(lines):
        inside = (inside or line == block[0]) and line != block[1]
        if inside or len(line) < _REPEAT_CHARS or at == len(lines) - 1:
            kept.append(line)
        elif line in known:
            dropped = True
        else:
            known.add(line)
            kept.append(line)
    return "\n".join(kept) if dropped else text


@lru_cache(maxsize=1024)
def gist(line: str, language: Language | None, *, again: bool = False) -> str:
    """A line that was said, by its first sentence and those that hold a fact; `…` for the rest.

    A long line that was said `again` word for word keeps only who said it.
    """
    who = _WHO.match(line)
    head = who[0] if who else ""
    body = line[len(head) :]
    if body.count(" ") < LONG_WORDS:
        return line
    if again:
        return head + _GAP
    kept: list[str] = []
    for at, sentence in enumerate(_SENTENCES.split(body)):
        if at == 0 or sentence.strip(" .…") == "" or _holds_fact(sentence, language):
            kept.append(sentence)
        elif kept[-1] != _GAP:
            kept.append(_GAP)
    shorter = head + " ".join(kept)
    return shorter if len(shorter) < len(line) else line


@lru_cache(maxsize=1024)
def facts(line: str, language: Language | None) -> str:
    """A line that was said, by the sentences that hold a fact; "" when none does."""
    who = _WHO.match(line)
    head = who[0] if who else ""
    kept = [one for one in _SENTENCES.split(line[len(head) :]) if _holds_fact(one, language)]
    return head + " ".join(kept) if kept else ""


def _holds_fact(sentence: str, language: Language | None) -> bool:
    if _FACT.search(sentence):
        return True
    first = _FIRST_WORD.match(sentence)
    if first is None:
        return False
    word = fold(first[1])
    beginnings = words_by_language("beginnings")
    known = (beginnings[language],) if language else tuple(beginnings.values())
    return not any(word in words for words in known)


def _tidy_line(line: str) -> str:
    """One blank in place of many; what stands before the first word stays."""
    words = line.lstrip(" \t")
    return line[: len(line) - len(words)] + _BLANKS.sub(" ", words)
