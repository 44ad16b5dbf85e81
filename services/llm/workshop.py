"""What calls are made with, shared by all calls of a process."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from cachetools import LRUCache

from services.core.clock import Clock
from services.llm.cache.answers import AnswerCache
from services.llm.cache.flights import Flights
from services.llm.cache.stored import fingerprint
from services.llm.decide import Decider
from services.llm.plan.health import RouteHealth
from services.llm.plan.production import STALL_S
from services.llm.ports import Observer
from services.llm.request import Request
from services.llm.work import Accounts

DeckLine = Callable[[Request], str | None]
"""A short line of the request's character that is at hand, or None."""

_SESSIONS = 64
_NOTHING: frozenset[str] = frozenset()


class Heard:
    """What each session has heard its characters say, so that none of them parrots."""

    def __init__(self) -> None:
        self._sessions: LRUCache[str, set[str]] = LRUCache(_SESSIONS)

    def of(self, request: Request) -> Container[str]:
        """Fingerprints that this request must not be served again."""
        if request.session is None or request.persona is None:
            return _NOTHING
        return self._sessions.get(request.session, _NOTHING)

    def note(self, request: Request, text: str, mark: str | None = None) -> None:
        """The session heard this of a character; `mark` is its fingerprint where it is known."""
        if request.session is None or request.persona is None or not text:
            return
        heard = self._sessions.get(request.session)
        if heard is None:
            heard = self._sessions[request.session] = set()
        heard.add(mark or fingerprint(text))

    def remember(self, session: str, texts: Iterable[str]) -> None:
        """The session heard these before this process knew it."""
        self._sessions.setdefault(session, set()).update(map(fingerprint, texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The parts of the optimizer. `stall_s`: silence in which an answer that stopped is closed."""

    decider: Decider
    accounts: Accounts
    cache: AnswerCache
    flights: Flights
    health: RouteHealth
    observer: Observer
    clock: Clock
    heard: Heard = field(default_factory=Heard)
    stall_s: float = STALL_S
