"""What a character is reminded of, once what it heard no longer fits into its prompt.

Owns that a reminder holds only words which that character heard: an analysis tells which turns
matter, the words are those turns' own. Only a summary is somebody else's, and it goes to those
alone who heard all that it is of.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.cast.moment import LEARNER, Said, SceneView, window
from agents.cast.presence import heard_by
from agents.cast.prompts import NAME_CHARS, WINDOW_STEP
from scenarios.hearing import words_of
from scenarios.schema import Scenario
from services.debrief.analysis import MemoryAnalysis
from services.debrief.rules import sentences
from services.llm.prompts.quoting import Quoted, join_quoted, quote, quote_said

RECALL_CHARS = 2800
"""All reminders together: about 25 sentences."""
LINE_CHARS = 240

_COMING = tuple(
    Said(speaker=LEARNER, name="", text="x" * chars, turn_id="", phase="")
    for chars in (1500, 300, 300, 300)
)
"""What may be said before the prompt is written: the window moves on for it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence of a turn, by the turn's number."""

    number: int
    text: str


def outgrown(memory: Sequence[Said]) -> tuple[Said, ...]:
    """What will not stand in the conversation of the next prompt, oldest first."""
    kept = len(window((*memory, *_COMING), step=WINDOW_STEP)) - len(_COMING)
    return tuple(memory[: len(memory) - max(kept, 0)])


def recall(
    persona: str,
    analyses: Sequence[MemoryAnalysis],
    *,
    scenario: Scenario,
    memory: Sequence[Said],
    scene: SceneView,
    words: Mapping[str, str],
) -> str:
    """The reminders for that character, ready to stand in a prompt; "" when it needs none.

    `analyses` are of the beginning of `memory`, the one to be trusted most first; `words` are the
    headings, those of the template `memory`.
    """
    heard = heard_by(persona, memory, scenario, scene)
    gone = {said.turn_id for said in outgrown(heard)}
    if not gone:
        return ""
    knows = {said.turn_id for said in heard}
    heard_at = {n: said for n, said in enumerate(memory, start=1) if said.turn_id in knows}
    view = _View(heard_at, frozenset(n for n, said in heard_at.items() if said.turn_id in gone))
    told: set[str] = set()
    parts: list[Quoted] = []
    chars = RECALL_CHARS
    for heading, lines in (
        ("promised", [line for one in analyses for line in view.promises(one)]),
        ("held", [line for one in analyses for line in view.positions(one)]),
        ("told", [line for one in analyses for line in view.figures(one)]),
    ):
        chosen: list[_Line] = []
        for line in lines:
            if line.text not in told and len(line.text) <= chars:
                told.add(line.text)
                chosen.append(line)
                chars -= len(line.text)
        if chosen:
            parts.append(Quoted(words[heading]))
            parts += view.quoted(sorted(chosen, key=lambda line: line.number), words["person"])
    return join_quoted((*parts, *_summary(analyses, view, words)))


def _summary(
    analyses: Sequence[MemoryAnalysis], view: "_View", words: Mapping[str, str]
) -> Iterator[Quoted]:
    """The first summary that a model wrote of nothing but what this character heard."""
    for one in analyses:
        if one.source == "model" and one.summary and view.heard_first(one.turns):
            yield Quoted(f"{words['summed']} {quote(one.summary, RECALL_CHARS)}")
            return


@dataclass(frozen=True, slots=True)
class _View:
    """What one character heard, by number, and which of it has left the conversation."""

    heard: Mapping[int, Said]
    gone: frozenset[int]

    def heard_first(self, turns: int) -> bool:
        """Whether it heard all of the first so many turns."""
        return all(number in self.heard for number in range(1, turns + 1))

    def promises(self, analysis: MemoryAnalysis) -> Iterator[_Line]:
        """The latest first."""
        for one in reversed(analysis.promises):
            yield from self._lines(one.turns, one.text, by=one.who)

    def positions(self, analysis: MemoryAnalysis) -> Iterator[_Line]:
        """The latest first."""
        for one in reversed(analysis.positions):
            yield from self._lines(one.turns, one.text, by=one.who)

    def figures(self, analysis: MemoryAnalysis) -> Iterator[_Line]:
        """The sentences in which figures and dates were named, the latest first."""
        for one in reversed(analysis.entities):
            if one.kind in {"figure", "date"}:
                yield from self._lines(one.turns[:1], one.name)

    def quoted(self, lines: Iterable[_Line], person: str) -> Iterator[Quoted]:
        """`[who] sentence` a line, as in the conversation."""
        for line in lines:
            said = self.heard[line.number]
            name = quote(said.name, NAME_CHARS)
            who = ", ".join(filter(None, (person, name))) if said.speaker == LEARNER else name
            yield quote_said(who, line.text, limit=LINE_CHARS)

    def _lines(self, turns: Sequence[int], text: str, *, by: str | None = None) -> Iterator[_Line]:
        """The sentences that an item means, if this character heard every turn it stands on.

        One whose turns all stand in the conversation needs no reminder.
        """
        if not set(turns) <= self.heard.keys() or self.gone.isdisjoint(turns):
            return
        for number in turns:
            if number in self.gone and by in {None, self.heard[number].speaker}:
                yield _Line(number, _meant(self.heard[number].text, text))


def _meant(said: str, text: str) -> str:
    """The sentence of what was said that shares most words with the text."""
    wanted = set(words_of(text))
    return max(sentences(said), key=lambda one: len(wanted & set(words_of(one))), default="")
