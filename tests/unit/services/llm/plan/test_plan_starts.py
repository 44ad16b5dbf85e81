"""The question of a call as another model can take it."""

from dataclasses import replace

import pytest

from services.core.tokens import tokens_of
from services.llm.plan.starts import asking, shortened
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Tier
from services.llm.work import Ask

TURNS = tuple(Message("user", f"Phrase {n} du débat sur le fret ferroviaire.") for n in range(30))
REQUEST = Request(
    task=TaskType.AGENT_RESPONSE, messages=(Message("system", "Tu es Claire."), *TURNS)
)
ESTIMATE = tokens_of(REQUEST.messages)


def ask(prompt_tokens: int) -> Ask:
    return Ask(
        call="c1",
        request=REQUEST,
        tier=Tier.CHEAP,
        rule="test",
        prompt_tokens=prompt_tokens,
        began_s=0.0,
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.6])
def test_f13_prompt_is_shortened_by_what_the_vendor_is_known_to_count(factor: float) -> None:
    short = shortened(ask(int(ESTIMATE * factor)), 150)
    assert 100 < short.prompt_tokens <= 150
    assert short.prompt_tokens == pytest.approx(tokens_of(short.request.messages) * factor, rel=0.1)
    assert short.request.messages[-1] == TURNS[-1]


def test_longer_prompt_costs_what_its_words_are_known_to_cost() -> None:
    longer = replace(REQUEST, messages=REQUEST.messages * 2)
    assert asking(ask(2 * ESTIMATE), longer).prompt_tokens == pytest.approx(4 * ESTIMATE, rel=0.02)
