"""Who answers the learner: the manager's rules, and between equals a model's opinion in time.

Owns how long that opinion is waited for. Rules decide when somebody speaks; a model says at most
who of those that the rules hold for equal.
"""

from collections.abc import Callable

from agents.manager.beats import Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.record import Recorder
from agents.roleplay.choosing import Choosing
from services.core.text import storable

OUTCOMES = ("asked", "used", "ignored", "late", "failed")

MODEL_S = 0.3
"""A model's choice is waited for until so long after the learner's last sound."""


class Answering:
    """Plans of answers. Asking changes nothing: a plan may be thrown away.

    `now_s` is scene time, `clock_s` what a decision is measured by.
    """

    def __init__(
        self,
        manager: MultiAgentManager,
        recorder: Recorder,
        choosing: Choosing,
        *,
        now_s: Callable[[], float],
        clock_s: Callable[[], float],
    ) -> None:
        self._manager = manager
        self._recorder = recorder
        self._choosing = choosing
        self._now_s = now_s
        self._clock_s = clock_s

    async def answer(self, words: str, *, since_s: float) -> Plan:
        """Who answers; between equals a model, if it says so within what is left of MODEL_S."""
        words, began_s = kept(words), self._clock_s()
        question = self._manager.question(words)
        choice = None
        if question is not None:
            limit_s = max(0.0, MODEL_S - since_s)
            choice = await self._choosing.choose(question, limit_s=limit_s)
        return self._recorder.answer(words, self._now_s(), choice=choice, began_s=began_s)

    def answer_now(self, words: str) -> Plan:
        """As `answer`, with an opinion only if it is there already."""
        words, began_s = kept(words), self._clock_s()
        question = self._manager.question(words)
        choice = self._choosing.known(question) if question is not None else None
        return self._recorder.answer(words, self._now_s(), choice=choice, began_s=began_s)

    def overheard(self, words: str) -> None:
        """Asks early, when those who may answer these words are equal by now."""
        question = self._manager.question(kept(words))
        if question is not None:
            self._choosing.consider(question)

    def counts(self) -> dict[str, int]:
        """How often a model was asked, and what came of it."""
        return {one: self._choosing.counts[one] for one in OUTCOMES}

    async def aclose(self) -> None:
        """Ends a question that is under way."""
        await self._choosing.aclose()


def kept(words: str) -> str:
    """Words as the store keeps them: decisions rest on those, and can be made again from them."""
    return " ".join(storable(words).split())
