"""The open services as the HTTP app wants them, all in memory, with two small scenes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scenarios.fields import Language
from scenarios.schema import Scenario
from services.debrief.memory import MemoryAnalyst
from services.llm.cache.key import Keys
from services.llm.ledger.till import UsedUp
from services.llm.ports import SharedCache
from services.sessions.records import SessionRecord
from services.sessions.rooms import Rooms
from services.settings import Settings
from services.speech.ports import Ear, VoiceEngine
from services.stats.stats import Stats
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.memory import analyst_on
from tests.fakes.rooms import FakeRooms
from tests.fakes.stats import FakeBudgets, FakeHealthBoard, FakeTotals
from tests.fakes.store import FakePresence, FakeSessionStore

LIVEKIT_KEY = "APItest"
LIVEKIT_SECRET = "livekit-secret-for-tests-0123456789"
CANARY = "canary-7f3a"
"""Stands in everything of a scene that a learner must not see."""


def scene(id: str = "debat-tv", language: Language = "fr") -> Scenario:
    """A scene with one character and secrets that name the canary."""
    return Scenario.model_validate(
        {
            "schema": 1,
            "id": id,
            "title": f"Scène {id}",
            "language": language,
            "summary": "Une réforme à défendre.",
            "learner": {"role": "ministre", "brief": "Le chiffre des 12 %.", "goals": ["tenir"]},
            "cast": [
                {
                    "id": "morel",
                    "name": "Claire Morel",
                    "title": "animatrice",
                    "persona": f"Rigoureuse. {CANARY}",
                    "knows": [CANARY],
                    "secrets": [{"id": "rapport", "text": CANARY}],
                    "understudy": {"opening": [CANARY], "lines": [CANARY], "closing": [CANARY]},
                }
            ],
            "phases": [{"id": "ouverture", "goal": "première question"}],
            "events": [
                {"id": "e", "when": {"after_s": 1}, "by": "morel", "do": "say", "say": CANARY}
            ],
            "rubric": [{"id": "clarte", "label": "Clarté", "anchors": {0: CANARY}}],
            "tests": [{"say": CANARY}],
        }
    )


@dataclass(frozen=True)
class FakeLoaded:
    """A scene that was accepted."""

    scenario: Scenario
    hash: str = "h1"


@dataclass(frozen=True)
class FakeCatalogue:
    """Scenes by id; the first is the default."""

    scenes: tuple[FakeLoaded, ...] = (
        FakeLoaded(scene()),
        FakeLoaded(scene("job-interview", "en")),
    )

    def ids(self) -> Sequence[str]:
        return [one.scenario.id for one in self.scenes]

    def get(self, id: str) -> FakeLoaded:
        for one in self.scenes:
            if one.scenario.id == id:
                return one
        raise KeyError(id)

    def default(self) -> FakeLoaded:
        for one in self.scenes:
            return one
        raise KeyError("default")

    def all(self) -> Sequence[FakeLoaded]:
        return self.scenes


@dataclass(frozen=True)
class FakeOptimizer:
    """Whether a model plays."""

    has_model: bool = False
    model: str | None = None


@dataclass
class FakeBooks:
    """The budget that is used up, if any."""

    used_up: UsedUp | None = None

    async def exhausted(
        self, *, user: str | None = None, scenario: str | None = None
    ) -> UsedUp | None:
        return self.used_up


def settings(**fields: Any) -> Settings:
    """Settings of a studio with a LiveKit server."""
    known = {
        "livekit_url": "ws://127.0.0.1:7880",
        "livekit_api_key": LIVEKIT_KEY,
        "livekit_api_secret": LIVEKIT_SECRET,
    }
    return Settings(**(known | fields))


@dataclass
class FakeParts:
    """The open services."""

    settings: Settings = field(default_factory=settings)
    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeSessionStore = field(default_factory=FakeSessionStore)
    presence: FakePresence = field(default_factory=FakePresence)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    optimizer: FakeOptimizer = field(default_factory=FakeOptimizer)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    board: FakeHealthBoard = field(default_factory=FakeHealthBoard)
    budgets: FakeBudgets = field(default_factory=FakeBudgets)
    books: FakeBooks = field(default_factory=FakeBooks)
    shared: SharedCache | None = None
    keys: Keys | None = None
    ears: Sequence[Ear] = ()
    engines: Sequence[VoiceEngine] = ()
    rooms: Rooms | None = field(default_factory=FakeRooms)
    analyst: MemoryAnalyst | None = None

    @property
    def memory(self) -> MemoryAnalyst:
        """Over no model, unless the test brings one."""
        if self.analyst is None:
            self.analyst = analyst_on(None, self.clock, store=self.store)
        return self.analyst

    @property
    def stats(self) -> Stats:
        """Read from the ledger of this house."""
        return Stats(FakeTotals(self.ledger), self.board, clock=self.clock, budgets=self.budgets)

    async def session(self, room: str, *, user: str = "local") -> SessionRecord:
        """A live session on record."""
        record = SessionRecord(
            room=room,
            user=user,
            scenario_id="debat-tv",
            scenario_hash="h1",
            scenario_text=CANARY,
            language="fr",
            started_at=self.clock.now(),
            scene={"phase": "ouverture", "secret": CANARY},
        )
        return await self.store.open(record)
