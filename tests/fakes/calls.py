"""One call after another over scripted routes, with real health and plans, in virtual time."""

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from services.core.tokens import tokens_of
from services.llm.entry import LedgerEntry, Role
from services.llm.plan.health import RouteHealth
from services.llm.plan.production import Production
from services.llm.request import Message, Request, TaskType
from services.llm.spec import Tier
from services.llm.work import Ask, Made
from tests.fakes.accounts import FakeAccounts
from tests.fakes.clock import LoopClock
from tests.fakes.routes import FakeRoute

MESSAGES = (
    Message("system", "Tu es Claire Morel."),
    Message("user", "Bonsoir à tous, le débat commence."),
)


@dataclass
class Played:
    """One call as its listener and its books saw it. Seconds count from the call."""

    made: Made
    pieces: list[tuple[float, str]]
    took_s: float
    entries: list[LedgerEntry] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "".join(piece for _, piece in self.pieces)

    @property
    def first_s(self) -> float:
        return self.pieces[0][0]

    @property
    def roles(self) -> list[tuple[str, Role]]:
        return [(f"{entry.provider}/{entry.model}", entry.role) for entry in self.entries]


class House:
    """Routes, their health and their accounts, over several calls."""

    def __init__(self, *routes: FakeRoute, refused: Collection[str] = (), admit_s: float = 0.0):
        self.clock = LoopClock()
        self.routes = routes
        self.health = RouteHealth(self.clock)
        self.accounts = FakeAccounts(self.clock, refused=refused, admit_s=admit_s)
        self._calls = itertools.count(1)

    def produce(self, **more: Any) -> Production:
        """The work of one call that begins now."""
        words_only = more.pop("words_only", False)
        routes = more.pop("routes", self.routes)
        request = Request(
            **{
                "task": TaskType.AGENT_RESPONSE,
                "messages": MESSAGES,
                "spoken": True,
                "language": "fr",
                **more,
            }
        )
        ask = Ask(
            call=f"c{next(self._calls)}",
            request=request,
            tier=Tier.CHEAP,
            rule="test",
            prompt_tokens=tokens_of(request.messages),
            began_s=self.clock.monotonic_s(),
            words_only=words_only,
        )
        return Production(
            ask,
            [route.route for route in routes],
            accounts=self.accounts,
            health=self.health,
            clock=self.clock,
        )

    async def play(self, **more: Any) -> Played:
        """One call from beginning to end."""
        began_s, booked = self.clock.monotonic_s(), len(self.accounts.entries)
        pieces: list[tuple[float, str]] = []
        made = await self.produce(**more).run(
            lambda piece: pieces.append((self.clock.monotonic_s() - began_s, piece))
        )
        return Played(
            made=made,
            pieces=pieces,
            took_s=self.clock.monotonic_s() - began_s,
            entries=self.accounts.entries[booked:],
        )

    def earn_a_hedge(self) -> None:
        """As if twenty calls had gone before."""
        for _ in range(20):
            self.health.spoken(hedged=False, spent_nano=1000, extra_nano=0)

    def check_books(self) -> None:
        """Every attempt that was admitted is booked; the fake refuses a second booking itself."""
        assert self.accounts.open == []
        assert len(self.accounts.entries) == len(self.accounts.tickets)

    async def aclose(self) -> None:
        await self.health.aclose()


def begun_twice(said: str) -> list[str]:
    """Sentence beginnings that stand twice in a text: the oracle of "no sentence started twice"."""
    sentences = [part.strip() for part in re.split(r"(?<=[.!?…])\s+", said) if part.strip()]
    starts = [" ".join(re.findall(r"\w+", part.casefold())[:3]) for part in sentences]
    return [start for start in set(starts) if start and starts.count(start) > 1]
