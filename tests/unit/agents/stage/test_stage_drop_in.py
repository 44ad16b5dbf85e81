"""The agent of docs/drop-in.md: as long as the page says, and it answers."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from livekit.agents import NOT_GIVEN, Agent, AgentSession

from tests.fakes.answers import FakeOptimizer

PAGE = Path(__file__).parents[4] / "docs" / "drop-in.md"


class Roomless(AgentSession[None]):
    """A session that is started without its room, hears one sentence and ends."""

    async def start(self, agent: Agent, *, room: Any) -> None:  # type: ignore[override]
        assert room.name == "room-1"
        await super().start(agent)
        await self.run(user_input="Good evening.")
        await self.aclose()


def source() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_agent_of_the_page_has_at_most_twenty_lines() -> None:
    assert len([line for line in source().splitlines() if line.strip()]) <= 20


async def test_agent_of_the_page_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = FakeOptimizer("Good", " evening.")

    @asynccontextmanager
    async def services(_: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(optimizer=optimizer)

    names: dict[str, Any] = {"__name__": "concierge"}
    exec(compile(source(), str(PAGE), "exec"), names)  # noqa: S102 - our own page
    names |= {
        "open_services": services,
        "openai": SimpleNamespace(STT=lambda: NOT_GIVEN, TTS=lambda: NOT_GIVEN),
        "AgentSession": Roomless,
    }
    await names["entrypoint"](SimpleNamespace(room=SimpleNamespace(name="room-1")))

    (request,) = optimizer.requests
    assert request.session == "room-1"
    assert [message.content for message in request.messages] == [
        "You are a hotel concierge.",
        "Good evening.",
    ]
