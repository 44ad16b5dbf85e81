"""Which sentences of an answer may be spoken: in the scene's language, by a person, without markup.

Owns the judgement of sentences while they are still being written. The first one goes out word by
word, held only while it may still turn out wrong; later ones, which are there long before the voice
needs them, are judged whole.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from scenarios.hearing import fold
from services.llm.prompts.words import Phrase, phrases, words_by_language
from services.llm.request import Language

END = "\n"
"""Stands in the text that is fed for the end of a sentence."""

SURE_WORDS = 4
"""After so many words none of which is foreign, a sentence is in the right language."""

LANGUAGE_WORDS = 8
"""So many words are looked at before a sentence's language is decided."""

LONG_PHRASE = 7
"""A phrase of so many words is held back from its second word on: its first one tells nothing."""

_FOREIGN_WORDS = 2

_WORD = re.compile(r"[^\W_]+")
_URL = re.compile(r"\s*\b(?:https?://|www\.)\S*[^\s.,;:!?…»)]", re.IGNORECASE)
_ENTITY = re.compile(r"&(#?\w{1,10});")
_ENTITIES = {"nbsp": " ", "amp": "&", "rsquo": "’", "apos": "’", "#39": "’", "hellip": "…"}
_UNFINISHED = re.compile(r"(?:\s*\b(?:h|ht|htt|http\S*|w|ww|www\S*)|&#?\w{0,10})$", re.IGNORECASE)
_LATIN_ENDS = 0x250
_LATIN_ADDED = range(0x1E00, 0x1F00)

Verdict = Literal["drop", "hold", "go"]


class SpokenGuard:
    """Takes the text of one line as it comes, and gives what of it may be spoken, in order.

    `may_say` tells whether a phrase such as "language model" is a subject of the scene: if not, a
    sentence with it is taken for the model speaking of itself. `never` are other phrases that no
    sentence may hold. `dropped` counts sentences.
    """

    def __init__(
        self,
        language: Language,
        *,
        may_say: Callable[[Phrase], bool] = lambda _: False,
        never: "Forbidden | None" = None,
    ) -> None:
        self.dropped = 0
        self._never = never or _NOTHING
        self._language = language
        self._may_say = may_say
        self._held = ""
        self._said = False
        self._first = True
        self._dropping = False
        self._settled = False
        self._glued = False
        self._before = ""

    def feed(self, text: str) -> str:
        """What may be spoken by now; each sentence in `text` ends with END."""
        if END not in text:
            return self._take(text)
        given: list[str] = []
        *whole, rest = text.split(END)
        for sentence in whole:
            given += (self._take(sentence), self._finish())
        return "".join((*given, self._take(rest)))

    def flush(self) -> str:
        """What is left of a line that came to its end."""
        return self._finish()

    def _take(self, text: str) -> str:
        if self._dropping or not text:
            return ""
        self._held += text
        return self._sift(over=False) if self._first else ""

    def _finish(self) -> str:
        """The sentence is over: what was held of it, or nothing."""
        given = "" if self._dropping else self._sift(over=True)
        if self._dropping:
            self.dropped += 1
        self._first = self._first and not self._said
        self._held = ""
        self._dropping = self._settled = self._glued = False
        self._before = ""
        return given

    def _sift(self, *, over: bool) -> str:
        spans = [(one.start(), one.end()) for one in _WORD.finditer(self._held)]
        words = [_folded(self._held[start:end]) for start, end in spans]
        before = [self._before] if self._before else []
        if self._glued and spans and spans[0][0] == 0:
            words[0] = "".join((*before, words[0]))
            before = []
        unfinished = bool(spans) and not over and spans[-1][1] == len(self._held)
        confession = self._confession([*before, *words], unfinished=unfinished)
        if isinstance(confession, int):
            confession = max(confession - len(before), 0)
        verdict = self._language_of(words[: len(words) - unfinished], over=over)
        if confession == "said" or verdict == "drop":
            self._dropping, self._held = True, ""
            return ""
        if verdict == "hold":
            return ""
        end = len(self._held)
        if not over and confession is not None:
            end = len(self._held[: spans[confession][0]].rstrip())
        if not over and (open_end := _UNFINISHED.search(self._held)):
            end = min(end, open_end.start())
        return self._give(end)

    def _give(self, end: int) -> str:
        text, self._held = self._held[:end], self._held[end:]
        if given := _WORD.findall(text):
            glued = self._glued and text[0].isalnum() and len(given) == 1
            self._before = (self._before if glued else "") + _folded(given[-1])
        self._glued = text[-1:].isalnum()
        text = _ENTITY.sub(lambda one: _ENTITIES.get(one[1].lower(), ""), _URL.sub("", text))
        if not self._said:
            text = text.lstrip()
            self._said = bool(text)
        return text

    def _confession(self, words: list[str], *, unfinished: bool) -> Literal["said"] | int | None:
        """Whether a forbidden phrase was said, or the index of the word that may begin one."""
        shared, own = _forbidden(), self._never
        for at, word in enumerate(words):
            for phrase in (*shared.starts.get(word, ()), *own.starts.get(word, ())):
                have = tuple(words[at : at + len(phrase)])
                ends = at + len(have) == len(words)
                if have == phrase and not (ends and unfinished):
                    if phrase in phrases("machines") and self._may_say(phrase):
                        continue
                    return "said"
                sure = len(have) > 1 or len(phrase) < LONG_PHRASE
                if ends and sure and _begins(phrase, have, unfinished=unfinished):
                    return at
        if unfinished and any(words[-1] in one.beginnings for one in (shared, own)):
            return len(words) - 1
        return None

    def _language_of(self, words: Iterable[str], *, over: bool) -> Verdict:
        if self._settled:
            return "go"
        if _other_script(self._held):
            return "drop"
        words = [word for word in words if word]
        tells = words_by_language("tells")
        own_tells = tells[self._language]
        own = sum(word in own_tells for word in words)
        foreign = sum(
            word not in own_tells and any(word in tells[one] for one in tells) for word in words
        )
        if over or len(words) >= LANGUAGE_WORDS:
            self._settled = True
            return "drop" if foreign >= _FOREIGN_WORDS and foreign > 2 * own else "go"
        if (own and own >= foreign) or (len(words) >= SURE_WORDS and not foreign):
            self._settled = True
            return "go"
        return "hold"


def speakable(text: str, language: Language) -> bool:
    """Whether a short text is in the language and speaks of no machine."""
    guard = SpokenGuard(language)
    return bool((guard.feed(text) + guard.flush()).strip())


def _begins(phrase: Phrase, have: Phrase, *, unfinished: bool) -> bool:
    """Whether the words may go on to become the phrase."""
    last = len(have) - 1
    if have[:last] != phrase[:last]:
        return False
    return have[last] == phrase[last] or (unfinished and phrase[last].startswith(have[last]))


def _other_script(text: str) -> bool:
    """Whether most letters are of another alphabet than the Latin one."""
    if text.isascii():
        return False
    letters = [ord(char) for char in text if char.isalpha()]
    others = sum(code >= _LATIN_ENDS and code not in _LATIN_ADDED for code in letters)
    return 2 * others > len(letters)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Phrases by their first word, and every beginning of the first word of a short one."""

    starts: Mapping[str, tuple[Phrase, ...]]
    beginnings: frozenset[str]


def forbidding(all: Iterable[Phrase]) -> Forbidden:
    """Those phrases, made ready to be looked for."""
    starts: defaultdict[str, list[Phrase]] = defaultdict(list)
    for phrase in sorted(all, key=len):  # one that begins a longer one is found first
        starts[phrase[0]].append(phrase)
    short = [word for word, found in starts.items() if any(len(x) < LONG_PHRASE for x in found)]
    return Forbidden(
        starts={word: tuple(found) for word, found in starts.items()},
        beginnings=frozenset(word[:size] for word in short for size in range(1, len(word))),
    )


@cache
def _forbidden() -> Forbidden:
    """What no character says."""
    return forbidding(phrases("confessions") | phrases("machines"))


_NOTHING = forbidding(())


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    return fold(word)
