"""The end of a run: one closing that was heard, and no answer that was made before it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.manager.beats import BeatKind, Plan
from agents.manager.reactions import Pause
from tests.fakes.run import SCENE, Run, open_run
from tests.fakes.stage import FakeStage


class TalkedOver(FakeStage):
    """A stage whose person talks over the first closings, so that no word of them is heard."""

    overs = 1

    async def perform(self, plan: Plan) -> None:
        self.cut_after = None
        if plan.ends and self.overs:
            self.overs -= 1
            self.cut_after = 0
        await super().perform(plan)


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    opened = await open_run(reacting=True)
    opened.stage = TalkedOver(opened.roleplay)
    opened.stage.quiet = 2.0
    writing = asyncio.create_task(opened.journal.run())
    yield opened
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_s8_closing_that_the_person_talked_over_is_said_again(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 10) == "learner"
    cut, whole = [text for _, text in run.stage.heard][-2:]
    assert not cut
    assert whole.startswith("Merci")


async def test_s8_closing_is_begun_twice_at_the_most(run: Run) -> None:
    assert isinstance(run.stage, TalkedOver)
    run.stage.overs = 9
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 10) == "learner"
    assert run.stage.overs == 7


async def test_words_over_a_closing_are_answered_by_another_one(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.stage.is_busy = True
    run.roleplay.end("learner")
    await asyncio.sleep(1)
    await run.stage.hear("Attendez, encore un mot.")

    assert await asyncio.wait_for(playing, 10) == "learner"
    assert run.stage.heard[-1][1].startswith("Merci")
    decisions = await run.told("decision")
    assert [one["beats"][0]["kind"] for one in decisions][-2:] == ["closing", "closing"]


async def test_nothing_comes_by_itself_between_a_closing_and_its_end(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    words = "Je défends cette réforme."
    for _ in range(11):
        await run.stage.hear(words)
    plan = run.roleplay.commit(await run.roleplay.answer(words), words)
    await asyncio.sleep(20)

    assert plan.beats[-1].kind is BeatKind.CLOSING
    assert run.roleplay.end_reason is None
    await run.stage.perform(plan)
    run.roleplay.played(plan)
    assert await asyncio.wait_for(playing, 10) == "turns"


async def test_plan_that_the_scene_overtook_is_made_again(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    words = "Je défends cette réforme."
    plan = await run.roleplay.answer(words)
    run.roleplay.skip()
    await asyncio.sleep(1)
    played = run.roleplay.commit(plan, words)
    playing.cancel()

    assert {beat.phase for beat in plan.beats} == {"ouverture"}
    assert {beat.phase for beat in played.beats} == {"debat"}
    assert played.beats[0].id != plan.beats[0].id


@pytest.mark.parametrize("silent", [True, False])
async def test_nobody_comments_on_a_prompt_or_on_what_a_person_who_is_back_is_told(
    silent: bool,
) -> None:
    cast = "persona: Opposant.\n    temper: {talkativeness: 1.0}"
    run = await open_run(scene=SCENE.replace("persona: Opposant.", cast), reacting=True)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    if silent:
        run.stage.quiet = 21.0
    else:
        run.roleplay.returned(9.0)
    await asyncio.sleep(1)
    run.stage.quiet = 0.0
    asides = []
    for _ in range(100):
        await asyncio.sleep(1)
        asides.append(run.roleplay.reaction("morel", Pause.CAST))
    run.roleplay.stop("closed")
    await playing

    assert len(run.stage.heard) == 3
    assert asides == [None] * 100


async def test_closing_that_got_lost_is_said_again(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    words = "Je défends cette réforme."
    for _ in range(11):
        await run.stage.hear(words)
    run.roleplay.commit(await run.roleplay.answer(words), words)
    run.stage.quiet = 10.0

    assert await asyncio.wait_for(playing, 10) == "turns"
    assert run.stage.heard[-1][1].startswith(("Merci", "Au revoir"))
