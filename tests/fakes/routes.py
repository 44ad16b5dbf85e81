"""Routes to scripted models, each with data of its own."""

from dataclasses import dataclass

from services.llm.ports import Route
from services.llm.spec import ModelSpec, Takes, Tier
from tests.fakes.chat_model import FakeChatModel, Script


@dataclass(frozen=True, slots=True)
class FakeRoute:
    """A route and the scripted model at its end."""

    route: Route
    chat: FakeChatModel

    @property
    def id(self) -> str:
        """The id of its model."""
        return self.route.spec.id


def fake_route(
    id: str = "one/m",
    *scripts: Script,
    tier: Tier = Tier.CHEAP,
    context_tokens: int = 100_000,
    prefill: bool = False,
) -> FakeRoute:
    """A route whose model plays `scripts`; `id` is `provider/model`."""
    provider, _, model = id.partition("/")
    chat = FakeChatModel(*scripts, name=model)
    spec = ModelSpec(
        id=id,
        provider=provider,
        model=model,
        tier=tier,
        context_tokens=context_tokens,
        takes=Takes(prefill=prefill),
    )
    return FakeRoute(Route(spec=spec, chat=chat), chat)
