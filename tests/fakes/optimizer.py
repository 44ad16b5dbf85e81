"""An optimizer in memory: the real decider, cache, flights and planner over scripted models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from services.core.clock import Clock
from services.core.tokens import TokenFactors
from services.llm.cache.answers import AnswerCache
from services.llm.cache.flights import Flights
from services.llm.cache.key import Keys
from services.llm.decide import Decider, Learnt, Policy, Trials
from services.llm.ledger.glide import NORMAL, Glide
from services.llm.models.catalogue import ModelCatalogue
from services.llm.models.money import Pricing
from services.llm.models.thresholds import Thresholds
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome
from services.llm.plan.health import RouteHealth
from services.llm.plan.production import STALL_S
from services.llm.ports import ChatModel, Route, SharedCache
from services.llm.request import Request
from services.llm.spec import ModelSpec, Tier
from services.llm.work import Accounts
from services.llm.workshop import Workshop
from tests.fakes.accounts import FakeAccounts
from tests.fakes.prices import FakePrices

SECRET = b"secret-of-tests-secret-of-tests-"


@dataclass
class FakeLevels:
    """The glide of every call, to be set."""

    glide: Glide = NORMAL
    thresholds: Thresholds = field(default_factory=Thresholds)

    def level(
        self,
        *,
        session: str | None,
        user: str | None,
        scenario: str | None,
        session_limit_nano: int | None = None,
    ) -> Glide:
        return self.glide


@dataclass
class Told:
    """What the optimizer told whoever counts."""

    outcomes: list[Outcome] = field(default_factory=list)

    def call(self, request: Request, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def entry(self, entry: object) -> None:
        """Nothing here counts bookings: FakeAccounts holds them."""

    def event(self, name: str, **labels: str) -> None:
        """Nothing here counts events."""


def route_to(chat: ChatModel, *, tier: Tier = Tier.CHEAP, provider: str = "fake") -> Route:
    """A route of that tier to a model."""
    spec = ModelSpec(
        id=f"{provider}/{chat.name}",
        provider=provider,
        model=chat.name,
        tier=tier,
        context_tokens=100_000,
    )
    return Route(spec=spec, chat=chat)


def optimizer_on(
    models: ChatModel | Sequence[Route] | None,
    clock: Clock,
    *,
    advanced: Sequence[Route] | None = None,
    told: Told | None = None,
    accounts: Accounts | None = None,
    levels: FakeLevels | None = None,
    shared: SharedCache | None = None,
    policy: Policy | None = None,
    trials: Trials | None = None,
    stall_s: float = STALL_S,
    learnt: Learnt | None = None,
    own: Mapping[str, tuple[Route, ...]] | None = None,
) -> LLMOptimizer:
    """An optimizer over one model, over routes for both tiers, or over none."""
    cheap = _routes(models)
    levels, told = levels or FakeLevels(), told or Told()
    catalogue = ModelCatalogue(specs={route.spec.id: route.spec for route in cheap}, heads={})
    decider = Decider(
        routes={Tier.CHEAP: cheap, Tier.ADVANCED: tuple(advanced or cheap)},
        keys=Keys(SECRET),
        pricing=Pricing(catalogue, FakePrices({}), clock),
        levels=levels,
        learnt=learnt or levels,
        factors=TokenFactors(),
        clock=clock,
        policy=policy or Policy(),
        trials=trials,
        own=own or {},
    )
    return LLMOptimizer(
        Workshop(
            decider=decider,
            accounts=accounts or FakeAccounts(clock),
            cache=AnswerCache(shared, clock, Random(7)),
            flights=Flights(),
            health=RouteHealth(clock),
            observer=told,
            clock=clock,
            stall_s=stall_s,
        )
    )


def _routes(models: ChatModel | Sequence[Route] | None) -> tuple[Route, ...]:
    if models is None:
        return ()
    if isinstance(models, Sequence):
        return tuple(models)
    return (route_to(models),)
