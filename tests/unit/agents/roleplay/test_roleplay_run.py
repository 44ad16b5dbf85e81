"""One run of a scene on a stage in memory: what is played, kept and ended."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from agents.manager.beats import Beat, BeatKind
from services.sessions.records import SessionStatus
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.run import ROOM, LongStage, Run, open_run


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    opened = await open_run()
    writing = asyncio.create_task(opened.journal.run())
    yield opened
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_opening_is_played_and_kept(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    playing.cancel()

    assert run.stage.heard == [
        ("morel", "Bonsoir et bienvenue."),
        ("roche", "Bonsoir, je suis sceptique."),
    ]
    assert [(who, cut) for who, _, cut in await run.texts()] == [("morel", False), ("roche", False)]


async def test_answer_that_is_thrown_away_changes_nothing(run: Run) -> None:
    before = run.roleplay.snapshot()
    first = await run.roleplay.answer("Bonsoir à tous.")
    second = await run.roleplay.answer("Bonsoir à tous.")

    assert first == second
    assert run.roleplay.snapshot() == before
    assert await run.texts() == []


async def test_words_of_the_learner_are_kept_before_the_answer(run: Run) -> None:
    await run.stage.hear("Monsieur Roche, votre avis ?")

    texts = await run.texts()
    assert texts[0] == ("learner", "Monsieur Roche, votre avis ?", False)
    assert texts[1][0] == "roche"


async def test_memory_keeps_only_what_was_heard_of_a_cut_line(run: Run) -> None:
    run.stage.cut_after = 2
    await run.stage.hear("Monsieur Roche, votre avis ?")

    speaker, text, cut = (await run.texts())[1]
    assert (speaker, len(text.split()), cut) == ("roche", 2, True)


async def test_nobody_takes_up_a_question_to_the_person_but_who_was_asked_too(run: Run) -> None:
    answer = Beat(id="a0001-1", persona="roche", kind=BeatKind.ANSWER, phase=run.roleplay.phase)
    asks = run.roleplay.said(answer, "Qui va payer ?")
    says = run.roleplay.said(answer, "Vous allez payer.")
    also, follows = answer, replace(answer, kind=BeatKind.FOLLOW_UP)
    assert run.roleplay.is_due(also, after=asks)
    assert not run.roleplay.is_due(follows, after=asks)
    assert run.roleplay.is_due(follows, after=says)


async def test_s8_scene_ends_at_its_duration_with_a_spoken_closing(run: Run) -> None:
    run.stage.quiet = 2.0
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    for _ in range(11):
        await asyncio.sleep(12)
        if run.roleplay.end_reason is None:
            await run.stage.hear("Je défends cette réforme.")
    reason = await asyncio.wait_for(playing, 200)

    assert reason == "duration"
    assert run.stage.heard[-1][1] in {"Merci à vous.", "Au revoir."}


async def test_s9_silence_is_met_with_a_prompt_then_an_end_and_no_model_is_asked() -> None:
    model = FakeChatModel(("Bonsoir", " à", " vous."))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(3)
    asked = len(model.requests)
    heard = len(run.stage.heard)
    began_s = asyncio.get_running_loop().time()

    while not playing.done():
        run.stage.quiet = asyncio.get_running_loop().time() - began_s
        await asyncio.sleep(0.5)
    writing.cancel()

    assert playing.result() == "silence"
    assert len(run.stage.heard) >= heard + 2
    assert len(model.requests) == asked


async def test_end_command_closes_with_a_spoken_line(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 5) == "learner"
    assert run.stage.hushes == 1
    assert run.stage.heard[-1][1] in {"Merci à vous.", "Au revoir."}


async def test_end_command_does_not_wait_for_the_greeting_to_be_over(run: Run) -> None:
    run.stage = LongStage(run.roleplay)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.end("learner")

    assert await asyncio.wait_for(playing, 5) == "learner"
    assert len(run.stage.heard) == 1
    assert run.stage.heard[0][1] in {"Merci à vous.", "Au revoir."}


async def test_s5_stop_ends_in_mid_line_and_says_no_more(run: Run) -> None:
    run.stage = LongStage(run.roleplay)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.stop("left")

    assert await asyncio.wait_for(playing, 5) == "left"
    assert run.stage.heard == []


async def test_skip_goes_to_the_next_phase(run: Run) -> None:
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.skip()
    await asyncio.sleep(1)
    playing.cancel()

    assert run.stage.phases == ["ouverture", "debat"]


async def test_pause_stands_the_clock_still(run: Run) -> None:
    run.stage.quiet = 2.0
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.time.pause("rpc")
    await asyncio.sleep(3600)

    assert run.roleplay.end_reason is None
    assert run.roleplay.state()["elapsed_s"] == pytest.approx(1, abs=0.1)
    playing.cancel()


async def test_model_that_fails_leaves_the_line_to_the_author() -> None:
    model = FakeChatModel(("",))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    await run.stage.hear("Monsieur Roche, votre avis ?")
    turns = await run.texts()
    writing.cancel()

    assert turns[1][0] == "roche"
    assert turns[1][1] in {"Je n'y crois pas.", "Qui paiera ?", "Et les régions ?"}


async def test_prompt_of_an_answer_holds_the_words_it_answers() -> None:
    model = FakeChatModel(("Je", " doute."))
    run = await open_run(model)
    writing = asyncio.create_task(run.journal.run())
    plan = run.roleplay.answer_now("Le fret recule.")
    speculative = run.roleplay.line(plan.beats[0], plan=plan, heard="Le fret recule.")
    assert "".join([piece async for piece in speculative])
    run.roleplay.commit(plan, "Le fret recule.")
    certain = run.roleplay.line(plan.beats[0], plan=plan, heard="Le fret recule.")
    assert "".join([piece async for piece in certain])
    writing.cancel()

    first, second = ("\n".join(m.content for m in r.messages) for r in model.requests)
    assert first.count("Le fret recule.") == 1
    assert first == second


async def test_b_store_that_fails_for_a_while_loses_no_turn(run: Run) -> None:
    run.store.away = True
    await run.stage.hear("Monsieur Roche, votre avis ?")
    await asyncio.sleep(5)
    run.store.away = False

    assert [who for who, _, _ in await run.texts()] == ["learner", "roche"]


async def test_session_that_somebody_else_ended_tells_of_its_end_once(run: Run) -> None:
    run.journal.finish(SessionStatus.ENDED, "learner")
    run.journal.finish(SessionStatus.FAILED, "lost")
    await run.journal.drain(1)

    ends = [event.data for event in await run.store.events(ROOM) if event.kind == "ended"]
    assert ends == [{"reason": "learner", "status": "ended"}]
