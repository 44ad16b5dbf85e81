"""The one call for words: the right model, in time for speech, at a known price."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from services.llm.answer import Answer
from services.llm.booking import verdict
from services.llm.call import Call
from services.llm.door import WHOLE_S, AnyMessage, request_of
from services.llm.keeping import Fit, is_fit
from services.llm.outcome import Outcome, Source
from services.llm.ports import Route
from services.llm.request import Complexity, Request, TaskType
from services.llm.round import Round
from services.llm.spec import Tier
from services.llm.workshop import DeckLine, Workshop


class LLMOptimizer:
    """Words for a request, from whoever can give them in time and within the budget.

    Never silence: when no model can, the deck's line or the understudy's is the answer.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @property
    def _routes(self) -> Iterable[tuple[Route, ...]]:
        return self._workshop.decider.chains

    @property
    def has_model(self) -> bool:
        """Whether a model is configured; without one every line is the understudy's."""
        return any(self._routes)

    @property
    def model(self) -> str | None:
        """The model that plays the characters when all is well."""
        routes = self._workshop.decider.routes.get(Tier.CHEAP)
        return routes[0].spec.model if routes else None

    def stream(
        self,
        request: Request,
        *,
        understudy: Callable[[], str],
        deck: DeckLine | None = None,
        fit: Fit = is_fit,
    ) -> Answer:
        """Begins the call at once. `understudy` and `deck` are asked only when one is needed.

        `fit` tells of a whole answer whether it may be served again.
        """
        if not request.spoken:
            request = replace(request, spoken=True)
        return Answer(Call(request, self._workshop, understudy=understudy, deck=deck, fit=fit))

    def stream_round(
        self,
        requests: Sequence[Request],
        *,
        understudy: Callable[[Request], str],
        deck: DeckLine | None = None,
        fit: Fit = is_fit,
    ) -> tuple[Answer, ...]:
        """Begins several calls at once, in the order of the requests, as one batch of the budget.

        None of them knows of the others' words, and a slow or failing one holds up no other.
        """
        calls = [
            Call(
                replace(request, spoken=True),
                self._workshop,
                understudy=partial(understudy, request),
                deck=deck,
                fit=fit,
            )
            for request in requests
        ]
        attempts = [attempt for call in calls if (attempt := call.attempt()) is not None]
        if len(attempts) > 1:
            round = Round(attempts, self._workshop.accounts)
            for call in calls:
                call.join(round)
        return tuple(Answer(call) for call in calls)

    async def respond(
        self,
        request: Request,
        *,
        understudy: Callable[[], str] = str,
        deck: DeckLine | None = None,
    ) -> Outcome:
        """The whole answer at once, for words that nobody waits to hear."""
        call = Call(request, self._workshop, understudy=understudy, deck=deck)
        try:
            outcome = await call.run(None)
        except BaseException:
            call.cancelled()
            raise
        call.heard()
        return outcome

    def judged(self, request: Request, outcome: Outcome, *, fits: bool) -> None:
        """Whoever used the answer tells whether it was fit for that; thresholds learn from it.

        A model's own words that were not are booked as `unfit`; others are nobody's fault here.
        """
        if not fits and outcome.source in {Source.LIVE, Source.FALLBACK}:
            now = self._workshop.clock.now()
            self._workshop.accounts.note(partial(verdict, request, outcome, at=now))

    def most_nano(self, request: Request) -> int:
        """Nano-USD that one attempt at this call costs at most; 0 when no model would be asked."""
        decider = self._workshop.decider
        return decider.most_nano(decider.decide(request))

    def is_short(self, request: Request) -> bool:
        """Whether money is short for such a call: what the scene can do without is not asked."""
        return self._workshop.decider.glide(request).level > 0

    def remember(self, session: str, texts: Iterable[str]) -> None:
        """The session has heard these lines already, from another process; none is repeated."""
        self._workshop.heard.remember(session, texts)

    async def warm(self) -> None:
        """Gets each tier's first model ready, before anybody waits for it. Never raises."""
        first = {id(chain[0].chat): chain[0].chat for chain in self._routes if chain}
        await asyncio.gather(*(chat.warm() for chat in first.values()))

    async def aclose(self) -> None:
        """Ends what is under way and keeps what was answered; models and books stay open."""
        await self._workshop.flights.aclose()
        await self._workshop.health.aclose()
        await self._workshop.cache.aclose()

    async def get_optimized_response(
        self,
        messages: Sequence[AnyMessage],
        task_type: TaskType | str = TaskType.CONVERSATION,
        complexity: Complexity | str | None = None,
        *,
        use_cache: bool = True,
        cache_ttl: float | None = None,
        understudy: Callable[[], str] = str,
        deadline_s: float = WHOLE_S,
        **more: Any,
    ) -> Outcome:
        """The whole answer to messages: `respond`, with the arguments of `door.request_of`."""
        request = request_of(
            messages,
            task_type,
            complexity,
            use_cache=use_cache,
            cache_ttl=cache_ttl,
            deadline_s=deadline_s,
            **more,
        )
        return await self.respond(request, understudy=understudy)

    def stream_optimized_response(
        self,
        messages: Sequence[AnyMessage],
        task_type: TaskType | str = TaskType.CONVERSATION,
        complexity: Complexity | str | None = None,
        *,
        use_cache: bool = True,
        cache_ttl: float | None = None,
        understudy: Callable[[], str] = str,
        **more: Any,
    ) -> Answer:
        """The same as words come: `stream`, with the arguments of `door.request_of`."""
        request = request_of(
            messages, task_type, complexity, use_cache=use_cache, cache_ttl=cache_ttl, **more
        )
        return self.stream(request, understudy=understudy)
