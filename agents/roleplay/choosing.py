"""When a model is asked who of several equals speaks, and what of its answers counts.

Early, at most one question at a time, and never waited for longer than speech allows. Which
question there is, and what a choice means, is the manager's; without one the score decides.
"""

import asyncio
import logging
from dataclasses import dataclass

from agents.cast.moment import LEARNER, Said
from agents.manager.ports import Chooser, Question
from agents.roleplay.chooser import OptimizerChooser
from scenarios.hearing import words_of

__all__ = ["Choosing", "OptimizerChooser"]

ASK_S = 1.5
"""A model that needs longer is of no use to this turn; what it answers later is booked."""

MAX_EARLY = 2
"""Questions asked early in one turn of the learner."""

EARLY_WORDS = 4
"""With fewer words than this the learner has hardly begun: nothing is asked yet."""

log = logging.getLogger(__name__)


class Choosing:
    """Asks a chooser while the person still speaks, and waits for it a little when they are done.

    At most one question is under way. `asked` counts questions put to the chooser, `used` those
    whose answer was given out, `late` decisions that could not wait, `failed` questions that the
    chooser broke on. Without a chooser nothing is ever asked.
    """

    def __init__(self, chooser: Chooser | None, *, ask_s: float = ASK_S) -> None:
        self.asked = self.used = self.late = self.failed = 0
        self._outside = 0
        self._chooser = chooser
        self._ask_s = ask_s
        self._latest: _Asked | None = None
        self._early: _Early = _Early()
        self._tasks: set[asyncio.Task[str | None]] = set()
        self._closed = False

    @property
    def ignored(self) -> int:
        """Answers that named somebody who was no candidate."""
        chooser = self._chooser
        return self._outside + (chooser.ignored if isinstance(chooser, OptimizerChooser) else 0)

    def consider(self, question: Question) -> None:
        """Asks early, from interim words; nothing when this was asked, or hardly a word was said.

        Another question takes the place of the one under way, MAX_EARLY of them a turn. What was
        asked is paid and booked, used or not.
        """
        if self._asked(question) is None and self._early.allows(question):
            self._ask(question)

    def known(self, question: Question) -> str | None:
        """The answer to that question, if it was asked and the answer is there already."""
        asked = self._asked(question)
        return self._answer(asked, question) if asked is not None else None

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        """One of the candidates within `limit_s`, or None: then the score decides.

        What was asked early in this turn is not asked again. Cancelling the wait leaves the
        question under way, for the same one to come.
        """
        asked = self._asked(question)
        if asked is None and limit_s > 0:
            asked = self._ask(question)
        if asked is None:
            return None
        if not asked.task.done() and limit_s > 0:
            await asyncio.wait({asked.task}, timeout=limit_s)
        if not asked.task.done():
            self.late += 1
        return self._answer(asked, question)

    async def aclose(self) -> None:
        """Ends what is under way; nothing is asked any more."""
        self._closed, self._latest = True, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _asked(self, question: Question) -> "_Asked | None":
        latest = self._latest
        return latest if latest is not None and latest.is_for(question) else None

    def _ask(self, question: Question) -> "_Asked | None":
        """Puts the question in the place of the one under way."""
        if self._chooser is None or self._closed:
            return None
        if self._latest is not None:
            self._latest.task.cancel()
        self.asked += 1
        task = asyncio.create_task(self._put(self._chooser, question), name="choosing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._latest = _Asked(_turn(question), frozenset(question.candidates), task)
        return self._latest

    async def _put(self, chooser: Chooser, question: Question) -> str | None:
        try:
            return await chooser.choose(question, limit_s=self._ask_s)
        except Exception as error:  # noqa: BLE001 - the supervisor of one question
            self.failed += 1
            log.warning("choosing.failed", extra={"kind": type(error).__name__})
            return None

    def _answer(self, asked: "_Asked", question: Question) -> str | None:
        """What came, if it is of use; None as long as nothing did."""
        answer = asked.answer()
        if answer is None:
            return None
        fits = answer in question.candidates
        if not asked.counted:
            asked.counted = True
            self.used += fits
            self._outside += not fits
        return answer if fits else None


@dataclass(slots=True)
class _Asked:
    """One question under way or answered, and the turn that it belongs to."""

    turn: tuple[Said, ...]
    candidates: frozenset[str]
    task: asyncio.Task[str | None]
    counted: bool = False

    def is_for(self, question: Question) -> bool:
        return self.candidates == set(question.candidates) and self.turn == _turn(question)

    def answer(self) -> str | None:
        done = self.task.done() and not self.task.cancelled()
        return self.task.result() if done else None


@dataclass(slots=True)
class _Early:
    """How many questions were asked early in the present turn."""

    turn: tuple[Said, ...] | None = None
    count: int = 0

    def allows(self, question: Question) -> bool:
        """Counts it in if there is room for it, and enough was said to be worth asking."""
        latest = question.heard[-1:]
        if any(s.speaker == LEARNER and len(words_of(s.text)) < EARLY_WORDS for s in latest):
            return False
        turn = _turn(question)
        self.count = self.count + 1 if turn == self.turn else 1
        self.turn = turn
        return self.count <= MAX_EARLY


def _turn(question: Question) -> tuple[Said, ...]:
    """What had been heard before the learner's present words: the same for all of one turn."""
    heard = question.heard
    return heard[:-1] if heard and heard[-1].speaker == LEARNER else heard
