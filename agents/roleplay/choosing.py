"""When a model is asked who of several equals speaks, and what of its answers counts.

Early, at most one question at a time, and never waited for longer than speech allows. Which
question there is, and what a choice means, is the manager's; without one the score decides.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from agents.cast.moment import LEARNER, Said
from agents.manager.ports import OUTSIDE, Chooser, Question
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

    At most one question is under way. `counts` has how many were `asked`, how many answers were
    `used` or `ignored` (they named no candidate), how many questions `failed` (nothing of use came)
    and how many decisions could not wait (`late`); `told` hears of each at once. Without a chooser
    nothing is ever asked.
    """

    def __init__(self, chooser: Chooser | None, *, ask_s: float = ASK_S) -> None:
        self.counts: Counter[str] = Counter()
        self.told: Callable[[str], None] = lambda _: None
        self._chooser = chooser
        self._ask_s = ask_s
        self._latest: _Asked | None = None
        self._early: _Early = _Early()
        self._tasks: set[asyncio.Task[str | None]] = set()
        self._closed = False

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
        return self._answer(asked) if asked is not None else None

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        """One of the candidates within `limit_s`; OUTSIDE or None: then the score decides.

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
            self._count("late")
        return self._answer(asked)

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
        self._count("asked")
        task = asyncio.create_task(self._put(self._chooser, question), name="choosing")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._latest = _Asked(_turn(question), frozenset(question.candidates), task)
        return self._latest

    async def _put(self, chooser: Chooser, question: Question) -> str | None:
        answer: str | None = None
        try:
            answer = await chooser.choose(question, limit_s=self._ask_s)
        except Exception as error:  # noqa: BLE001 - the supervisor of one question
            log.warning("choosing.failed", extra={"kind": type(error).__name__})
        if answer is None:
            self._count("failed")
        elif answer not in question.candidates:
            self._count("ignored")
            answer = OUTSIDE
        return answer

    def _answer(self, asked: "_Asked") -> str | None:
        """What came; None as long as nothing did."""
        answer = asked.answer()
        if answer not in (None, OUTSIDE) and not asked.used:
            asked.used = True
            self._count("used")
        return answer

    def _count(self, outcome: str) -> None:
        self.counts[outcome] += 1
        self.told(outcome)


@dataclass(slots=True)
class _Asked:
    """One question under way or answered, and the turn that it belongs to."""

    turn: tuple[Said, ...]
    candidates: frozenset[str]
    task: asyncio.Task[str | None]
    used: bool = False

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
