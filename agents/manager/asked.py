"""Questions of the cast as they were heard: the one that is the person's, one put to another.

What the questions are worth when somebody is chosen is the score's to say.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agents.manager.memory import LEARNER, Said
from agents.manager.names import Roster
from scenarios.hearing import words_of

_BETWEEN = re.compile(
    r"(?<=[.?!…])(?<!\bM\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bMrs\.)\s+(?![?!])"
)
"""Between two sentences; French has a space before a question mark."""


CALL_WORDS = 3
"""So short a sentence without a comma may be the call to the question after it."""


class OpenQuestion(NamedTuple):
    """Who asked, and the sentence."""

    persona: str
    sentence: str


def open_question(memory: Sequence[Said]) -> OpenQuestion | None:
    """The last question heard since the learner spoke; None when nothing was asked since.

    One that was only told again, to a person who is back, stays with whoever asked it.
    """
    for at, said in _since_the_learner(memory):
        asked = last_question(said.text)
        if asked is not None and not _is_told_again(asked, memory[:at]):
            return OpenQuestion(said.speaker, asked)
    return None


class Handed(NamedTuple):
    """Who asked whom of the cast."""

    by: str
    to: str


def handed_over(memory: Sequence[Said], roster: Roster, speakers: Sequence[str]) -> Handed | None:
    """The last question of one character to another that nobody has answered yet.

    `speakers` are those who may answer. Only what was said since the learner spoke counts, and
    only whole lines: the person took the floor from one that was cut. A question to the person that
    is told again with its asker's name is none to the asker.
    """
    spoke: set[str] = set()
    for at, said in _since_the_learner(memory):
        spoke.add(said.speaker)
        again = _is_told_again(last_question(said.text) or "", memory[:at])
        called = () if said.cut or again else _called(said.text, roster)
        to = next((one for one in called if one in speakers and one not in spoke), None)
        if to is not None:
            return Handed(said.speaker, to)
    return None


def _since_the_learner(memory: Sequence[Said]) -> Iterator[tuple[int, Said]]:
    """The lines of the cast since the learner spoke, the last one first, and their places."""
    for at in reversed(range(len(memory))):
        if memory[at].speaker == LEARNER:
            return
        yield at, memory[at]


def _is_told_again(asked: str, before: Sequence[Said]) -> bool:
    """Whether the sentence ends with a question that was heard since the learner spoke."""
    questions = (last_question(said.text) for _, said in _since_the_learner(before))
    return any(one is not None and asked.endswith(one) for one in questions)


def last_question(text: str) -> str | None:
    """The last sentence of the text that ends with a question mark."""
    return next((one for one in reversed(_sentences(text)) if one.endswith("?")), None)


def _called(text: str, roster: Roster) -> tuple[str, ...]:
    """Whom the question at the end of the text calls by name, there or just before it."""
    *before, last = _sentences(text)
    if not last.endswith("?"):
        return ()
    called = roster.addressed(last).ids
    call = before[-1] if before else ""
    if not called and "," not in call and 0 < len(words_of(call)) <= CALL_WORDS:
        called = roster.addressed(f"{call.rstrip('.!…')}, {last}").ids
    return called


def _sentences(text: str) -> list[str]:
    return _BETWEEN.split(text.strip())
