"""A model between equals: asked early, waited for at most 300 ms, believed only in the roster."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from agents.manager.ports import OUTSIDE, Question
from agents.roleplay.choosing import MAX_EARLY, Choosing
from tests.fakes.questions import INTERIM, question

LIMIT_S = 0.3


@dataclass
class Scripted:
    """Answers in order, the last one again and again, each after `takes_s`."""

    answers: Sequence[str | None] = ("castan",)
    takes_s: float = 0.1
    asked: list[Question] = field(default_factory=list)
    ended: int = 0
    cancelled: int = 0

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        self.asked.append(question)
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.ended += 1
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def counts(choosing: Choosing) -> tuple[int, int, int, int]:
    one = choosing.counts
    return one["asked"], one["used"], one["ignored"], one["late"]


async def test_an_answer_in_time_is_the_choice() -> None:
    choosing = Choosing(Scripted())
    assert await choosing.choose(question(), limit_s=LIMIT_S) == "castan"
    assert counts(choosing) == (1, 1, 0, 0)


async def test_after_300_ms_the_score_decides_and_the_late_answer_is_not_used() -> None:
    chooser = Scripted(takes_s=0.5)
    choosing, began_s = Choosing(chooser), asyncio.get_running_loop().time()

    assert await choosing.choose(question(), limit_s=LIMIT_S) is None
    assert asyncio.get_running_loop().time() - began_s == pytest.approx(LIMIT_S)
    assert counts(choosing) == (1, 0, 0, 1)

    await asyncio.sleep(1)
    assert (chooser.ended, chooser.cancelled) == (1, 0)
    assert counts(choosing) == (1, 0, 0, 1)


async def test_an_answer_asked_from_interim_words_is_there_at_the_end_of_speech() -> None:
    chooser = Scripted(takes_s=0.8)
    choosing, loop = Choosing(chooser), asyncio.get_running_loop()
    choosing.consider(question(INTERIM))
    await asyncio.sleep(1)
    began_s = loop.time()

    assert await choosing.choose(question(), limit_s=LIMIT_S) == "castan"
    assert loop.time() == began_s
    assert len(chooser.asked) == 1


async def test_an_early_question_that_is_under_way_is_waited_for_not_asked_again() -> None:
    chooser = Scripted(takes_s=0.5)
    choosing = Choosing(chooser)
    choosing.consider(question(INTERIM))
    await asyncio.sleep(0.4)

    assert await choosing.choose(question(), limit_s=LIMIT_S) == "castan"
    assert counts(choosing) == (1, 1, 0, 0)


async def test_without_time_left_only_an_answer_that_is_there_counts() -> None:
    choosing = Choosing(Scripted())
    assert await choosing.choose(question(), limit_s=0.0) is None
    assert counts(choosing) == (0, 0, 0, 0)

    choosing.consider(question(INTERIM))
    assert choosing.known(question()) is None
    await asyncio.sleep(0.2)
    assert choosing.known(question()) == "castan"
    assert await choosing.choose(question(), limit_s=0.0) == "castan"
    assert counts(choosing) == (1, 1, 0, 0)


async def test_other_candidates_are_another_question() -> None:
    chooser = Scripted(("castan", "kerbrat"), takes_s=0.2)
    choosing = Choosing(chooser)
    choosing.consider(question(INTERIM))
    await asyncio.sleep(0.1)
    others = question("Non.", "roche", "kerbrat")

    assert choosing.known(others) is None
    assert await choosing.choose(others, limit_s=LIMIT_S) == "kerbrat"
    assert (choosing.counts["asked"], chooser.cancelled) == (2, 1)


async def test_the_same_candidates_in_another_order_are_the_same_question() -> None:
    choosing = Choosing(Scripted())
    choosing.consider(question(INTERIM, "castan", "roche"))
    assert await choosing.choose(question(INTERIM, "roche", "castan"), limit_s=1) == "castan"
    assert choosing.counts["asked"] == 1


async def test_an_answer_to_the_turn_before_is_no_answer_now() -> None:
    choosing = Choosing(Scripted(("castan", "roche")))
    assert await choosing.choose(question(turn=1), limit_s=1) == "castan"
    assert choosing.known(question(turn=2)) is None
    assert await choosing.choose(question(turn=2), limit_s=1) == "roche"


async def test_at_most_one_question_is_under_way_and_few_are_asked_early() -> None:
    chooser = Scripted(takes_s=9.0)
    choosing = Choosing(chooser)
    for n in range(10):
        choosing.consider(question(INTERIM, "roche", f"other{n}"))
        await asyncio.sleep(0.1)
    assert len(chooser.asked) - chooser.cancelled == 1
    assert choosing.counts["asked"] == MAX_EARLY
    choosing.consider(question(INTERIM, turn=2))
    assert choosing.counts["asked"] == MAX_EARLY + 1
    await choosing.aclose()


async def test_nothing_is_asked_while_hardly_a_word_was_said() -> None:
    choosing = Choosing(Scripted())
    choosing.consider(question("Alors, euh"))
    assert choosing.counts["asked"] == 0


@pytest.mark.parametrize("answer", ["morel", "learner", "", "castan\n", "CASTAN", "roche, castan"])
async def test_p5_an_answer_outside_the_candidates_is_ignored_and_counted(answer: str) -> None:
    choosing = Choosing(Scripted((answer,)))
    assert await choosing.choose(question(), limit_s=LIMIT_S) == OUTSIDE
    assert choosing.known(question()) == OUTSIDE
    assert counts(choosing) == (1, 0, 1, 0)


async def test_without_an_answer_or_a_chooser_the_score_decides() -> None:
    silent, none = Choosing(Scripted((None,))), Choosing(None)
    none.consider(question())
    for choosing in (silent, none):
        assert await choosing.choose(question(), limit_s=LIMIT_S) is None
    assert counts(silent) == (1, 0, 0, 0)
    assert counts(none) == (0, 0, 0, 0)


async def test_a_chooser_that_breaks_harms_no_turn() -> None:
    class Broken:
        async def choose(self, question: Question, *, limit_s: float) -> str | None:
            raise RuntimeError(question.goal)

    choosing = Choosing(Broken())
    assert await choosing.choose(question(), limit_s=LIMIT_S) is None
    assert choosing.counts["failed"] == 1


async def test_what_becomes_of_a_question_is_told_at_once() -> None:
    told: list[str] = []
    choosing = Choosing(Scripted(("castan", "morel", None), takes_s=0.5))
    choosing.told = told.append
    for turn in range(1, 4):
        choosing.consider(question(INTERIM, turn=turn))
        assert told.pop() == "asked"
        assert await choosing.choose(question(turn=turn), limit_s=0.1) is None
        assert told.pop() == "late"
        await asyncio.sleep(0.5)
        choosing.known(question(turn=turn))
        choosing.known(question(turn=turn))
    assert told == ["used", "ignored", "failed"]


async def test_cancelling_the_wait_keeps_the_question_and_closing_leaves_no_task() -> None:
    chooser = Scripted(takes_s=0.5)
    choosing = Choosing(chooser)
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(choosing.choose(question(), limit_s=5))
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await choosing.choose(question(), limit_s=5) == "castan"

    choosing.consider(question(INTERIM, turn=2))
    await asyncio.sleep(0.1)
    await choosing.aclose()
    assert asyncio.all_tasks() == before
    assert chooser.cancelled == 1
    assert await choosing.choose(question(turn=3), limit_s=1) is None
