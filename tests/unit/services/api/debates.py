"""A cast that debates as a test says: what `POST /api/debate` is handed in these tests."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from scenarios.schema import Scenario

ASKED = {"topic": "Payer la route ?", "rounds": 2, "agentOrder": ["roche", "castan"]}


@dataclass(frozen=True, kw_only=True)
class Line:
    round: int | None
    agent: str
    name: str = "Somebody"
    text: str = "A line."
    source: str = "live"
    fault: str | None = None
    cost_nano: int = 150_000


@dataclass
class FakeDebates:
    """Holds any debate at once, or line by line at a `gate`; whoever is in `failing` fails."""

    failing: Sequence[str] = ()
    gate: asyncio.Semaphore | None = None
    told: int = 0
    halfway: asyncio.Event = field(default_factory=asyncio.Event)
    held: list[tuple[str, tuple[str, ...], int, str, str]] = field(default_factory=list)

    async def hold(
        self, scenario: Scenario, *, order: Sequence[str], rounds: int, topic: str, user: str
    ) -> AsyncGenerator[Line, None]:
        self.held.append((scenario.id, tuple(order), rounds, topic, user))
        for number in range(1, rounds + 1):
            for agent in reversed(order) if number == 1 else order:
                if self.gate is not None:
                    await self.gate.acquire()
                self.told += 1
                if self.told == 2:
                    self.halfway.set()
                fault = "status_503" if agent in self.failing else None
                yield Line(round=number, agent=agent, fault=fault)
        yield Line(round=None, agent=order[-1], text="In short.")

    def open(self) -> None:
        """Lets all lines through."""
        assert self.gate is not None
        for _ in range(100):
            self.gate.release()
