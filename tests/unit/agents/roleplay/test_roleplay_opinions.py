"""A model's opinion between equals, and how a turn was taken: in time, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from agents.cast.moment import Said
from agents.manager.beats import Rung
from agents.manager.ports import OUTSIDE, Question, Shift
from agents.manager.state import State
from tests.fakes.run import Run, open_run

EQUALS = """
schema: 1
id: petit-debat
title: Un petit débat
language: fr
summary: Quatre personnes discutent.
learner: {role: ministre}
cast:
""" + "".join(
    f"""
  - id: {id}
    name: {name}
    persona: Invitée.
    temper: {{talkativeness: 0}}
    understudy:
      opening: ["Je vous salue bien."]
      lines: ["Pouvez-vous préciser ?", "Et le coût de cela ?", "Un chiffre, peut-être ?"]
      closing: ["Merci à vous."]
"""
    for id, name in (("alba", "Alba Morin"), ("bosc", "Rose Bosc"), ("cahen", "Lise Cahen"))
) + """
phases:
  - {id: debat, goal: débattre, opening: parallel, turns: {max: 90}}
"""  # fmt: skip

WORDS = "Je tiens beaucoup à ce projet, depuis longtemps déjà."
LONG = (
    "Je tiens beaucoup à ce projet depuis longtemps déjà, et nous allons le mener ensemble "
    "avec toutes les équipes qui travaillent sur place pendant les mois qui viennent."
)


class Opinion:
    """A chooser that names somebody after so many seconds. `asked` are its questions."""

    def __init__(self, names: str, after_s: float = 0.0) -> None:
        self.asked: list[Question] = []
        self._names = names
        self._after_s = after_s

    async def choose(self, question: Question, *, limit_s: float) -> str | None:
        self.asked.append(question)
        async with asyncio.timeout(limit_s):
            await asyncio.sleep(self._after_s)
        return self._names


class Mildness:
    """A judge to whom every turn pleases. `asked` are those it was asked about."""

    def __init__(self, after_s: float = 0.0) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.under_way = 0
        self._after_s = after_s

    async def judge(self, heard: Sequence[Said], personas: Sequence[str]) -> Mapping[str, Shift]:
        self.asked.append(tuple(personas))
        self.under_way += 1
        await asyncio.sleep(self._after_s)
        self.under_way -= 1
        return {personas[0]: Shift(trust=0.5, impatience=-0.1)}


async def begun(chooser: Opinion | None = None, judge: Mildness | None = None) -> Run:
    """A scene in which nobody is to answer before the others."""
    run = await open_run(scene=EQUALS, chooser=chooser, judge=judge)
    manager = run.roleplay._manager
    scene = replace(manager.scene, begun=True, opened=True, turns=2, phase_turns=2)
    manager._state = State(scene=scene)
    return run


async def decided(run: Run) -> dict[str, Any]:
    """What was decided last, as the session's record has it."""
    async with writing(run):
        return (await run.told("decision"))[-1]


@asynccontextmanager
async def writing(run: Run) -> AsyncIterator[None]:
    task = asyncio.create_task(run.journal.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_model_chooses_between_equals_in_time() -> None:
    run = await begun(Opinion("cahen", after_s=0.2))
    await run.stage.hear(WORDS)
    decision = await decided(run)

    assert (decision["rung"], decision["chosen"]) == ("model", ["cahen"])
    assert decision["took_ms"] == 200.0


async def test_score_decides_when_the_model_is_late() -> None:
    run = await begun(Opinion("cahen", after_s=0.31))
    began_s = asyncio.get_running_loop().time()
    plan = await run.roleplay.answer(WORDS)

    assert plan.decision.rung is Rung.SCORE
    assert plan.decision.tied == ("alba", "bosc", "cahen")
    assert asyncio.get_running_loop().time() - began_s == pytest.approx(0.3)
    await run.roleplay._minds.answering.aclose()


async def test_model_has_less_time_the_longer_the_learner_is_silent() -> None:
    run = await begun(Opinion("cahen", after_s=0.2))

    assert (await run.roleplay.answer(WORDS, since_s=0.15)).decision.rung is Rung.SCORE
    assert (await run.roleplay.answer(WORDS, since_s=9.0)).decision.rung is Rung.SCORE
    await run.roleplay._minds.answering.aclose()


async def test_model_is_not_asked_where_rules_know() -> None:
    chooser = Opinion("cahen")
    run = await begun(chooser)
    run.roleplay.overheard("Rose Bosc, votre avis sur tout cela ?")
    plan = await run.roleplay.answer("Rose Bosc, votre avis sur tout cela ?")

    assert plan.decision.chosen == ("bosc",)
    assert chooser.asked == []


async def test_what_was_overheard_is_asked_early_and_once() -> None:
    chooser = Opinion("bosc", after_s=0.5)
    run = await begun(chooser)
    run.roleplay.overheard("Je tiens beaucoup à ce projet")
    await asyncio.sleep(0.6)
    plan = await run.roleplay.answer(WORDS, since_s=0.4)

    assert (plan.decision.rung, plan.decision.chosen) == (Rung.MODEL, ("bosc",))
    assert len(chooser.asked) == 1


async def test_early_answer_is_there_for_who_cannot_wait() -> None:
    run = await begun(Opinion("bosc", after_s=0.1))
    run.roleplay.overheard("Je tiens beaucoup à ce projet")
    before = run.roleplay.answer_now(WORDS)
    await asyncio.sleep(0.2)

    assert before.decision.rung is Rung.SCORE
    assert run.roleplay.answer_now(WORDS).decision.chosen == ("bosc",)


async def test_p3_p5_choice_of_somebody_else_is_ignored() -> None:
    run = await begun(Opinion("morel"))
    plan = await run.roleplay.answer(WORDS)

    assert plan.decision.rung is Rung.SCORE
    assert plan.decision.ignored
    await run.stage.hear(WORDS)
    decision = await decided(run)
    assert (decision["rung"], decision["ignored"]) == ("score", True)
    async with writing(run):
        moves = [data for data in await run.told("move") if data["do"] == "answer"]
    assert moves[-1]["choice"] == OUTSIDE


async def test_opinion_is_asked_in_the_background_and_moves_a_mood() -> None:
    judge = Mildness(after_s=2.0)
    run = await begun(judge=judge)
    began_s = asyncio.get_running_loop().time()
    await run.stage.hear(LONG)
    assert asyncio.get_running_loop().time() == began_s

    before = run.roleplay._manager.scene.moods
    await asyncio.sleep(2.1)
    after = run.roleplay._manager.scene.moods

    assert judge.asked == [("alba", "bosc", "cahen")]
    assert before != after
    async with writing(run):
        moods = await run.told("mood")
        moves = await run.told("move")
    assert list(moods[-1]["moods"]) == ["alba"]
    assert moods[-1]["turn_id"].startswith("a")
    assert (moves[-1]["do"], moves[-1]["shifts"]) == ("judged", {"alba": [0.5, -0.1]})


async def test_one_opinion_is_asked_for_at_a_time() -> None:
    judge = Mildness(after_s=60.0)
    run = await begun(judge=judge)
    for _ in range(8):
        await run.stage.hear(LONG)
        await asyncio.sleep(0.1)

    assert len(judge.asked) == judge.under_way == 1
    await run.roleplay._minds.taking.aclose()


async def test_opinion_that_comes_after_the_end_changes_nothing() -> None:
    run = await begun(judge=Mildness(after_s=2.0))
    await run.stage.hear(LONG)
    run.roleplay.commit(run.roleplay._recorder.end("learner", 1.0), None)
    moods = run.roleplay._manager.scene.moods
    await asyncio.sleep(3.0)

    assert run.roleplay._manager.scene.moods == moods


async def test_s5_scene_that_stops_ends_what_it_had_asked() -> None:
    judge, chooser = Mildness(after_s=600.0), Opinion("bosc", after_s=600.0)
    run = await begun(chooser, judge)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(0.5)
    await run.stage.hear(LONG)
    run.roleplay.overheard("Je tiens vraiment beaucoup à ce projet")
    run.roleplay.stop("left")
    await playing

    async with writing(run):
        assert await run.told("opinions") == [
            {"asked": 1, "used": 0, "ignored": 0, "late": 1, "failed": 0}
        ]
    assert not [task for task in asyncio.all_tasks() if task.get_name() in {"judging", "choosing"}]


async def test_what_becomes_of_a_question_is_told_while_the_scene_goes_on() -> None:
    run = await begun(Opinion("mallory"), Mildness(after_s=2.0))
    told: list[tuple[str, Mapping[str, Any]]] = []
    run.journal._told = lambda kind, data: told.append((kind, data))
    await run.stage.hear(LONG)
    await asyncio.sleep(2.1)

    counted = [(kind, data["outcome"]) for kind, data in told if "outcome" in data]
    assert counted == [
        ("choice", "asked"),
        ("choice", "ignored"),
        ("judgement", "asked"),
        ("judgement", "used"),
    ]
    async with writing(run):
        assert await run.told("choice") == await run.told("judgement") == []
