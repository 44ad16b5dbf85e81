"""What the money side needs in tests: two models with round prices, asks, ends of attempts."""

from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from services.core.clock import Clock
from services.llm.entry import Role
from services.llm.models.catalogue import ModelCatalogue
from services.llm.models.money import Pricing
from services.llm.outcome import Usage
from services.llm.ports import Route
from services.llm.request import Message, Request, TaskType
from services.llm.spec import ModelSpec, PriceRow, Rates, Tier
from services.llm.work import Ask, AttemptEnd
from tests.fakes.chat_model import FakeChatModel

DOLLAR = 1_000_000_000
CENT = 10_000_000


def _priced(dollars_in: int, dollars_out: int) -> tuple[PriceRow, ...]:
    """Dollars for a million tokens: one dollar is 1000 nano-USD a token."""
    rates = Rates(
        input_nano=dollars_in * DOLLAR,
        cached_nano=dollars_in * DOLLAR // 10,
        write_nano=dollars_in * DOLLAR,
        output_nano=dollars_out * DOLLAR,
    )
    return (PriceRow(since=date(2026, 1, 1), rates=rates),)


CHEAP = ModelSpec(
    id="stub/cheap",
    provider="stub",
    model="cheap",
    tier=Tier.CHEAP,
    context_tokens=128_000,
    prices=_priced(1, 5),
)
ADVANCED = replace(CHEAP, id="stub/dear", model="dear", tier=Tier.ADVANCED, prices=_priced(10, 50))
LOCAL = replace(CHEAP, id="local/tiny", provider="local", model="tiny", tier=Tier.LOCAL, prices=())
UNPRICED = replace(CHEAP, id="stub/new", model="new", prices=())


class NoPrices:
    """A price list that knows nothing."""

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates | None:
        return None


def pricing(clock: Clock) -> Pricing:
    """Prices of the models above."""
    specs = {spec.id: spec for spec in (CHEAP, ADVANCED, LOCAL, UNPRICED)}
    heads = {Tier.CHEAP: CHEAP.id, Tier.ADVANCED: ADVANCED.id}
    return Pricing(ModelCatalogue(specs=MappingProxyType(specs), heads=heads), NoPrices(), clock)


def route(spec: ModelSpec = CHEAP) -> Route:
    """A way to that model; it is never asked here."""
    return Route(spec=spec, chat=FakeChatModel(name=spec.model))


def ask(call: str = "call-1", *, prompt_tokens: int = 700, **fields: Any) -> Ask:
    """A spoken reaction in the session s-1 of ada: 700 tokens in, 25 out at most."""
    known: dict[str, Any] = {
        "task": TaskType.AGENT_REACTION,
        "messages": (Message("user", "Bonsoir."),),
        "max_tokens": 25,
        "spoken": True,
        "session": "s-1",
        "user": "ada",
        "scenario": "debat-tv",
        "persona": "morel",
    }
    own = {
        name: fields.pop(name)
        for name in ("squeezed_tokens", "squeezed_nano", "refused_nano", "wanted")
        if name in fields
    }
    return Ask(
        call=call,
        request=Request(**(known | fields)),
        tier=Tier.CHEAP,
        rule="reaction",
        prompt_tokens=prompt_tokens,
        began_s=0.0,
        **own,
    )


def end(role: Role = Role.SERVED, **fields: Any) -> AttemptEnd:
    """An attempt that was served: 700 tokens in, 20 out."""
    known: dict[str, Any] = {
        "text": "Je vous écoute.",
        "usage": Usage(prompt_tokens=700, completion_tokens=20),
        "first_token_s": 0.3,
        "total_s": 0.8,
    }
    return AttemptEnd(role=role, **(known | fields))
