"""What a model wrote for one character, cleaned so that it can be spoken, piece by piece.

Owns what a line may be: one character's own words, no label before them, nobody else's lines, no
more of them than a person would listen to. A name that the model puts before a colon decides
nothing about who speaks: it only ends the line. Which sentences a character may say at all is
`services.llm.prompts.spoken`'s.
"""

import re
from functools import cache

from agents.cast.asides import Asides
from agents.cast.naming import is_abbreviated, name_of
from agents.cast.role import out_of_role
from scenarios.fields import Language
from scenarios.hearing import words_of
from scenarios.schema import Character, Scenario
from services.llm.prompts.spoken import END, SpokenGuard
from services.llm.prompts.store import shipped
from services.llm.prompts.words import Phrase

LINE_WORDS = 90
"""After so many words a line ends with its sentence, at twice as many it ends anyway."""

_STRANGERS = (
    "user",
    "assistant",
    "system",
    "learner",
    "narrator",
    "narrateur",
    "narratrice",
    "utilisateur",
    "apprenant",
    "apprenante",
    "didascalie",
)
_LABEL_MARKS = frozenset(" '’-.\"“«\t")
_BULLETS = frozenset("-–—•>·")
_QUOTES = {'"': '"', "“": "”", "«": "»"}
_NUMBERING = re.compile(r"\d{1,2}[.)]?")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s")
_ENDS = frozenset(".?!…")
_TIGHT = frozenset(".,…")
"""What no space stands before, so that a dropped aside leaves none."""


class LineGuard:
    """Cleans one line. `done` once nothing more of it may be spoken: the stream can be closed.

    `person` is the name of the person, whose lines the character does not say either.
    """

    def __init__(
        self, persona: str, scenario: Scenario, *, words: int = LINE_WORDS, person: str = ""
    ) -> None:
        self.done = False
        self._scenario = scenario
        character = scenario.character(persona)
        self._sentences = SpokenGuard(
            scenario.language, may_say=self._is_a_subject, never=out_of_role(character, scenario)
        )
        self._own = _labels(character)
        others = {label for one in scenario.cast if one.id != persona for label in _labels(one)}
        learner = " ".join(words_of(scenario.learner.role))
        others |= {*_STRANGERS, learner, _person(scenario.language), *_called(person)}
        self._others = others - self._own - {""}
        self._asides = Asides(self._own | self._others)
        self._limit = words
        self._words = 0
        self._held = ""
        self._starts = True
        self._line_starts = True
        self._last = ""
        self._word = ""
        self._space = False
        self._unquote = ""

    @property
    def dropped(self) -> int:
        """Sentences that were not let through: in another language, or out of the role."""
        return self._sentences.dropped

    def feed(self, piece: str) -> str:
        """What of the line can be spoken by now, maybe nothing."""
        spoken = self._sentences.feed(self._pass(self._asides.feed(piece)))
        return spoken + self._sentences.flush() if self.done else spoken

    def flush(self) -> str:
        """The rest of the line. The line is done then."""
        rest = self._pass(self._asides.flush())
        if not self.done:
            rest += self._release()
        self.done = True
        return (self._sentences.feed(rest) + self._sentences.flush()).rstrip()

    def _pass(self, text: str) -> str:
        return "".join(self._take(char) for char in text)

    def _take(self, char: str) -> str:
        if self.done:
            return ""
        if char == "\n":
            spoken = self._release() + self._emit(" ")
            self._starts = self._line_starts = True
            return spoken
        if not self._starts:
            return self._emit(char)
        if self._line_starts and not self._held.strip():
            if char in _BULLETS or char.isspace():
                return ""
            if char in _QUOTES and not self._words:
                self._unquote = _QUOTES[char]
                return ""
        self._held += char
        if self._line_starts and _NUMBERING.fullmatch(self._held):
            return ""
        if self._line_starts and _NUMBERED.fullmatch(self._held):
            self._held = ""
            return ""
        return self._label()

    def _label(self) -> str:
        """What to do with the start of a sentence: hold it, speak it, or stop at a label."""
        label = " ".join(words_of(self._held))
        if self._held.endswith(":"):
            if label in self._own:
                self._held = ""
                return ""
            if label in self._others:
                self._held, self.done = "", True
                return ""
        elif self._may_become_label(label):
            return ""
        return self._release()

    def _may_become_label(self, start: str) -> bool:
        last = self._held[-1]
        fits = last.isalnum() or last in _LABEL_MARKS
        return fits and any(one.startswith(start) for one in (*self._own, *self._others))

    def _release(self) -> str:
        held, self._held = self._held, ""
        self._starts = self._line_starts = False
        return "".join(self._emit(char) for char in held)

    def _emit(self, char: str) -> str:
        """The character, with the space before it, unless the line is over or it is a space.

        The space after a sentence's end becomes END.
        """
        if self.done or char == self._unquote:
            return ""
        if not char.isspace():
            space = " " if self._space and char not in _TIGHT else ""
            self._word = char if self._space else self._word + char
            self._space, self._last = False, char
            return space + char
        if self._last and not self._space:
            self._space = True
            self._words += 1
            ended = self._last in _ENDS and not is_abbreviated(self._word)
            self._starts = self._starts or ended
            self.done = (ended and self._words >= self._limit) or self._words >= 2 * self._limit
            return END if ended else ""
        return ""

    def _is_a_subject(self, phrase: Phrase) -> bool:
        """Whether the author's texts speak of it."""
        scene = self._scenario
        personas = (text for one in scene.cast for text in (one.persona, *one.knows))
        told = (scene.title, scene.summary, scene.learner.role, scene.learner.brief or "")
        words = " ".join(words_of(" ".join((*told, *personas))))
        return f" {' '.join(phrase)} " in f" {words} "


def clean_line(text: str, persona: str, scenario: Scenario) -> str:
    """The whole line, cleaned."""
    guard = LineGuard(persona, scenario)
    return (guard.feed(text) + guard.flush()).strip()


@cache
def _person(language: Language) -> str:
    """What the person is called in the conversation of a prompt, folded."""
    return " ".join(words_of(shipped().get("persona_answer", language).words["person"]))


def _labels(character: Character) -> frozenset[str]:
    """What a model may put before a colon to mean that character, as folded words."""
    also = (words_of(character.id), words_of(character.title or ""))
    return _called(character.name) | {" ".join(form) for form in also if form}


def _called(name: str) -> frozenset[str]:
    """What of a name may stand before a colon, as folded words."""
    parts = name_of(name)
    forms = {words_of(name), *parts, parts.whole[:1], parts.whole[-1:]}
    return frozenset(" ".join(form) for form in forms if form)
