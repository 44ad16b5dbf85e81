"""What a beat's call for words says of itself: task, tier, whose it is, who may share it."""

import asyncio
import json
from random import Random

import pytest

from agents.manager.beats import Beat, BeatKind, Plan
from agents.roleplay.lines import Line
from agents.roleplay.moments import moment_of
from scenarios.loader import parse
from scenarios.schema import Temper
from services.llm.deck import Deck
from services.llm.entry import Role
from services.llm.outcome import Source
from services.llm.reactions import Moment
from services.llm.request import Request, Scope, TaskType
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.run import ROOM, SCENE, Run, open_run


def beat(kind: BeatKind, id: str = "a1-1") -> Beat:
    return Beat(id=id, kind=kind, phase="debat", persona="roche")


async def asked(run: Run) -> Request:
    assert run.model is not None
    return run.model.requests[-1]


async def opened() -> Run:
    return await open_run(FakeChatModel(("Bonsoir", " à", " vous.")))


async def first_opening(run: Run) -> Request:
    plan = run.roleplay._manager.begin(0.0)
    line = run.roleplay.line(plan.beats[0], plan=plan)
    assert "".join([piece async for piece in line])
    return await asked(run)


async def test_answer_is_spoken_cheap_and_belongs_to_its_session() -> None:
    run = await opened()
    await run.stage.hear("Monsieur Roche, votre avis ?")
    request = await asked(run)

    assert (request.task, request.spoken) == (TaskType.AGENT_RESPONSE, True)
    assert request.spoken
    assert (request.session, request.user, request.scenario) == (ROOM, "ada", "petit-debat")
    assert (request.persona, request.language, request.revision) == ("roche", "fr", "h")
    assert request.session_limit_nano == 500_000_000
    assert request.scope is None
    assert request.template == "persona_answer.fr@2"


async def test_p3_no_line_goes_on_as_the_person() -> None:
    run = await open_run(FakeChatModel(("Bonsoir.", " Camille :", " Mais si !")))
    plan = run.roleplay._manager.begin(0.0)
    line = run.roleplay.line(plan.beats[0], plan=plan)
    assert "".join([piece async for piece in line]).strip() == "Bonsoir."


async def test_opening_before_anybody_spoke_is_shared_by_the_scenes_sessions() -> None:
    assert (await first_opening(await opened())).scope is Scope.SCENARIO


async def test_c2_opening_after_the_learner_spoke_is_not_shared() -> None:
    run = await opened()
    await run.stage.hear("Bonsoir, je suis le ministre.")

    assert (await first_opening(run)).scope is None


def test_second_voice_reacts_as_its_temper_has_it() -> None:
    friendly = {moment_of(beat(BeatKind.FOLLOW_UP), Temper(hostility=0.0)) for _ in range(3)}
    moods = {moment_of(beat(BeatKind.FOLLOW_UP, f"a{n}"), Temper(hostility=1.0)) for n in range(60)}

    assert len(friendly) == 1, "the same beat has the same mood"
    assert Moment.DISAGREE in moods
    assert Moment.AGREE not in moods
    assert None in moods, "some say what they think, in words of their own"
    assert not moods & {Moment.STALL, Moment.INTERRUPTED}


def test_only_answers_may_be_replaced_by_a_stall() -> None:
    moments = {
        kind: moment_of(beat(kind), Temper()) for kind in BeatKind if kind is not BeatKind.FOLLOW_UP
    }

    assert moments.pop(BeatKind.ANSWER) is Moment.STALL
    assert set(moments.values()) == {None}


async def told(line: Line) -> tuple[str, float]:
    """What the line says, and when its last word came."""
    text = "".join([piece async for piece in line])
    return text, asyncio.get_running_loop().time()


def opening(run: Run) -> tuple[Plan, tuple[Line, ...]]:
    plan = run.roleplay._manager.begin(0.0)
    return plan, run.roleplay.lines(plan.beats, plan=plan)


async def test_l6_slow_line_of_an_opening_round_holds_up_no_other() -> None:
    model = FakeChatModel(Script(pieces=(), silent=True), Script(pieces=("Bonsoir", " à tous.")))
    _, lines = opening(await open_run(model))
    (slow, slow_s), (quick, quick_s) = await asyncio.gather(*map(told, lines))

    assert (slow, quick) == ("Bonsoir et bienvenue.", "Bonsoir à tous.")
    assert quick_s < 0.1
    assert slow_s <= 2.05, "the author's line comes by the deadline"
    assert [line.source for line in lines] == [Source.UNDERSTUDY, Source.LIVE]


async def test_opening_round_is_asked_for_at_once_and_blind_to_the_others() -> None:
    run = await opened()
    _, lines = opening(run)
    await asyncio.sleep(0.01)

    assert run.model is not None
    assert [request.persona for request in run.model.requests] == ["morel", "roche"]
    assert all("Bonsoir à" not in repr(request.messages) for request in run.model.requests)
    await asyncio.gather(*map(told, lines))


async def test_s5_line_that_nobody_read_ends_the_vendors_stream() -> None:
    model = FakeChatModel(Script(pieces=("Bonsoir",), silent=True))
    run = await open_run(model)
    plan = run.roleplay._manager.begin(0.0)
    line = run.roleplay.line(plan.beats[0], plan=plan)
    await asyncio.sleep(0.01)
    await line.aclose()

    assert model.closed == 1


ENGLISH = "I think that you are wrong about the railways and about the reform that you want."


@pytest.mark.parametrize(
    "words", [ENGLISH, "En tant que modèle de langage, je ne peux pas jouer ce rôle."]
)
async def test_l5_authors_line_in_place_of_an_unfit_answer_is_told_as_the_authors(
    words: str,
) -> None:
    run = await open_run(FakeChatModel((words,)))
    plan = run.roleplay._manager.begin(0.0)
    line = run.roleplay.line(plan.beats[0], plan=plan)

    assert [(piece, line.source) async for piece in line] == [
        ("Bonsoir et bienvenue.", Source.UNDERSTUDY)
    ]
    (verdict,) = [one for one in run.booked if one.role is Role.UNFIT]
    assert (verdict.fault, verdict.source, verdict.rule) == ("guard", "live", "short_answer")


async def test_l5_sentence_that_was_left_out_is_told_and_the_rest_is_spoken() -> None:
    run = await open_run(FakeChatModel((f"Bonsoir à vous. {ENGLISH}",)))
    plan = run.roleplay._manager.begin(0.0)
    line = run.roleplay.line(plan.beats[0], plan=plan)

    assert (await told(line))[0].strip() == "Bonsoir à vous."
    assert line.source is Source.LIVE
    assert [one.role for one in run.booked] == [Role.SERVED, Role.UNFIT]


async def test_fit_line_is_booked_once() -> None:
    run = await opened()
    plan = run.roleplay._manager.begin(0.0)
    await told(run.roleplay.line(plan.beats[0], plan=plan))

    assert [one.role for one in run.booked] == [Role.SERVED]


def deck() -> Deck:
    """Its purse is wide: nobody knows what the model in memory costs, so the dearest is assumed."""
    return Deck(
        parse(SCENE, file="petit-debat/scenario.yaml"),
        clean=lambda _, line: line,
        rng=Random(1),
        share=1.0,
    )


async def test_deck_is_filled_once_the_opening_is_over() -> None:
    reactions = {str(moment): [f"{moment} !"] for moment in Moment}
    model = FakeChatModel(
        Script(pieces=("Bonsoir.",)),
        Script(pieces=("Bonsoir.",)),
        Script(pieces=(json.dumps(reactions),)),
    )
    cards = deck()
    run = await open_run(model, deck=cards)
    playing = asyncio.create_task(run.roleplay.run(run.stage))
    await asyncio.sleep(1)
    run.roleplay.stop("left")
    await playing

    assert [r.template for r in model.requests[2:]] == ["deck.fr@1", "deck.fr@1"]
    assert cards._written["roche", Moment.STALL] == ["stall !"]


async def test_second_voice_from_the_deck_costs_no_call() -> None:
    model, cards = FakeChatModel(("Bonsoir.",)), deck()
    for moment in Moment:
        cards._written["roche", moment].append("Je n'y crois pas une seconde.")
    run = await open_run(model, deck=cards)
    plan = run.roleplay._manager.begin(0.0)
    temper = run.roleplay.scenario.character("roche").temper
    reactions = (beat(BeatKind.FOLLOW_UP, f"a{n}") for n in range(60))
    moody = next(one for one in reactions if moment_of(one, temper) is not None)
    line = run.roleplay.line(moody, plan=plan)

    assert await told(line) == ("Je n'y crois pas une seconde.", 0.0)
    assert line.source is Source.DECK
    assert (model.requests, cards.avoided) == ([], 1)


@pytest.mark.parametrize(
    ("line", "fit"),
    [
        ("Bonsoir à tous. On y va ?", True),
        ("Bonsoir à tous. Roche : je proteste.", False),
        ("En tant que modèle de langage, je ne peux pas.", False),
        ("*sourit* Bonsoir.", False),
        ("Good evening, I am glad that you are all here.", False),
    ],
)
async def test_c5_only_a_line_that_the_guard_left_alone_may_be_served_again(
    line: str, fit: bool
) -> None:
    run = await open_run(FakeChatModel((line,)))
    plan = run.roleplay._manager.begin(0.0)
    await told(run.roleplay.line(plan.beats[0], plan=plan))
    assert run.roleplay._lines._is_fit(await asked(run), line) is fit
