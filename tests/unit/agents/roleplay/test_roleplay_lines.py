"""What a beat's call for words says of itself: task, tier, whose it is, who may share it."""

from agents.manager.beats import Beat, BeatKind
from agents.roleplay.moments import moment_of
from scenarios.schema import Temper
from services.llm.reactions import Moment
from services.llm.request import Complexity, Request, Scope, TaskType
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.run import ROOM, Run, open_run


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

    assert (request.task, request.complexity) == (TaskType.AGENT_RESPONSE, Complexity.SIMPLE)
    assert request.spoken
    assert (request.session, request.user, request.scenario) == (ROOM, "ada", "petit-debat")
    assert (request.persona, request.language, request.revision) == ("roche", "fr", "h")
    assert request.session_limit_nano == 500_000_000
    assert request.scope is None
    assert request.template == "persona_answer.fr@1"


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
    assert not moods & {Moment.STALL, Moment.INTERRUPTED, None}


def test_only_answers_may_be_replaced_by_a_stall() -> None:
    moments = {
        kind: moment_of(beat(kind), Temper()) for kind in BeatKind if kind is not BeatKind.FOLLOW_UP
    }

    assert moments.pop(BeatKind.ANSWER) is Moment.STALL
    assert set(moments.values()) == {None}
