"""P1: prompts that no character speaks from hold nothing private that they need not hold.

The deck is written for one character; who speaks next, how a turn was taken and what a session
established are asked without anybody's knowledge, secrets or news.
"""

import asyncio
from random import Random

import pytest

from agents.cast.moment import LEARNER
from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Question
from agents.roleplay.choosing import OptimizerChooser
from agents.roleplay.judging import OptimizerJudge
from agents.roleplay.remembering import Remembering
from scenarios.catalogue import LIBRARY, Catalogue
from services.llm.deck import Deck
from services.llm.request import Request
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.leaks import Oracle, canaried, random_scene
from tests.fakes.memory import analyst_on
from tests.fakes.optimizer import optimizer_on

LIBRARY_IDS = Catalogue((LIBRARY,)).ids()
SCENES = [Catalogue((LIBRARY,)).get(id).scenario for id in LIBRARY_IDS] + [
    random_scene(seed) for seed in range(4)
]
PRIVATE = {"knows", "secret", "news", "brief", "line", "say", "document", "persona"}


def kinds_in(request: Request, oracle: Oracle) -> set[str]:
    return oracle.kinds_in("\n".join(one.content for one in request.messages))


async def asked(number: int) -> tuple[list[Request], Oracle]:
    """Every question about one scene that is no character's line, after some turns of it."""
    rich = SCENES[number].limits.model_copy(update={"cost_usd": 100.0})
    scenario, oracle = canaried(SCENES[number].model_copy(update={"limits": rich}))
    model, clock = FakeChatModel(Script(pieces=("{}",))), LoopClock()
    optimizer = optimizer_on(model, clock)
    manager = MultiAgentManager(scenario, rng=Random(number))
    manager.commit(manager.begin(0.0), words=None, now_s=0.0)
    for n in range(30):
        words = f"Nous publierons {oracle.said(LEARNER, manager.phase.id)}."
        plan = manager.answer(words, float(n))
        manager.commit(plan, words=words, now_s=float(n), who="Sam")
        for beat in plan.beats:
            text = f"Je crois que {oracle.said(beat.persona, beat.phase)} compte."
            manager.performed(beat, text, cut=False, now_s=float(n))
    memory, ids = manager.memory, tuple(one.id for one in scenario.cast)
    question = Question(candidates=ids, goal="g", spoke_last=None, heard=memory[-6:])
    await OptimizerChooser(optimizer, scenario, room="s-1").choose(question, limit_s=1.0)
    await OptimizerJudge(optimizer, scenario, room="s-1").judge(memory[-6:], ids)
    deck = Deck(scenario, clean=lambda _, line: line, rng=Random(1), share=1.0)
    await deck.fill(optimizer, revision="h", session="s-1", user="ada")
    analyst = analyst_on(model, clock)
    it = Remembering(scenario, manager, room="s-1", analyst=analyst)
    it.recalled(scenario.cast[0].id)
    await asyncio.sleep(30)
    await analyst.aclose()
    await it.aclose()
    await optimizer.aclose()
    return model.requests, oracle


@pytest.mark.parametrize("number", range(len(SCENES)))
async def test_p1_no_question_about_the_cast_holds_what_is_private(number: int) -> None:
    requests, oracle = await asked(number)
    names = {request.template.partition(".")[0] for request in requests}
    assert {"orchestration", "mood", "deck", "memory"} <= names
    for request in requests:
        found = kinds_in(request, oracle)
        match request.template.partition(".")[0]:
            case "deck":
                assert request.persona is not None
                assert found <= {"persona", "line"}
                for message in request.messages:
                    assert oracle.leaks(message.content, request.persona) == set()
            case "mood":
                assert found & PRIVATE <= {"persona"}
            case _:
                assert found & PRIVATE == set()
