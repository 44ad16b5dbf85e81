"""`python -m agents.http`: the HTTP app, handed a cast that can debate without a room.

Owns nothing but that joint: the app stands below the cast, and may not know it.
"""

import secrets
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import agents.roleplay.wordlists  # noqa: F401 - read before anybody waits for them
from agents.roleplay.debate import Debate, Spoken
from scenarios.schema import Scenario
from services.api.__main__ import main
from services.llm.optimizer import LLMOptimizer
from services.llm.prompts.store import TemplateStore
from services.wiring import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class CastDebates:
    """Debates by the cast of a scene; each is a session of its own in the ledger."""

    optimizer: LLMOptimizer
    templates: TemplateStore

    def hold(
        self, scenario: Scenario, *, order: Sequence[str], rounds: int, topic: str, user: str
    ) -> AsyncGenerator[Spoken, None]:
        """The lines of one debate as they are ready."""
        return Debate(
            scenario,
            order=order,
            rounds=rounds,
            topic=topic,
            optimizer=self.optimizer,
            templates=self.templates,
            session=f"debate-{secrets.token_hex(16)}",
            user=user,
        ).spoken()


def debates(services: Services) -> CastDebates:
    """Debates on the open services."""
    return CastDebates(optimizer=services.optimizer, templates=services.templates)


if __name__ == "__main__":
    sys.exit(main(debates))
