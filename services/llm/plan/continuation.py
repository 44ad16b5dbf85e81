"""An answer that broke off is finished by another model: what it is asked, and what is kept of it.

What was spoken stays spoken. The request ends with those words; what comes back loses whatever it
repeats of them, so that nobody hears a sentence begin twice.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from services.core.tokens import estimate_tokens
from services.llm.prompts.compiler import compile_prompt
from services.llm.prompts.store import shipped
from services.llm.request import Request
from services.llm.sentences import SentenceGate, split, useful
from services.llm.spec import ModelSpec

_FEWEST_TOKENS = 32
_START_WORDS = 4
"""Two sentences that begin with the same four words are one sentence begun twice."""

_FEWEST_REPEATED = 3
"""Fewer words in common after a whole sentence are chance."""

_WORD = re.compile(r"\w+")
_LEAD_IN = re.compile(r"^(?:[\s…–—-]|\.{2,})*")
_AFTER_REPEATED = re.compile(r"^[\s….!?\"'»”)\u00a0\u202f–—-]*")
_CLINGING = ",;:.!?)"
"""What follows a word without a space."""


class Gate(Protocol):
    """What stands between a model's pieces and the listener."""

    @property
    def midway(self) -> bool:
        """Whether what was given out stops inside a sentence."""
        ...

    def feed(self, piece: str) -> str:
        """What may be given out now that `piece` came."""
        ...

    def finish(self) -> str:
        """The rest of an answer that came whole."""
        ...

    def settle(self) -> str:
        """Of an answer that another one may continue, what is whole; drops the rest."""
        ...

    def close(self) -> str:
        """What ends an answer that broke off."""
        ...


def continued(request: Request, spec: ModelSpec, said: str) -> Request:
    """The request that makes a model of `spec` go on after `said`.

    A model that takes a prefill sees its own last words to go on from; another one is told.
    """
    template = shipped().get("continuation", "fr" if request.language == "fr" else "en")
    own, told = compile_prompt(template.render(spoken=said))
    messages = (*request.messages, own) if spec.takes.prefill else (*request.messages, own, told)
    left_tokens = max(_FEWEST_TOKENS, request.max_tokens - estimate_tokens(said))
    return replace(request, messages=messages, max_tokens=min(left_tokens, request.max_tokens))


class ContinuationGate:
    """A gate for the words of a second model, after `said`; `midway` if that stops in a sentence.

    It holds the first words until it is sure whether they repeat what was said. A `prefilled` model
    goes on in mid-sentence; another one that begins with a capital begins a sentence of its own.
    """

    def __init__(self, said: str, *, midway: bool, prefilled: bool = False) -> None:
        self._midway = midway
        self._prefilled = prefilled
        self._heard = [word.casefold() for word in _WORD.findall(said)]
        self._begun = {start for sentence in split(said) if (start := _start(sentence))}
        self._unfinished = _start(split(said)[-1]) if midway and said else ()
        self._sentences = SentenceGate(said, midway=midway)
        self._held = ""
        self._open = False
        self._given = False

    @property
    def midway(self) -> bool:
        return self._sentences.midway

    def feed(self, piece: str) -> str:
        if self._open:
            return self._passed(piece)
        self._held += piece
        return self._opened(whole=False)

    def finish(self) -> str:
        first = "" if self._open else self._opened(whole=True)
        return first + self._kept(self._sentences.midway, self._sentences.finish())

    def settle(self) -> str:
        return self._kept(self._sentences.midway, self._sentences.settle())

    def close(self) -> str:
        if self._given:
            return self._kept(self._sentences.midway, self._sentences.close())
        return "…" if self._midway else ""

    def _opened(self, *, whole: bool) -> str:
        """Gives the held words, without what they repeat, once that can be told."""
        length = _repeated(self._held, self._heard, midway=self._midway, whole=whole)
        if length is None:
            return ""
        lead_in = _AFTER_REPEATED if length and not self._midway else _LEAD_IN
        rest = lead_in.sub("", self._held[length:], count=1)
        if not useful(rest):
            return ""
        self._open, self._held = True, ""
        if self._midway and not length and not self._prefilled and rest[0].isupper():
            self._sentences = SentenceGate("…", midway=False)
            return self._passed("… " + rest)
        return self._passed(rest if rest[0] in _CLINGING else " " + rest)

    def _passed(self, piece: str) -> str:
        return self._kept(self._sentences.midway, self._sentences.feed(piece))

    def _kept(self, midway: bool, text: str) -> str:
        """The text without sentences that begin like one that was said.

        Its beginning is kept when it goes on `midway` in a sentence.
        """
        if not text:
            return ""
        sentences = split(text)
        kept = [sentences.pop(0)] if midway else []
        kept += [sentence for sentence in sentences if not self._known(sentence)]
        self._given = self._given or bool(kept)
        return "".join(kept)

    def _known(self, sentence: str) -> bool:
        start, broken = _start(sentence), self._unfinished
        known = start in self._begun or (len(broken) > 1 and start[: len(broken)] == broken)
        if not known and len(start) >= _FEWEST_REPEATED:
            known = any(_same_start(start, other) for other in self._begun)
        if start:
            self._begun.add(start)
        return known


def _repeated(held: str, heard: Sequence[str], *, midway: bool, whole: bool) -> int | None:
    """How many characters of `held` repeat the end of what was heard; None while that is open."""
    found = list(_WORD.finditer(held))
    if not whole and found and found[-1].end() == len(held):
        found.pop()
    words = [match.group().casefold() for match in found]
    if not words:
        return 0 if whole else None
    fewest = 1 if midway else _FEWEST_REPEATED
    for start in range(len(heard)):
        tail = heard[start:]
        if len(words) > len(tail):
            if len(tail) >= fewest and words[: len(tail)] == tail:
                return found[len(tail) - 1].end()
        elif whole and words == tail:
            return len(held)
        elif not whole and words == tail[: len(words)]:
            return None
    return 0


def _start(sentence: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _WORD.findall(sentence)[:_START_WORDS])


def _same_start(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one of the two goes on from the other, which is long enough not to be chance."""
    shared = min(len(one), len(other))
    return shared >= _FEWEST_REPEATED and one[:shared] == other[:shared]
