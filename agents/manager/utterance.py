"""What was said as sentences of tokens, with the punctuation that a speech engine wrote."""

import re
from dataclasses import dataclass
from functools import lru_cache

from agents.cast.naming import ABBREVIATED
from scenarios.hearing import fold

_WORD = re.compile(r"[^\W_]+")
_STOPS = re.compile(r"[.?!…\n]")
_COMMAS = re.compile(r"[,;:()«»\"“”—–]| - ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One folded word. `comma` and `apostrophe` tell what stands right after it."""

    word: str
    capital: bool
    comma: bool = False
    apostrophe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The words between two stops; `asks` when it ends with a question mark.

    `cased` when the whole text knows capitals, so that a word without one is hardly a name. `words`
    are the folded words alone.
    """

    tokens: tuple[Token, ...]
    words: tuple[str, ...]
    asks: bool = False
    cased: bool = False


def sentences_of(text: str) -> tuple[Sentence, ...]:
    """The sentences in order. The point of "M." or "Dr." ends none."""
    sentences: list[Sentence] = []
    tokens: list[Token] = []
    found = list(_WORD.finditer(text))
    cased = text != text.lower()
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        between, word = text[match.end() : end], _folded(match.group())
        stops = _STOPS.search(between) is not None
        if stops and word in ABBREVIATED and between.startswith(".") and end < len(text):
            stops = False
        tokens.append(
            Token(
                word=word,
                capital=match.group()[0].isupper(),
                comma=_COMMAS.search(between) is not None,
                apostrophe=between in {"'", "’"},
            )
        )
        if stops or at + 1 == len(found):
            words = tuple(token.word for token in tokens)
            asks = "?" in between
            sentences.append(Sentence(tokens=tuple(tokens), words=words, asks=asks, cased=cased))
            tokens = []
    return tuple(sentences)


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    return fold(word)
