"""One run of a small scene on a stage in memory, over a store that can be away."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from agents.manager.beats import Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Chooser, Judge
from agents.manager.reactions import Listening
from agents.roleplay.choosing import Choosing
from agents.roleplay.journal import Journal
from agents.roleplay.lines import Lines
from agents.roleplay.ports import Remembers
from agents.roleplay.run import Roleplay
from agents.roleplay.scene_clock import SceneClock
from scenarios.loader import parse
from services.core.errors import BackendError
from services.llm.deck import Deck
from services.llm.entry import LedgerEntry
from services.llm.understudy import Understudy
from services.sessions.records import SessionRecord, TurnRecord
from tests.fakes.accounts import FakeAccounts
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on
from tests.fakes.stage import FakeStage
from tests.fakes.store import FakeSessionStore

ROOM = "s-0123456789abcdef0123456789abcdef"

SCENE = """
schema: 1
id: petit-debat
title: Un petit débat
language: fr
summary: Deux personnes discutent.
learner: {role: ministre}
cast:
  - id: morel
    name: Claire Morel
    persona: Animatrice.
    understudy:
      opening: ["Bonsoir et bienvenue."]
      lines: ["Pouvez-vous préciser ?", "Et le coût ?", "Un chiffre, peut-être ?"]
      closing: ["Merci à vous."]
  - id: roche
    name: Paul Roche
    persona: Opposant.
    understudy:
      opening: ["Bonsoir, je suis sceptique."]
      lines: ["Je n'y crois pas.", "Qui paiera ?", "Et les régions ?"]
      closing: ["Au revoir."]
phases:
  - {id: ouverture, goal: ouvrir, lead: morel, opening: parallel, turns: {min: 1, max: 2}}
  - {id: debat, goal: débattre, lead: roche, turns: {min: 1, max: 10}}
limits: {duration_s: 120, turns: 12, silence_prompt_s: 20, silence_end_s: 40}
"""


class AbsentStore(FakeSessionStore):
    """A store that is away while `away` is set."""

    away = False

    async def save_turn(
        self, turn: TurnRecord | None, *, room: str, scene: dict[str, Any] | None
    ) -> None:
        if self.away:
            raise BackendError("the store is away", code="connection")
        await super().save_turn(turn, room=room, scene=scene)


class LongStage(FakeStage):
    """A stage whose lines last until they are cut; a closing is short."""

    async def perform(self, plan: Plan) -> None:
        self.cut = asyncio.Event()
        if not plan.ends:
            await self.cut.wait()
            return
        await super().perform(plan)

    async def hush(self) -> None:
        await super().hush()
        self.cut.set()


@dataclass
class Run:
    """A roleplay, its stage and its store; `booked` are its calls' entries in order."""

    roleplay: Roleplay
    stage: FakeStage
    store: AbsentStore
    journal: Journal
    model: FakeChatModel | None
    booked: list[LedgerEntry]

    async def told(self, kind: str) -> list[dict[str, Any]]:
        """What the session's events of that kind tell, in order."""
        await self.journal.drain(1)
        return [dict(one.data) for one in await self.store.events(ROOM) if one.kind == kind]

    async def texts(self) -> list[tuple[str, str, bool]]:
        await self.journal.drain(1)
        return [(t.speaker, t.text, t.cut) for t in await self.store.turns(ROOM)]


async def open_run(
    model: FakeChatModel | None = None,
    *,
    deck: Deck | None = None,
    scene: str = SCENE,
    chooser: Chooser | None = None,
    judge: Judge | None = None,
    recollection: Remembers | None = None,
    reacting: bool = False,
) -> Run:
    """A run of `scene`; `reacting` lets its listeners let something fall."""
    clock, store = LoopClock(), AbsentStore()
    scenario = parse(scene, file="petit-debat/scenario.yaml")
    await store.open(
        SessionRecord(
            room=ROOM,
            user="local",
            scenario_id=scenario.id,
            scenario_hash="h",
            scenario_text=scene,
            language="fr",
            started_at=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    journal = Journal(store, clock, room=ROOM)
    accounts = FakeAccounts(clock)
    roleplay = Roleplay(
        scenario,
        room=ROOM,
        manager=MultiAgentManager(scenario, rng=Random(1)),
        lines=Lines(
            scenario,
            optimizer=optimizer_on(model, clock, accounts=accounts),
            understudy=Understudy(scenario, rng=Random(1)),
            room=ROOM,
            user="ada",
            revision="h",
            deck=deck,
        ),
        journal=journal,
        clock=clock,
        scene_clock=SceneClock(clock),
        learner_name="Camille",
        choosing=Choosing(chooser),
        judge=judge,
        recollection=recollection,
        listening=Listening(scenario, Random(1)) if reacting else None,
    )
    return Run(roleplay, FakeStage(roleplay), store, journal, model, accounts.entries)
