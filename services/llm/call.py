"""One call, from its request to its outcome.

Asks in this order: an answer in the caches that this session has not heard, an equal call under
way, the models by the deadline, the deck, the author. Whatever happens, it ends in an outcome.
"""

import asyncio
import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from services.llm.booking import booking
from services.llm.cache.answers import Hit
from services.llm.cache.flights import Seat
from services.llm.cache.key import CacheKey
from services.llm.decide import Decision
from services.llm.keeping import Fit, is_fit, keep
from services.llm.outcome import Latency, Level, Outcome, Source, total
from services.llm.plan.production import Production
from services.llm.ports import Route
from services.llm.request import Request, TaskType
from services.llm.round import Round
from services.llm.work import Ask, Emit, Made
from services.llm.workshop import DeckLine, Workshop

GRACE_S = 0.02
"""How much later than its deadline a call gives up on a work that watches the deadline itself."""

_PIECE = re.compile(r"\S+\s*")


class Call:
    """One call's state. `run` is awaited once; `cancelled` ends what `run` could not."""

    __slots__ = (
        "_began_s", "_cache_s", "_decision", "_deck", "_fit", "_id", "_mark", "_outcome",
        "_request", "_round", "_said", "_seat", "_understudy", "_workshop",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        workshop: Workshop,
        *,
        understudy: Callable[[], str],
        deck: DeckLine | None,
        fit: Fit = is_fit,
    ) -> None:
        self._id = os.urandom(12).hex()
        self._request = request
        self._workshop = workshop
        self._understudy = understudy
        self._deck = deck
        self._fit = fit
        self._began_s = workshop.clock.monotonic_s()
        self._cache_s = 0.0
        self._decision: Decision | None = None
        self._seat: Seat | None = None
        self._round: Round | None = None
        self._said: list[str] = []
        self._mark: str | None = None
        self._outcome: Outcome | None = None

    def attempt(self) -> tuple[Ask, Route] | None:
        """What it will ask of whom first; None when it will not ask a model."""
        decision = self._decide()
        if not decision.routes or (decision.key and self._peek(decision.key)):
            return None
        return decision.ask(self._id, self._began_s), decision.routes[0]

    def join(self, round: Round) -> None:
        """It is one of a round, and waits for the round's money."""
        self._round = round

    async def run(self, emit: Emit | None) -> Outcome:
        """Plays the call through `emit`; ends in an outcome unless it is cancelled."""
        if self._request.task is TaskType.AGENT_REACTION and (line := self._from_deck()):
            return self._authored(line, Source.DECK, emit, Made(), **self._spared(line))
        decision = self._decide()
        key = decision.key
        if key is not None and (hit := self._peek(key) or await self._find(key)) is not None:
            return self._served(hit, decision, emit)
        if not decision.routes:
            return self._stand_in(emit, Made(fault="budget" if decision.words_only else None))
        if self._round is not None:
            await self._round.ready()
        made = await self._follow(decision, emit)
        return self._answered(made) if self._said else self._stand_in(emit, made)

    def heard(self) -> None:
        """The words were taken to their end: this session is not served them again."""
        if self._outcome is not None:
            self._workshop.heard.note(self._request, self._outcome.text, self._mark)

    def cancelled(self) -> Outcome:
        """The outcome of a call that was ended from outside; what ended before stays."""
        if self._outcome is not None:
            return self._outcome
        made = self._seat.made if self._seat is not None else Made()
        return self._close(
            "".join(self._said), Source.LIVE, made, **(_words_of(made) | {"fault": "cancelled"})
        )

    def _decide(self) -> Decision:
        if self._decision is None:
            self._decision = self._workshop.decider.decide(self._request)
        return self._decision

    def _peek(self, key: CacheKey) -> Hit | None:
        return self._workshop.cache.peek(key, self._workshop.heard.of(self._request))

    async def _find(self, key: CacheKey) -> Hit | None:
        hit = await self._workshop.cache.find(key, self._workshop.heard.of(self._request))
        hit = hit or self._peek(key)  # made while level 2 was asked
        self._cache_s = self._workshop.clock.monotonic_s() - self._began_s
        return hit

    async def _follow(self, decision: Decision, emit: Emit | None) -> Made:
        """Takes the pieces of a work that is shared with whoever asks the same."""
        seat = self._seat = self._workshop.flights.board(
            decision.flight,
            lambda: self._production(decision),
            landed=lambda made: keep(made, decision, self._workshop, fit=self._fit),
        )
        # Whole answers come as one piece: their work alone knows when the first word came.
        patience_s = None
        if self._request.spoken:
            patience_s = self._left_s() + (GRACE_S if seat.first else 0.0)
        try:
            async with asyncio.timeout(patience_s) as limit:
                async for piece in seat:
                    if not self._said:
                        limit.reschedule(None)
                    self._said.append(piece)
                    if emit is not None:
                        emit(piece)
        except TimeoutError:
            pass  # others may still wait for these words; this caller goes on with the deck
        finally:
            await seat.leave()
        return seat.made

    def _production(self, decision: Decision) -> Production:
        workshop = self._workshop
        return Production(
            decision.ask(self._id, self._began_s),
            decision.routes,
            accounts=workshop.accounts,
            health=workshop.health,
            clock=workshop.clock,
            stall_s=workshop.stall_s,
        )

    def _left_s(self) -> float:
        spent_s = self._workshop.clock.monotonic_s() - self._began_s
        return max(0.0, self._request.deadline_s - spent_s)

    def _served(self, hit: Hit, decision: Decision, emit: Emit | None) -> Outcome:
        """A cached answer: the call's fast way, so its outcome is put together here."""
        answer = hit.answer
        if emit is not None:
            for piece in _PIECE.findall(answer.text):
                emit(piece)
        self._mark = answer.fingerprint
        outcome = Outcome(
            text=answer.text,
            source=Source.CACHED,
            call=self._id,
            model=answer.model.partition("/")[2],
            provider=answer.provider,
            tier=decision.tier,
            rule=decision.rule,
            template=self._request.template,
            level=hit.level,
            usage=answer.usage,
            saved_nano=answer.cost_nano,
            latency=Latency(
                cache_s=self._cache_s,
                total_s=self._workshop.clock.monotonic_s() - self._began_s,
            ),
            complete=True,
            variant=decision.variant,
        )
        return self._told(outcome, answer.list_nano)

    def _answered(self, made: Made) -> Outcome:
        text = "".join(self._said)
        if self._is_mine():
            source = Source.FALLBACK if made.fallback else Source.LIVE
            return self._close(text, source, made, **_words_of(made))
        return self._close(
            text,
            Source.CACHED,
            Made(first_token_s=made.first_token_s),
            **_words_of(made),
            level=Level.FLIGHT,
            usage=made.usage,
            saved_nano=sum(entry.cost_nano for entry in made.entries),
            list_nano=sum(entry.list_nano for entry in made.entries),
        )

    def _stand_in(self, emit: Emit | None, made: Made) -> Outcome:
        line = self._from_deck()
        if line:
            return self._authored(line, Source.DECK, emit, made)
        return self._authored(self._understudy(), Source.UNDERSTUDY, emit, made)

    def _spared(self, line: str) -> dict[str, Any]:
        """What the model would have cost whose call a line of the deck made needless."""
        decision = self._decide()
        if not decision.routes:
            return {}
        worth = self._workshop.decider.worth(decision, line)
        return {"saved_nano": worth.cost_nano, "list_nano": worth.list_nano}

    def _authored(
        self, line: str, source: Source, emit: Emit | None, made: Made, **more: Any
    ) -> Outcome:
        self._said = [line]
        if emit is not None and line:
            emit(line)
        asked = made.asked.spec if made.asked else None
        fault = made.fault or ("deadline" if asked else None)
        return self._close(
            line,
            source,
            made if self._is_mine() else Made(),
            model=asked.model if asked else None,
            provider=asked.provider if asked else None,
            fault=fault,
            **more,
        )

    def _from_deck(self) -> str | None:
        return self._deck(self._request) if self._deck is not None else None

    def _is_mine(self) -> bool:
        """Whether this call began the work, so that its cost is this call's."""
        return self._seat is None or self._seat.first

    def _close(
        self, text: str, source: Source, made: Made, *, list_nano: int = 0, **more: Any
    ) -> Outcome:
        """The outcome of a call that the cache did not answer by itself."""
        decision, entries = self._decision, made.entries
        if "usage" not in more:
            more["usage"] = total([entry.usage for entry in entries])
        outcome = Outcome(
            text=text,
            source=source,
            call=self._id,
            tier=decision.tier if decision else None,
            rule=decision.rule if decision else "",
            template=self._request.template,
            cost_nano=sum([entry.cost_nano for entry in entries]),
            cost_estimated=any(entry.usage.estimated for entry in entries),
            latency=Latency(
                cache_s=self._cache_s,
                reserve_s=made.reserve_s,
                first_token_s=made.first_token_s,
                total_s=self._workshop.clock.monotonic_s() - self._began_s,
            ),
            faults=made.faults,
            variant=decision.variant if decision else None,
            **more,
        )
        return self._told(outcome, list_nano)

    def _told(self, outcome: Outcome, list_nano: int) -> Outcome:
        """The outcome, told to whoever counts, and booked unless an attempt was."""
        self._outcome, workshop = outcome, self._workshop
        if outcome.source is not Source.LIVE and outcome.source is not Source.FALLBACK:
            now = workshop.clock.now()
            workshop.accounts.note(
                partial(booking, self._request, outcome, at=now, list_nano=list_nano)
            )
        workshop.observer.call(self._request, outcome)
        if self._round is not None:
            self._round.over(self._id)
        return outcome


def _words_of(made: Made) -> dict[str, Any]:
    """Whose words these are, and what went wrong."""
    spec = made.route.spec if made.route else None
    return {
        "model": spec.model if spec else None,
        "provider": spec.provider if spec else None,
        "fault": made.fault,
        "complete": made.complete,
    }
