"""The author's own lines, chosen so that a character without a model still answers.

Owns which line comes next for each character. Never the same line twice in a row for one of them,
and never nothing: the last resort are a few phrases of our own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from random import Random
from typing import Literal, assert_never

from scenarios.fields import Language
from scenarios.hearing import hears, words_of
from scenarios.schema import Scenario
from scenarios.schema import Understudy as Lines

LineKind = Literal["opening", "answer", "closing", "reaction"]

_LAST_RESORT: dict[Language, dict[LineKind, tuple[str, ...]]] = {
    "fr": {
        "opening": ("Bonjour.", "Commençons, si vous voulez bien."),
        "answer": ("Je vous écoute.", "Continuez, je vous en prie.", "Et concrètement ?"),
        "closing": ("Merci, restons-en là.", "Merci à vous, au revoir."),
        "reaction": ("Hm.", "Ah."),
    },
    "en": {
        "opening": ("Hello.", "Let us begin."),
        "answer": ("I am listening.", "Do go on.", "And in practice?"),
        "closing": ("Thank you, let us leave it there.", "Thank you, and goodbye."),
        "reaction": ("Hm.", "I see."),
    },
}


class Understudy:
    """The authored lines of one scene, with a memory of which were said."""

    def __init__(self, scenario: Scenario, *, rng: Random) -> None:
        self._scenario = scenario
        self._rng = rng
        self._said: defaultdict[str, list[str]] = defaultdict(list)

    def line(self, persona: str, *, kind: LineKind, phase: str, heard: str = "") -> str:
        """The character's next line of that kind; it counts as said.

        An answer to one of the `heard` words comes first, then what was not said yet in the
        author's order, then what was said longest ago. Raises: KeyError for an unknown character.
        """
        lines = self._scenario.character(persona).understudy
        match kind:
            case "opening":
                line = self._opening(persona, lines, phase)
            case "answer":
                line = self._answer(persona, lines, phase, heard)
            case "closing":
                line = self._closing(persona, lines)
            case "reaction":
                line = self._reaction(persona, lines)
            case _:
                assert_never(kind)
        self.mark(persona, line)
        return line

    def mark(self, persona: str, text: str) -> None:
        """The character said this line, here or before a restart; if cut, its beginning will do."""
        key = _key(text)
        lines = map(_key, _authored(self._scenario.character(persona).understudy))
        whole = next((line for line in lines if key and line.startswith(key)), key)
        self._said[persona].append(whole)

    def _opening(self, persona: str, lines: Lines, phase: str) -> str:
        """One of the openings from someone not heard yet, then what was written for the phase."""
        if not self._said[persona]:
            return self._rng.choice(lines.opening)
        return self._next(persona, lines.lines_for(phase) or lines.opening, "opening")

    def _answer(self, persona: str, lines: Lines, phase: str, heard: str) -> str:
        language = self._scenario.language
        matching = (one.say for one in lines.heard if hears(heard, one.words, language))
        fresh = next(self._unsaid(persona, matching), None)
        if fresh is not None:
            return fresh
        return self._next(persona, lines.lines_for(phase), "answer")

    def _closing(self, persona: str, lines: Lines) -> str:
        fresh = tuple(self._unsaid(persona, lines.closing))
        return self._rng.choice(fresh) if fresh else self._next(persona, lines.closing, "closing")

    def _reaction(self, persona: str, lines: Lines) -> str:
        said = self._said[persona][-1:]
        choices = [line for line in lines.reactions if _key(line) not in said]
        if choices:
            return self._rng.choice(choices)
        return self._next(persona, (), "reaction")

    def _next(self, persona: str, lines: Iterable[str], kind: LineKind) -> str:
        """The first line that was not said, else the one said longest ago, never the last one."""
        lines, said = tuple(lines), self._said[persona]
        fresh = next(self._unsaid(persona, lines), None)
        if fresh is not None:
            return fresh
        again = [line for line in lines if _key(line) != said[-1]] if said else []
        spare = _LAST_RESORT[self._scenario.language][kind]
        again = again or [line for line in spare if said[-1:] != [_key(line)]]
        return min(again, key=lambda line: _last_said(said, line))

    def _unsaid(self, persona: str, lines: Iterable[str]) -> Iterator[str]:
        said = self._said[persona]
        return (line for line in lines if _key(line) not in said)


def _authored(lines: Lines) -> Iterator[str]:
    yield from (*lines.opening, *lines.lines, *lines.reactions, *lines.closing)
    yield from (one.say for one in lines.heard)
    for phase in lines.phases.values():
        yield from phase


def _key(text: str) -> str:
    return " ".join(words_of(text))


def _last_said(said: list[str], line: str) -> int:
    key = _key(line)
    return max((at for at, one in enumerate(said) if one == key), default=-1)
