"""Whether a sentence says again what was said: the same thought, in whichever order its words come.

Owns the measure of likeness, and keeps echoes out of a line while it is still being written. A
short formula is nobody's thought, and another question on the same subject is another thought.
The very same words are an echo however long ago they were said.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from agents.cast.naming import is_abbreviated
from scenarios.fields import Language
from scenarios.hearing import stem, words_of

LIKE = 0.8
"""So much of a sentence's content in one that was said makes it an echo."""

LIKE_ASKED = 0.9
"""Of a question: one word may be what it asks for."""

LEAST_CONTENT = 4
"""With less content than so many words a sentence is a formula, unless it is long and the same."""

SAME_WORDS = 4
"""From so many words on the very same ones are an echo, whatever they mean."""

SHINGLE = 3
LONG_WORDS = 9
"""From so many words on the same word order alone tells, whatever they mean."""

_ENDS = ".!?…\"»”')"
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
_END = re.compile(r"(?:(?:[!?…]|(?<!\d)\.)[.!?…]*[\"»”')]*(?=\s|$))|(?:\.[\"»”')]*(?=\s))")
"""A point after a figure may be part of a number until a space follows it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a sentence consists of, folded: words in order, content by stem, and its manner."""

    words: tuple[str, ...]
    content: frozenset[str]
    numbers: frozenset[str]
    asks: frozenset[str] | None
    against: bool


def is_echo(text: str, others: Iterable[str], language: Language) -> bool:
    """Whether a sentence of `text` says what a sentence of one of the others says."""
    said = [one for other in others for one in sentences(other, language)]
    return any(_same(one, other) for one in sentences(text, language) for other in said)


def may_become_echo(beginning: str, others: Iterable[str], language: Language) -> bool:
    """Whether the beginning of a sentence may still turn out to be an echo of one of the others.

    What is new in it is certain: of much content only a little may be new.
    """
    begun = _read(beginning, language)
    said = (one for other in others for one in sentences(other, language))
    return any(_may_be(begun, one) for one in said)


def is_said_again(text: str, others: Iterable[str], language: Language) -> bool:
    """Whether a sentence of `text` has the very words of a sentence of one of the others."""
    said = {one.words for other in others for one in sentences(other, language)}
    return any(
        len(one.words) >= SAME_WORDS and one.words in said for one in sentences(text, language)
    )


@lru_cache(maxsize=1024)
def sentences(text: str, language: Language) -> tuple[Sentence, ...]:
    """The sentences of a text that have words."""
    parts: list[str] = []
    for part in _SENTENCE.findall(text):
        if parts and is_abbreviated(parts[-1]):
            parts[-1] += part
        else:
            parts.append(part)
    read = (_read(one, language) for one in parts)
    return tuple(one for one in read if one.words)


class EchoGuard:
    """Lets a line's text through without its echoes of what `said` tells, piece by piece.

    Nothing is let through word for word again that `ever` tells, or `said`.

    The first sentence goes out as soon as it cannot be an echo any more, and while the line is
    `patient` once it is whole. `echoed` is set when it is one, and nothing of the line is let
    through then. Later ones that are, are left out and counted in `dropped`.
    """

    def __init__(
        self,
        said: Callable[[], Sequence[str]],
        language: Language,
        *,
        ever: Callable[[], Sequence[str]] = tuple,
        patient: Callable[[], bool] = bool,
    ) -> None:
        self.echoed = False
        self.dropped = 0
        self._said = said
        self._ever = ever
        self._language = language
        self._patient = patient
        self._held = ""
        self._first = True
        self._let = False

    def feed(self, text: str) -> str:
        """What may be spoken by now."""
        if self.echoed:
            return ""
        self._held += text
        given: list[str] = []
        while not self.echoed and (end := _end(self._held)):
            sentence, self._held = self._held[:end], self._held[end:]
            given.append(self._judge(sentence))
        return "".join((*given, self._early()))

    def flush(self) -> str:
        """The rest of the line."""
        rest, self._held = self._held, ""
        return self._judge(rest) if rest and not self.echoed else ""

    def _judge(self, sentence: str) -> str:
        """A sentence that is whole, or what of it was still held: as it is, or nothing."""
        let, self._let = self._let, False
        first, self._first = self._first, self._first and not sentence.strip()
        if let or not self._is_echo(sentence):
            return sentence
        self.echoed = first
        self.dropped += not first
        return ""

    def _early(self) -> str:
        """What is there of a first sentence that is certain to be no echo."""
        waits = self.echoed or self._let or self._patient()
        if self._first and self._held and not waits:
            words, _, _ = self._held.rpartition(" ")
            self._let = self._is_certain(words)
        if not self._let:
            return ""
        given, self._held = self._held, ""
        return given

    def _is_echo(self, sentence: str) -> bool:
        said, language = self._said(), self._language
        if is_said_again(sentence, self._ever(), language) or is_echo(sentence, said, language):
            return True
        return any(_is_being_said(sentence, one, language) for one in said)

    def _is_certain(self, words: str) -> bool:
        """Whether a sentence that begins so can be no echo any more."""
        said, ever = self._said(), self._ever()
        if not words.strip():
            return not (said or ever)
        if _begins_alike(words, ever, self._language):
            return False
        return not may_become_echo(words, said, self._language)


def _end(text: str) -> int:
    """Where the first sentence of the text ends; 0 while it goes on."""
    found = (one for one in _END.finditer(text) if not is_abbreviated(text[: one.start() + 1]))
    return next((one.end() for one in found), 0)


def _is_being_said(sentence: str, other: str, language: Language) -> bool:
    """Whether the other text stops in the middle of a sentence that began with the very words."""
    if not other.strip() or other.rstrip()[-1] in _ENDS:
        return False
    begun, words = sentences(other, language)[-1:], words_of(sentence)
    return any(
        len(one.words) >= SAME_WORDS and words[: len(one.words)] == one.words for one in begun
    )


def _begins_alike(beginning: str, others: Iterable[str], language: Language) -> bool:
    """Whether a sentence of one of the others begins with the very same words."""
    begun = words_of(beginning)
    said = (one for other in others for one in sentences(other, language))
    return any(len(one.words) >= SAME_WORDS and one.words[: len(begun)] == begun for one in said)


def _read(sentence: str, language: Language) -> Sentence:
    words = words_of(sentence)
    asking, against = _words("asking", language), _words("against", language)
    empty = _words("empty", language) | asking | against
    asks = "?" in sentence or (bool(words) and words[0] in asking)
    return Sentence(
        words=words,
        content=frozenset(stem(one, language) for one in words if one not in empty),
        numbers=frozenset(one for one in words if one[0].isdigit()),
        asks=frozenset(words) & asking if asks else None,
        against=not against.isdisjoint(words),
    )


def _same(one: Sentence, other: Sentence) -> bool:
    if one.words == other.words and len(one.words) >= SAME_WORDS:
        return True
    if (one.numbers, one.against, one.asks) != (other.numbers, other.against, other.asks):
        return False
    if len(one.words) >= LONG_WORDS:
        own = _shingles(one.words)
        if len(own & _shingles(other.words)) >= LIKE * len(own):
            return True
    like = LIKE if one.asks is None else LIKE_ASKED
    shared = len(one.content & other.content)
    return _weight(one) >= LEAST_CONTENT and shared >= like * len(one.content)


def _weight(one: Sentence) -> int:
    """How much there is to be said again: content, and what is asked of it."""
    return len(one.content) + len(one.asks or ())


def _may_be(begun: Sentence, other: Sentence) -> bool:
    """Whether so little is new that the rest of the other could still outweigh it."""
    if len(other.words) >= SAME_WORDS and other.words[: len(begun.words)] == begun.words:
        return True
    if _weight(other) < LEAST_CONTENT and len(other.words) < LONG_WORDS:
        return False
    new = len(begun.content - other.content)
    return begun.numbers <= other.numbers and new * LIKE <= len(other.content) * (1.0 - LIKE)


def _shingles(words: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(words[at : at + SHINGLE] for at in range(len(words) - SHINGLE + 1))


@cache
def _words(kind: str, language: Language) -> frozenset[str]:
    with Path(__file__).with_name("echoes.toml").open("rb") as file:
        return frozenset(words_of(tomllib.load(file)[language][kind]))
