"""What the HTTP app is handed: the open services, as far as it needs them.

`wiring.open_services` fulfils it; tests hand over fakes.
"""

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import Depends, Request

from scenarios.schema import Scenario
from services.core.clock import Clock
from services.debrief.memory import Analysed
from services.llm.cache.key import Keys
from services.llm.ledger.till import UsedUp
from services.llm.ports import SharedCache
from services.sessions.ports import Presence, SessionStore
from services.sessions.rooms import Rooms
from services.settings import Settings
from services.speech.ports import Ear, VoiceEngine
from services.stats.views import LlmStats, Window


class Loaded(Protocol):
    """A scene that was read, linted and accepted."""

    @property
    def scenario(self) -> Scenario: ...

    @property
    def hash(self) -> str: ...


class Catalogue(Protocol):
    """The scenes that can be played."""

    def ids(self) -> Sequence[str]: ...

    def get(self, id: str) -> Loaded:
        """Raises: KeyError."""
        ...

    def default(self) -> Loaded: ...

    def all(self) -> Sequence[Loaded]: ...


class Optimizer(Protocol):
    """Whether a model plays the characters."""

    @property
    def has_model(self) -> bool: ...

    @property
    def model(self) -> str | None: ...


class Stats(Protocol):
    """What the calls for words came to."""

    async def llm(self, window: Window) -> LlmStats:
        """Raises: BackendError."""
        ...


class Books(Protocol):
    """What may still be spent."""

    async def exhausted(
        self, *, user: str | None = None, scenario: str | None = None
    ) -> UsedUp | None:
        """The first budget that lets no model be asked any more, or None."""
        ...


class Memory(Protocol):
    """What sessions established."""

    async def analyse(self, session_id: str, *, force: bool = False) -> Analysed:
        """Raises: NotFound, BackendError."""
        ...


class Parts(Protocol):
    """The open services."""

    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def store(self) -> SessionStore: ...

    @property
    def presence(self) -> Presence: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def optimizer(self) -> Optimizer: ...

    @property
    def stats(self) -> Stats: ...

    @property
    def books(self) -> Books: ...

    @property
    def memory(self) -> Memory: ...

    @property
    def shared(self) -> SharedCache | None: ...

    @property
    def keys(self) -> Keys | None: ...

    @property
    def ears(self) -> Sequence[Ear]: ...

    @property
    def engines(self) -> Sequence[VoiceEngine]: ...

    @property
    def rooms(self) -> Rooms | None: ...


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
"""Dependency of a route: the open services."""
