"""What a run shows and records besides talk: guests, pages, moods, returns, reactions."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from agents.cast.moment import LEARNER
from agents.manager.beats import BeatKind
from agents.manager.reactions import Pause
from agents.manager.replay import replay
from agents.manager.stored import said_of
from agents.manager.temperament import manner
from scenarios.loader import parse
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.run import ROOM, SCENE, LongStage, Run, open_run

HAPPENING = SCENE.replace("persona: Opposant.", "persona: Opposant.\n    temper: {hostility: 0.9, "
    "patience: 0.1, talkativeness: 1.0}").replace("cast:", """cast:
  - id: cahen
    name: Lise Cahen
    persona: Témoin.
    temper: {talkativeness: 1.0}
    understudy:
      opening: ["Pardon pour ce retard."]
      lines: ["Je peux en témoigner."]
      reactions: ["Tiens.", "Ah oui ?"]
      closing: ["Bonne soirée."]""") + """
events:
  - {id: piece, when: {heard: [budget]}, by: morel, do: show, say: "Voici la page.",
     document: {title: Le budget, text: "Trois milliards."}}
  - {id: venue, when: {heard: [témoin]}, by: cahen, do: arrive}
"""  # fmt: skip


@asynccontextmanager
async def played(run: Run) -> AsyncIterator[Run]:
    """The run, with its opening heard and its journal written."""
    writing = asyncio.create_task(run.journal.run())
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    yield run
    for task in (playing, writing):
        task.cancel()
    await asyncio.gather(playing, writing, return_exceptions=True)


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    async with played(await open_run(scene=HAPPENING, reacting=True)) as opened:
        yield opened


async def test_room_is_shown_who_is_there_from_the_start(run: Run) -> None:
    assert run.stage.casts == [("morel", "roche")]


async def test_late_guest_is_shown_once_let_in(run: Run) -> None:
    await run.stage.hear("J'appelle un témoin.")

    assert run.stage.casts == [("morel", "roche"), ("cahen", "morel", "roche")]
    assert [one["persona"] for one in await run.told("arrived")] == ["cahen"]
    assert "cahen" in [who for who, _ in run.stage.heard]


async def test_no_event_names_a_late_guest_before_they_arrive(run: Run) -> None:
    await run.stage.hear("Merci, je vous le promets.")
    kinds = ("move", "decision", "mood", "phase")
    before = {kind: await run.told(kind) for kind in kinds}
    assert all(before.values())
    assert "cahen" not in json.dumps(before)

    await run.stage.hear("J'appelle un témoin.")
    assert any("cahen" in one["moods"] for one in await run.told("mood"))


async def test_page_is_shown_when_its_event_happens_and_only_once(run: Run) -> None:
    await run.stage.hear("Parlons du budget.")
    await run.stage.hear("Oui, le budget.")

    assert [(event, page.title) for event, page in run.stage.documents] == [("piece", "Le budget")]
    assert [one["event"] for one in await run.told("document")] == ["piece"]


async def test_s2_room_is_shown_everything_again_after_a_restart(run: Run) -> None:
    await run.stage.hear("Parlons du budget.")
    await run.stage.hear("J'appelle un témoin.")
    again = await open_run(scene=HAPPENING)
    again.roleplay._manager._state = run.roleplay._manager._state
    async with played(again):
        assert again.stage.casts == [("cahen", "morel", "roche")]
        assert [event for event, _ in again.stage.documents] == ["piece"]
        assert await again.told("document") == []


async def test_moods_are_recorded_when_they_move_and_hold_no_word(run: Run) -> None:
    words = "C'est ridicule, vous êtes incompétent et vous racontez n'importe quoi."
    await run.stage.hear(f"Monsieur Roche, {words}")
    moods = await run.told("mood")

    turn = next(one for one in moods if one["turn_id"].startswith("u"))
    assert turn["moods"]["roche"].keys() == {"trust", "impatience"}
    assert turn["moods"]["roche"]["trust"] < 0.3
    assert turn["at_s"] == pytest.approx(1.0, abs=0.1)
    assert words not in repr(moods)


async def test_mood_that_stays_is_not_recorded_again(run: Run) -> None:
    await run.stage.hear("Monsieur Roche, vous êtes incompétent, c'est ridicule.")
    run.roleplay._chronicle.changed(
        run.roleplay._manager.scene, run.roleplay._manager.scene, turn_id="u1"
    )

    assert all(one["turn_id"] != "u1" for one in await run.told("mood"))


async def test_decision_is_recorded_with_what_spoke_for_whom(run: Run) -> None:
    await run.stage.hear("Monsieur Roche, votre avis ?")
    decision = (await run.told("decision"))[-1]

    assert decision.keys() >= {"rung", "chosen", "candidates", "scores", "tied", "reason", "at_s"}
    assert (decision["rung"], decision["chosen"]) == ("addressed", ["roche"])
    assert decision["beats"][0]["persona"] == "roche"
    assert decision["took_ms"] == 0.0


async def test_recorded_run_replays_to_the_byte(run: Run) -> None:
    for words in ("Bonsoir.", "  Parlons   du budget\x00. ", "J'appelle un témoin.", "..."):
        await run.stage.hear(words)
    run.roleplay.returned(9.0)
    await asyncio.sleep(1)
    run.roleplay.skip()
    await asyncio.sleep(1)
    await run.journal.drain(1)
    events = await run.store.events(ROOM)
    notes = [(one.kind, one.data) for one in events if one.kind in {"move", "decision"}]
    turns = [said_of(turn) for turn in await run.store.turns(ROOM)]
    made = list(replay(parse(HAPPENING, file="x.yaml"), 0, notes, turns))

    assert {"opened", "answer", "returned", "skip", "performed"} <= {one.do for one in made}
    assert [one.differences for one in made if one.differences] == []


async def test_m2_learner_who_goes_on_and_on_is_cut_off_with_what_was_heard(run: Run) -> None:
    words = "Je continue et je continue encore."
    assert run.roleplay.cut_in(words, speaking_s=3.0) is None
    plan = run.roleplay.cut_in(words, speaking_s=130.0)
    assert plan is not None
    run.roleplay.commit(plan, words)
    await run.stage.perform(plan)

    assert plan.beats[0].kind is BeatKind.CUT_IN
    learner = [text for who, text, _ in await run.texts() if who == LEARNER]
    assert learner == [words]


async def test_patient_listeners_wait_longer(run: Run) -> None:
    hasty = run.roleplay.waits_s()
    patient = SCENE.replace("persona: Animatrice.", "persona: A.\n    temper: {patience: 1.0}")
    other = await open_run(scene=patient)
    async with played(other):
        assert other.roleplay.waits_s() > hasty


async def test_s4_person_who_comes_back_hears_one_sentence_first(run: Run) -> None:
    run.roleplay.returned(12.0)
    await asyncio.sleep(1)

    assert len(run.stage.heard) == 3
    assert [one["beats"][0]["kind"] for one in (await run.told("decision"))[1:]] == ["recap"]


async def test_s4_person_who_was_gone_for_a_moment_hears_no_recap(run: Run) -> None:
    run.roleplay.returned(2.5)
    await asyncio.sleep(1)

    assert len(run.stage.heard) == 2


async def test_s4_line_that_stood_still_is_cut_for_the_recap() -> None:
    run = await open_run(scene=HAPPENING)
    run.stage = LongStage(run.roleplay)
    async with played(run):
        run.roleplay.time.pause("away")
        await asyncio.sleep(9)
        run.roleplay.time.resume("away")
        run.roleplay.returned(9.0)
        await asyncio.sleep(1)

        assert run.stage.hushes >= 1
        assert [d["beats"][0]["kind"] for d in await run.told("decision")] == ["opening", "recap"]


async def test_return_after_the_end_says_no_more(run: Run) -> None:
    run.roleplay.end("learner")
    await asyncio.sleep(1)
    heard = list(run.stage.heard)
    run.roleplay.returned(30.0)
    await asyncio.sleep(1)

    assert run.stage.heard == heard


async def test_listener_lets_something_fall_and_it_is_no_turn(run: Run) -> None:
    await run.stage.hear("J'appelle un témoin.")
    turns = await run.texts()
    asides = []
    for _ in range(100):
        await asyncio.sleep(1)
        if (aside := run.roleplay.reaction("morel", Pause.CAST)) is not None:
            asides.append(aside)

    assert {"cahen"} <= {one.persona for one in asides} <= {"cahen", "roche"}
    assert {one.text for one in asides if one.persona == "cahen"} <= {"Tiens.", "Ah oui ?"}
    assert await run.texts() == turns


@pytest.mark.parametrize("sounds", [1, 2, 3])
async def test_listener_never_lets_the_same_fall_twice_running(run: Run, sounds: int) -> None:
    """Of those drawn only each first, second or third one finds its pause and is heard."""
    await run.stage.hear("J'appelle un témoin.")
    drawn, heard = 0, []
    for _ in range(400):
        await asyncio.sleep(1)
        aside = run.roleplay.reaction("morel", Pause.CAST)
        if aside is not None and aside.persona == "cahen":
            drawn += 1
            if drawn % sounds == 0:
                run.roleplay.listeners.heard(aside)
                heard.append(aside.text)

    assert len(heard) > 2
    assert all(one != other for one, other in pairwise(heard))


async def test_nobody_reacts_while_the_scene_stands_still(run: Run) -> None:
    run.roleplay.time.pause("away")
    reactions = []
    for _ in range(50):
        await asyncio.sleep(10)
        reactions.append(run.roleplay.reaction(LEARNER, Pause.LEARNER))

    assert set(reactions) == {None}


async def test_echo_is_recorded_without_its_words() -> None:
    said = "Le fret recule depuis dix ans, et votre réforme n'y change rien."
    run = await open_run(FakeChatModel(Script(pieces=(said,))), scene=HAPPENING)
    async with played(run):
        await run.stage.hear("Monsieur Roche, votre avis ?")
        (echo, *_) = await run.told("echo")

    assert echo.keys() == {"turn_id", "persona", "kind"}


class Memories:
    """Remembers one thing, whoever asks."""

    closed = False

    def recalled(self, persona: str) -> str:
        return f"{persona} se souvient du canal de 1992."

    async def aclose(self) -> None:
        self.closed = True


async def test_prompt_holds_what_the_session_established_and_how_the_character_feels() -> None:
    memories = Memories()
    model = FakeChatModel(Script(pieces=("Bonsoir.",)))
    run = await open_run(model, scene=HAPPENING, recollection=memories)
    async with played(run):
        angry = "Monsieur Roche, vous êtes incompétent, c'est ridicule, taisez-vous."
        for _ in range(3):
            await run.stage.hear(angry)
        prompt = "\n".join(m.content for m in model.requests[-1].messages)
        scene = run.roleplay._manager.scene
        feels = manner(
            run.roleplay.scenario.character("roche").temper, scene.mood_of("roche"), "fr"
        )

        assert "roche se souvient du canal de 1992." in prompt
        assert feels
        assert feels in prompt
    assert memories.closed
