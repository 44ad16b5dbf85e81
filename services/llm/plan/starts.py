"""How attempts of one call begin: counted, fitted to their model, with a question of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from services.core.tokens import tokens_of
from services.llm.entry import LedgerEntry
from services.llm.plan.attempt import Attempt, Desk, Listener
from services.llm.plan.continuation import Gate
from services.llm.plan.deadline import MOST_ATTEMPTS, Kind, Step
from services.llm.ports import Route
from services.llm.prompts.truncate import truncated
from services.llm.request import Request
from services.llm.spec import ModelSpec, Tier
from services.llm.work import Ask

_KEPT_SHARE = 0.6
"""Of the tokens that a model was thought to take: an estimate may be a third too low."""


@dataclass(slots=True)
class Tally:
    """What one call has tried: its attempts in order, and what went wrong with which route.

    `refused_context` is the largest context that was too small; `shortened` tells that a shorter
    prompt than the one that was asked for has been sent.
    """

    attempts: list[Attempt] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    begun: int = 0
    hedged: bool = False
    shortened: bool = False
    refused_context: int = 0

    def note(self, route: Route, fault: str) -> None:
        """Something went wrong with a route."""
        self.faults.append((route.spec.id, fault))

    def entries(self) -> list[LedgerEntry]:
        """The bookings so far."""
        return [attempt.entry for attempt in self.attempts if attempt.entry is not None]

    def reserve_s(self) -> float:
        """What asking the purse took in all."""
        tickets = (attempt.ticket for attempt in self.attempts)
        return sum(ticket.reserve_s for ticket in tickets if ticket is not None)

    def give_back(self) -> None:
        """An attempt that was refused by the budget is none."""
        self.begun -= 1

    def next_of(self, steps: Sequence[Step]) -> Step | None:
        """The step that may begin next; None when there is none, or no attempt is left."""
        allowed = self._allowed([step.route for step in steps])
        return next((step for step in steps if step.route in allowed), None)

    def unused(self, routes: Sequence[Route]) -> list[Route]:
        """The routes that this call has not asked and still may."""
        used = {attempt.step.route.spec.id for attempt in self.attempts}
        return self._allowed([route for route in routes if route.spec.id not in used])

    def _allowed(self, routes: list[Route]) -> list[Route]:
        left = MOST_ATTEMPTS - self.begun
        if left > 1:
            return routes
        local = [route for route in routes if route.spec.tier is Tier.LOCAL]
        return (local or routes)[:left]


@dataclass(frozen=True, slots=True)
class Starts:
    """Begins attempts. `ask_for` and `gate_for` make the question to a model, and its gate.

    `continues`: they go on with words that were given out.
    """

    desk: Desk
    tally: Tally
    ask_for: Callable[[ModelSpec], Ask]
    gate_for: Callable[[ModelSpec], Gate]
    continues: bool = False

    def begin(self, step: Step, listener: Listener, *, beside: bool) -> Attempt | None:
        """Begins an attempt, `beside` others or alone; None when it could not be let through."""
        spec, tally = step.route.spec, self.tally
        if step.kind is Kind.HEDGE and not beside:
            step = replace(step, kind=Kind.NEXT)
        ask = self._fitting(self.ask_for(spec), spec)
        if ask is None:
            return None
        gate = self.gate_for(spec)
        attempt = Attempt(self.desk, listener, step, ask, gate, continues=self.continues)
        if not attempt.start():
            if step.kind is not Kind.HEDGE:
                tally.note(step.route, "open")
            return None
        if step.kind is Kind.HEDGE:
            tally.hedged = True
            self.desk.health.hedged(spec)
        tally.begun += 1
        tally.attempts.append(attempt)
        return attempt

    def _fitting(self, ask: Ask, spec: ModelSpec) -> Ask | None:
        """The question as this model can take it; None when a shorter one was refused before."""
        tally, most = self.tally, ask.request.max_tokens
        room = spec.context_tokens - most
        if spec.context_tokens <= tally.refused_context:
            if tally.shortened:
                return None
            room = int(_KEPT_SHARE * min(ask.prompt_tokens, max(1, room)))
        elif ask.prompt_tokens <= room:
            return ask
        tally.shortened = True
        return shortened(ask, room)


def asking(ask: Ask, request: Request) -> Ask:
    """The call with another prompt, its tokens by what is known of this one's."""
    known = tokens_of(ask.request.messages)
    tokens = tokens_of(request.messages) * ask.prompt_tokens // known
    return replace(ask, request=request, prompt_tokens=tokens)


def shortened(ask: Ask, room_tokens: int) -> Ask:
    """The call with a prompt of about so many tokens at most, as the model counts them."""
    request = ask.request
    budget = room_tokens * tokens_of(request.messages) // max(1, ask.prompt_tokens)
    messages = truncated(request.messages, budget_tokens=budget, language=request.language)
    return asking(ask, replace(request, messages=messages))


def larger_first(steps: list[Step], tally: Tally, refused: Route) -> list[Step]:
    """The steps after a route refused a prompt as too long: those with a larger context first."""
    tally.refused_context = max(tally.refused_context, refused.spec.context_tokens)
    return sorted(steps, key=lambda step: step.route.spec.context_tokens <= tally.refused_context)
