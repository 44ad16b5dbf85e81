"""Everything about a call that is known before it is made: tier, routes, exact messages, key.

Pure but for the clock of the prices: the same request under the same circumstances is decided the
same way, so decisions are remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple, Protocol

from services.core.clock import Clock
from services.core.tokens import TokenFactors, estimate_tokens, tokens_of
from services.llm.cache.key import CacheKey, Keys
from services.llm.cache.policy import ttl_s
from services.llm.experiments.running import Arm
from services.llm.ledger.bookings import most_prompt_tokens
from services.llm.ledger.glide import Glide
from services.llm.models.money import Pricing
from services.llm.models.thresholds import Thresholds
from services.llm.models.tiers import Choice, choose
from services.llm.outcome import Usage
from services.llm.ports import Route
from services.llm.prompts.compress import Squeezed, squeeze
from services.llm.request import Request, TaskType
from services.llm.spec import Tier
from services.llm.work import Ask

_REMEMBERED = 512
"""More calls than a scene makes: what the cache holds for it is not decided anew."""

_WORD_FOR_WORD = frozenset({TaskType.DEBRIEF})
"""A judge reads what was said as it was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's switches."""

    cache: bool = True
    ttl_default_s: float = 300.0
    selection: bool = True
    compression: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided. `request` is what will be sent; `key` None means no cache; equal calls
    at once share a `flight` all the same."""

    request: Request
    tier: Tier
    rule: str
    routes: tuple[Route, ...]
    key: CacheKey | None
    flight: str | None = None
    ttl_s: float
    prompt_tokens: int
    squeezed_tokens: int = 0
    squeezed_nano: int = 0
    refused_nano: int = 0
    words_only: bool = False
    variant: str | None = None

    def ask(self, call: str, began_s: float) -> Ask:
        """What is asked of the models."""
        return Ask(
            call=call,
            request=self.request,
            tier=self.tier,
            rule=self.rule,
            prompt_tokens=self.prompt_tokens,
            began_s=began_s,
            squeezed_tokens=self.squeezed_tokens,
            squeezed_nano=self.squeezed_nano,
            refused_nano=self.refused_nano,
            variant=self.variant,
            wanted=self.routes[0].spec.id if self.routes else "",
        )


class Worth(NamedTuple):
    """Nano-USD of a call that was not made: of the model asked first, and of the advanced one."""

    cost_nano: int
    list_nano: int


class Levels(Protocol):
    """How near the budgets are to their end."""

    def level(
        self,
        *,
        session: str | None,
        user: str | None,
        scenario: str | None,
        session_limit_nano: int | None = None,
    ) -> Glide:
        """The glide for such a call; asks nobody."""
        ...


class Learnt(Protocol):
    """Thresholds as they stand now."""

    @property
    def thresholds(self) -> Thresholds: ...


class Trials(Protocol):
    """Experiments, as they run now."""

    @property
    def edition(self) -> int:
        """Changes when another experiment runs than before."""
        ...

    @property
    def chains(self) -> tuple[tuple[Route, ...], ...]:
        """Every chain that some session may be answered by."""
        ...

    def arm(self, tier: Tier, session: str | None) -> Arm | None:
        """The session's arm on that tier, if it has one."""
        ...


class Decider:
    """Decides calls. `routes` holds, for each tier, whom to ask in which order.

    `own` does so for prompts that have a model of their own, by the prompt's name.
    """

    def __init__(
        self,
        *,
        routes: Mapping[Tier, tuple[Route, ...]],
        keys: Keys,
        pricing: Pricing,
        levels: Levels,
        learnt: Learnt,
        factors: TokenFactors,
        clock: Clock,
        policy: Policy,
        trials: Trials | None = None,
        own: Mapping[str, tuple[Route, ...]] = MappingProxyType({}),
    ) -> None:
        self.routes = routes
        self._own = own
        self._keys = keys
        self._pricing = pricing
        self._levels = levels
        self._learnt = learnt
        self._factors = factors
        self._clock = clock
        self._policy = policy
        self._trials = trials
        self._known: dict[tuple[Request, Glide], Decision] = {}
        self._thresholds: Thresholds | None = None
        self._edition = 0

    @property
    def chains(self) -> tuple[tuple[Route, ...], ...]:
        """Every order in which models are asked."""
        tried = self._trials.chains if self._trials else ()
        return (*self.routes.values(), *self._own.values(), *tried)

    def glide(self, request: Request) -> Glide:
        """What the budgets that the request counts to allow now."""
        return self._levels.level(
            session=request.session,
            user=request.user,
            scenario=request.scenario,
            session_limit_nano=request.session_limit_nano,
        )

    def decide(self, request: Request) -> Decision:
        """The call's tier, routes and messages as they will be sent."""
        glide = self.glide(request)
        thresholds = self._learnt.thresholds
        edition = self._trials.edition if self._trials else 0
        if thresholds is not self._thresholds or edition != self._edition:
            self._known.clear()
            self._thresholds, self._edition = thresholds, edition
        circumstances = (request, glide)
        decision = self._known.get(circumstances)
        if decision is None:
            if len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            decision = self._known[circumstances] = self._decide(request, glide, thresholds)
        return decision

    def key(self, request: Request, route: Route) -> CacheKey | None:
        """The key of that route's answer to a request as it was sent."""
        return self._keys.key(request, route.spec)

    def worth(self, decision: Decision, text: str) -> Worth:
        """What that answer would have cost, by our own count of its tokens."""
        usage = Usage(prompt_tokens=decision.prompt_tokens, completion_tokens=estimate_tokens(text))
        dear = (self.routes.get(Tier.ADVANCED) or decision.routes)[0].spec
        return Worth(
            cost_nano=self._pricing.cost(decision.routes[0].spec, usage),
            list_nano=self._pricing.cost(dear, usage),
        )

    def most_nano(self, decision: Decision) -> int:
        """What an attempt at it costs at most, at the dearest of its models; 0 without any."""
        tokens = most_prompt_tokens(decision.ask("", 0.0))
        return max(
            (
                self._pricing.greatest(
                    route.spec, prompt_tokens=tokens, max_tokens=decision.request.max_tokens
                )
                for route in decision.routes
            ),
            default=0,
        )

    def _decide(self, request: Request, glide: Glide, thresholds: Thresholds) -> Decision:
        tokens = tokens_of(request.messages)
        choice = self._choose(request, glide, tokens, thresholds)
        own = self._own.get(request.template.partition(".")[0])
        trials = self._trials if own is None else None
        arm = trials.arm(choice.tier, request.session) if trials else None
        routes = arm.routes if arm else own or self.routes.get(choice.tier, ())
        if not routes or glide.words_only:
            return Decision(
                request=request,
                tier=choice.tier,
                rule=choice.rule,
                routes=(),
                key=None,
                ttl_s=0.0,
                prompt_tokens=tokens,
                words_only=glide.words_only and bool(routes),
            )
        sent, squeezed = self._shortened(request, routes[0], glide, tokens)
        key = self._keys.key(sent, routes[0].spec)
        return Decision(
            request=sent,
            tier=choice.tier,
            rule=choice.rule,
            routes=routes,
            key=key if self._policy.cache else None,
            flight=key.text if key else None,
            ttl_s=ttl_s(request, self._policy.ttl_default_s),
            prompt_tokens=self._factors.corrected(
                routes[0].spec.id, request.language, tokens - squeezed.saved_tokens
            ),
            squeezed_tokens=squeezed.saved_tokens,
            squeezed_nano=squeezed.saved_nano,
            refused_nano=squeezed.refused_nano,
            variant=arm.label if arm else None,
        )

    def _choose(
        self, request: Request, glide: Glide, tokens: int, thresholds: Thresholds
    ) -> Choice:
        choice = choose(
            request,
            expected_tokens=request.max_tokens,
            prompt_tokens=tokens,
            thresholds=thresholds,
            enabled=self._policy.selection,
        )
        if glide.cheap_only and choice.tier is Tier.ADVANCED:
            return Choice(tier=Tier.CHEAP, rule="budget_glide")
        return choice

    def _shortened(
        self, request: Request, route: Route, glide: Glide, tokens: int
    ) -> tuple[Request, Squeezed]:
        """The request as sent, with what compression took out of it or refused to."""
        if glide.max_tokens_factor < 1:
            request = replace(request, max_tokens=int(request.max_tokens * glide.max_tokens_factor))
        if not self._policy.compression or request.task in _WORD_FOR_WORD:
            return request, Squeezed(messages=request.messages)
        rates = self._pricing.rates(route.spec, at=self._clock.now(), prompt_tokens=tokens)
        squeezed = squeeze(request.messages, rates=rates, language=request.language)
        if squeezed.messages is request.messages or squeezed.messages == request.messages:
            return request, squeezed
        return replace(request, messages=squeezed.messages), squeezed
