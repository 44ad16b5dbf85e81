"""What is an open question, and to whom: the questions of the cast as they were heard.

One reading for all who ask: who may take up an answer, who owes one, what a recap names, whether a
turn of the person answers. What a question is worth when somebody is chosen is the score's to say.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from agents.cast.naming import is_abbreviated
from agents.manager.memory import LEARNER, Said
from agents.manager.names import Roster
from scenarios.hearing import words_of

_BETWEEN = re.compile(r"(?<=[.?!…])\s+(?![?!])")
"""Between two sentences; French has a space before a question mark."""

CALL_WORDS = 3
"""So short a sentence without a comma may be the call to the question after it."""

LOOK_BACK = 3
"""So many turns of the learner back a question is still open."""

CORE_WORDS = 3
"""With fewer words after a colon the question is what stands before it."""

EARLIER = 0.5
"""How much of a question's weight is left for each one that came after it."""


class OpenQuestion(NamedTuple):
    """Who asked, and the sentence."""

    persona: str
    sentence: str


class Handed(NamedTuple):
    """Who asked whom of the cast."""

    by: str
    to: str


class Put(NamedTuple):
    """A question as it was put: the sentence, and ids of those of the cast whom it calls.

    One that calls nobody is the person's.
    """

    sentence: str
    to: tuple[str, ...]


def questions_in(said: Said, roster: Roster, memory: Sequence[Said] = ()) -> tuple[Put, ...]:
    """The questions of a line in order; nobody asks themselves.

    In `memory` the person has a name: a question that calls them by it is theirs, also where one
    of the cast has the same first name.
    """
    sentences, person = _sentences(said.text), _person_in(memory)
    return tuple(
        Put(one, tuple(who for who in called if who != said.speaker))
        for at, one in enumerate(sentences)
        if one.endswith("?")
        for called in (_called(sentences, at, roster, person),)
    )


def open_question(memory: Sequence[Said]) -> OpenQuestion | None:
    """The last question heard since the learner spoke; None when nothing was asked since.

    One that was only told again, to a person who is back, stays with whoever asked it.
    """
    for at, said in _since_the_learner(memory):
        asked = last_question(said.text)
        if asked is not None and not _is_told_again(asked, memory[:at]):
            return OpenQuestion(said.speaker, asked)
    return None


def handed_over(memory: Sequence[Said], roster: Roster, speakers: Sequence[str]) -> Handed | None:
    """The last question of one character to another that nobody has answered yet.

    `speakers` are those who may answer. Only what was said since the learner spoke counts, and
    only whole lines that end with it: the person took the floor from one that was cut.
    """
    spoke: set[str] = set()
    for at, said in _since_the_learner(memory):
        spoke.add(said.speaker)
        if not said.cut and said.text.rstrip().endswith("?"):
            put = _put(said, roster, memory[:at])
            called = put.to if put is not None else ()
            to = next((one for one in called if one in speakers and one not in spoke), None)
            if to is not None:
                return Handed(said.speaker, to)
    return None


def open_to(memory: Sequence[Said], roster: Roster) -> dict[str, float]:
    """For whom the floor is kept, 0 to 1, before the learner's present words are in memory.

    The one who asked the learner last may take up the answer. One who was asked, by the learner or
    by another character, and has not been heard since, owes one.
    """
    kept: dict[str, float] = {}
    spoke: set[str] = set()
    turns, weight = 0, 1.0
    for at in reversed(range(len(memory))):
        said = memory[at]
        if said.speaker == LEARNER:
            waiting = (one for one in roster.addressed(said.text).ids if one not in spoke)
            _keep(kept, waiting, EARLIER**turns)
            turns += 1
        elif turns == 0 and (put := _put(said, roster, memory[:at])) is not None:
            waiting = (one for one in put.to if one not in spoke)
            _keep(kept, waiting if put.to else (said.speaker,), weight)
            weight *= EARLIER
        if turns == LOOK_BACK:
            break
        spoke.add(said.speaker)
    return kept


def asked_of_learner(persona: str, memory: Sequence[Said], roster: Roster) -> tuple[str, ...]:
    """What the character asked the learner since they last spoke, the latest line first."""
    return tuple(
        put.sentence
        for _, said in _since_the_learner(memory)
        if said.speaker == persona and "?" in said.text
        for put in questions_in(said, roster, memory)
        if not put.to
    )


def gives_floor(said: Said, roster: Roster, memory: Sequence[Said]) -> bool:
    """Whether the line ends with a question that is the person's to answer."""
    if not said.text.rstrip().endswith("?"):
        return False
    return not questions_in(said, roster, memory)[-1].to


def last_question(text: str) -> str | None:
    """The last sentence of the text that ends with a question mark."""
    return next((one for one in reversed(_sentences(text)) if one.endswith("?")), None)


def core_of(question: str) -> str:
    """The question without what leads to it before a colon: "Reprenons : qui va payer ?"."""
    _, colon, core = question.rpartition(": ")
    return core if colon and len(words_of(core)) >= CORE_WORDS else question


def _put(said: Said, roster: Roster, before: Sequence[Said]) -> Put | None:
    """The last question of the line, unless it was only told again."""
    if "?" not in said.text:
        return None
    put = next(reversed(questions_in(said, roster, before)), None)
    return None if put is None or _is_told_again(put.sentence, before) else put


def _since_the_learner(memory: Sequence[Said]) -> Iterator[tuple[int, Said]]:
    """The lines of the cast since the learner spoke, the last one first, and their places."""
    for at in reversed(range(len(memory))):
        if memory[at].speaker == LEARNER:
            return
        yield at, memory[at]


def _is_told_again(asked: str, before: Sequence[Said]) -> bool:
    """Whether the sentence ends with a question that was heard since the learner spoke."""
    questions = (last_question(said.text) for _, said in _since_the_learner(before))
    return any(one is not None and asked.endswith(core_of(one)) for one in questions)


def _called(sentences: Sequence[str], at: int, roster: Roster, person: str) -> tuple[str, ...]:
    """Whom of the cast the question there calls by name, in it or just before it."""
    words = sentences[at]
    called = roster.addressed(words).ids
    call = sentences[at - 1] if at else ""
    if not called and "," not in call and 0 < len(words_of(call)) <= CALL_WORDS:
        words = f"{call.rstrip('.!…')}, {words}"
        called = roster.addressed(words).ids
    return tuple(one for one in called if not roster.may_mean(person, one, words))


def _person_in(memory: Sequence[Said]) -> str:
    """The name of the person who spoke last; "" before anybody did."""
    return next((said.name for said in reversed(memory) if said.speaker == LEARNER), "")


def _keep(kept: dict[str, float], who: Iterable[str], share: float) -> None:
    for one in who:
        kept[one] = max(kept.get(one, 0.0), share)


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for part in _BETWEEN.split(text.strip()):
        if found and is_abbreviated(found[-1]):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return found
