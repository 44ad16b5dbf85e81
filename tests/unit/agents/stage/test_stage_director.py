"""From a turn to beats in order: who answers is asked once, committed once, and never awaited."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from livekit.agents import FlushSentinel, ModelSettings, llm
from livekit.agents.voice import SpeechHandle

from agents.manager.beats import Beat, BeatKind, Decision, Plan, Rung
from agents.roleplay.lines import Line
from agents.roleplay.run import Roleplay
from agents.stage.director import Director, speech
from agents.stage.mux import Mux
from agents.stage.speaking import CastVoices
from scenarios.schema import Scenario
from services.llm.outcome import Source
from tests.fakes.cast_voices import audible_at_once
from tests.fakes.scenes import debate

MODEL_S = 0.2


def plan(name: str, *kinds: BeatKind, phase: str = "") -> Plan:
    beats = tuple(
        Beat(id=f"{name}-{at}", persona=f"p{at}", kind=kind, phase=phase or debate().phases[0].id)
        for at, kind in enumerate(kinds)
    )
    return Plan(beats=beats, decision=Decision(rung=Rung.SCORE, chosen=("p0",), reason=name))


@dataclass
class Scene:
    """A roleplay that asks a model for `MODEL_S`; lines come after seconds of their own."""

    scenario: Scenario
    slow_s: dict[str, float] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asking: set[str] = field(default_factory=set)
    wanted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    committed: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def answer(self, words: str, *, since_s: float = 0.0) -> Plan:
        self.asked.append(words)
        await asyncio.sleep(MODEL_S)
        return plan("model", BeatKind.ANSWER)

    def answer_now(self, words: str) -> Plan:
        return plan("score", BeatKind.ANSWER)

    def commit(self, plan: Plan, words: str | None) -> Plan:
        self.committed.append((plan.decision.reason, words or ""))
        return plan

    def line(self, beat: Beat, **_: Any) -> Line:
        self.wanted.append(beat.persona)
        return Line(beat, self._words(beat), lambda: Source.LIVE)

    def lines(self, beats: Sequence[Beat], **_: Any) -> tuple[Line, ...]:
        return tuple(self.line(beat) for beat in beats)

    def said(self, beat: Beat, text: str) -> str:
        return text

    def is_due(self, beat: Beat, *, after: str) -> bool:
        return beat.kind is not BeatKind.FOLLOW_UP or not after.endswith("?")

    def played(self, plan: Plan) -> None:
        """Nothing ends here."""

    async def _words(self, beat: Beat) -> AsyncIterator[str]:
        try:
            await asyncio.sleep(self.slow_s.get(beat.persona, 0.0))
        except asyncio.CancelledError:
            self.left.append(beat.persona)
            raise
        if beat.persona not in self.broken:
            yield f"{beat.persona} {'asks?' if beat.persona in self.asking else 'speaks.'}"


class Handle:
    """A speech that is real, or not yet."""

    def __init__(self, *, scheduled: bool = True) -> None:
        self.id = "speech"
        self.scheduled = scheduled
        self.interrupted = False

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """It lasts for the whole test."""


def director(scene: Scene) -> Director:
    return Director(
        cast("Roleplay", scene),
        cast("Mux", None),
        cast("CastVoices", None),
        silent_for_s=float,
        audible=audible_at_once,
    )


async def performed(
    agent: Director, handle: Handle, message: llm.ChatMessage | None = None
) -> list[str]:
    """The personas whose lines came, in their order; each sounds as soon as it is whole."""
    speech.set(cast("SpeechHandle", handle))
    context = llm.ChatContext.empty()
    if message is not None:
        context.insert(message)
    heard: list[str] = []
    async for piece in agent.llm_node(context, [], ModelSettings()):
        if isinstance(piece, FlushSentinel):
            for one in agent._performances.values():
                one.started.set()
        elif not piece.startswith("⟦"):
            heard.append(piece.split()[0])
    return heard


@pytest.fixture
def scene() -> Scene:
    return Scene(debate())


async def test_p5_a_turn_that_ends_while_a_model_is_asked_is_decided_by_the_scores(
    scene: Scene,
) -> None:
    agent, message = director(scene), llm.ChatMessage(role="user", content=["And now?"])
    running = asyncio.ensure_future(performed(agent, Handle(), message))
    await asyncio.sleep(MODEL_S / 2)
    agent.turn_added(message)
    await running
    assert scene.committed == [("score", "And now?")]


async def test_a_model_that_answers_before_the_turn_ends_decides(scene: Scene) -> None:
    agent, message = director(scene), llm.ChatMessage(role="user", content=["And now?"])
    await performed(agent, Handle(scheduled=False), message)
    assert scene.committed == []
    agent.turn_added(message)
    assert scene.committed == [("model", "And now?")]


async def test_a_run_that_is_thrown_away_commits_nothing(scene: Scene) -> None:
    agent = director(scene)
    for words in ("And", "And now", "And now?"):
        message = llm.ChatMessage(role="user", content=[words])
        running = asyncio.ensure_future(performed(agent, Handle(scheduled=False), message))
        await asyncio.sleep(MODEL_S / 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert scene.asked == ["And", "And now", "And now?"]
    assert scene.committed == []


async def test_a_typed_line_is_answered_by_the_plan_that_was_made_for_it(scene: Scene) -> None:
    agent = director(scene)
    message = agent.message("And now?", await scene.answer("And now?"))
    agent.turn_added(message)
    await performed(agent, Handle(), message)
    assert scene.committed == [("model", "And now?")]
    assert scene.asked == ["And now?"]


def with_order(order: str) -> Scenario:
    scenario = debate()
    phases = [one.model_copy(update={"order": order}) for one in scenario.phases]
    return scenario.model_copy(update={"phases": tuple(phases)})


@pytest.mark.parametrize(
    ("order", "expected"), [("first_ready", ["p2", "p1", "p0"]), ("author", ["p0", "p1", "p2"])]
)
async def test_l6_the_first_line_that_is_ready_is_played_first_where_the_author_allows(
    order: str, expected: list[str]
) -> None:
    scene = Scene(with_order(order), slow_s={"p0": 3.0, "p1": 1.0})
    agent, handle = director(scene), Handle()
    agent.put(cast("SpeechHandle", handle), plan("open", *[BeatKind.OPENING] * 3))
    assert await performed(agent, handle) == expected


async def test_l6_a_line_that_never_comes_holds_up_no_other() -> None:
    scene = Scene(with_order("first_ready"), slow_s={"p0": 5.0, "p1": 1.0}, broken={"p0"})
    agent, handle = director(scene), Handle()
    agent.put(cast("SpeechHandle", handle), plan("open", *[BeatKind.OPENING] * 3))
    assert await performed(agent, handle) == ["p2", "p1"]


@pytest.mark.parametrize(
    ("asking", "expected"),
    [
        (set(), ["p0", "p1", "p2"]),
        ({"p1"}, ["p0", "p1"]),
        ({"p0"}, ["p0"]),
        ({"p2"}, ["p0", "p1", "p2"]),
    ],
)
async def test_nobody_speaks_on_after_a_question_to_the_person(
    scene: Scene, asking: set[str], expected: list[str]
) -> None:
    scene.asking = asking
    agent, handle = director(scene), Handle()
    beats = (BeatKind.ANSWER, BeatKind.FOLLOW_UP, BeatKind.FOLLOW_UP)
    agent.put(cast("SpeechHandle", handle), plan("talk", *beats))
    assert await performed(agent, handle) == expected


async def test_who_was_asked_as_well_answers_after_a_question_to_the_person(scene: Scene) -> None:
    scene.asking = {"p0"}
    agent, handle = director(scene), Handle()
    agent.put(cast("SpeechHandle", handle), plan("both", BeatKind.ANSWER, BeatKind.ANSWER))
    assert await performed(agent, handle) == ["p0", "p1"]


async def test_what_was_prepared_is_asked_for_once_and_at_once(scene: Scene) -> None:
    agent, handle = director(scene), Handle()
    opening = plan("open", *[BeatKind.OPENING] * 3)
    agent.prepare(opening)
    assert scene.wanted == ["p0", "p1", "p2"]
    agent.put(cast("SpeechHandle", handle), opening)
    assert await performed(agent, handle) == ["p0", "p1", "p2"]
    assert scene.wanted == ["p0", "p1", "p2"]


async def test_what_was_prepared_for_one_plan_is_not_said_for_another(scene: Scene) -> None:
    agent, handle = director(scene), Handle()
    agent.prepare(plan("open", BeatKind.OPENING))
    agent.put(cast("SpeechHandle", handle), plan("closing", BeatKind.CLOSING))
    assert await performed(agent, handle) == ["p0"]
    assert scene.wanted == ["p0", "p0"]


async def test_what_was_prepared_for_nothing_is_thrown_away(scene: Scene) -> None:
    scene.slow_s = {"p0": 3600.0}
    agent = director(scene)
    agent.prepare(plan("open", BeatKind.OPENING))
    await asyncio.sleep(0)
    await agent.discard()
    assert scene.left == ["p0"]
