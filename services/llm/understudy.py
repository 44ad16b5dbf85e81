"""The author's own lines, chosen so that a character without a model still answers.

Owns which line comes next for each character. Never the same line twice in a row for one of them,
and never nothing: the last resort are a few phrases of our own. They are so short that nobody minds
hearing one again, and come before a long line is said a second time.
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
        "answer": (
            "Et concrètement ?",
            "Je vous écoute.",
            "C’est-à-dire ?",
            "Et ensuite ?",
            "Pourquoi cela ?",
            "Poursuivez donc.",
        ),
        "closing": ("Merci, restons-en là.", "Merci à vous, au revoir."),
        "reaction": ("Hm.", "Ah.", "Bon.", "Je vois."),
    },
    "en": {
        "opening": ("Hello.", "Let us begin."),
        "answer": (
            "And in practice?",
            "Do go on.",
            "How so?",
            "And then what?",
            "I am listening.",
            "Tell me more.",
        ),
        "closing": ("Thank you, let us leave it there.", "Thank you, and goodbye."),
        "reaction": ("Hm.", "I see.", "Ah.", "Right."),
    },
}

SHORT_WORDS = 3
"""A line of so few words may be heard again ("Tiens donc.")."""


class Understudy:
    """The authored lines of one scene, with a memory of which were said."""

    def __init__(self, scenario: Scenario, *, rng: Random) -> None:
        self._scenario = scenario
        self._rng = rng
        self._said: defaultdict[str, list[str]] = defaultdict(list)

    def line(self, persona: str, *, kind: LineKind, phase: str, heard: str = "") -> str:
        """The character's next line of that kind; it counts as said.

        An answer to one of the `heard` words comes first, then what was not said yet in the
        author's order, then short lines, the one said longest ago first, the author's or our own.
        A closing is the author's, said or not. Raises: KeyError for an unknown character.
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
        lines = tuple(map(_key, _authored(self._scenario.character(persona).understudy)))
        begun = (line for line in lines if key and line.startswith(f"{key} "))
        self._said[persona].append(key if key in lines else next(begun, key))

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
        fresh = tuple(self._unsaid(persona, lines.reactions))
        return (
            self._rng.choice(fresh) if fresh else self._next(persona, lines.reactions, "reaction")
        )

    def _next(self, persona: str, lines: Iterable[str], kind: LineKind) -> str:
        """The first line that was not said, else the short one said longest ago, never the last.

        Where the scene has begun, an opening's last resort is an answer's: nobody greets twice.
        """
        lines, said = tuple(lines), self._said[persona]
        fresh = next(self._unsaid(persona, lines), None)
        if fresh is not None:
            return fresh
        again = lines if kind == "closing" else tuple(one for one in lines if _is_short(one))
        spare = _LAST_RESORT[self._scenario.language]["answer" if kind == "opening" else kind]
        if len(set(map(_key, again))) < 2:
            again = (*again, *spare)
        choices = [line for line in again if said[-1:] != [_key(line)]]
        return min(choices, key=lambda line: _last_said(said, line))

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


def _is_short(line: str) -> bool:
    return len(words_of(line)) <= SHORT_WORDS


def _last_said(said: list[str], line: str) -> int:
    key = _key(line)
    return max((at for at, one in enumerate(said) if one == key), default=-1)
