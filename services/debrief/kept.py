"""Analyses that were made: an hour under the hash of the history that they are of.

Owns keys and what a new analysis may build on. Where the second level lies is the cache's affair.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from services.core.clock import Clock
from services.debrief.analysis import NOTHING, MemoryAnalysis, Turn
from services.debrief.asking import About
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import CacheKey, Keys, Tag
from services.llm.cache.stored import StoredAnswer, fingerprint
from services.llm.request import Scope

KEPT_S = 3600.0
ENTRIES = 200
CACHE_BYTES = 16_000_000
"""Room for 200 analyses of usual size in one process, and for 100 that are as large as they get."""

_SCHEMA = "1"

K = TypeVar("K")
V = TypeVar("V")


class Kept:
    """Analyses by `memory_analysis:{session_id}:{history_hash}`.

    The hash is keyed, so that nothing of what was said can be guessed from it; it changes with
    every turn, with the scenario's version and with `template`, the prompt's. With
    `kept_s` 0 nothing is kept.
    """

    def __init__(
        self, answers: AnswerCache, keys: Keys, clock: Clock, *, kept_s: float = KEPT_S
    ) -> None:
        self._answers = answers
        self._keys = keys
        self._clock = clock
        self._kept_s = kept_s
        self._latest: OrderedDict[str, tuple[str, MemoryAnalysis]] = OrderedDict()

    def key(self, about: About, turns: Sequence[Turn], template: str) -> CacheKey:
        """Where the analysis of these turns stands."""
        kinds = {Tag.SCENARIO: about.scenario, Tag.USER: about.user, Tag.SESSION: about.session}
        return CacheKey(
            text=f"memory_analysis:{about.session}:{self._history(about, turns, template)}",
            tags=tuple(self._keys.tag(kind, id) for kind, id in kinds.items() if id),
            scope=Scope.SESSION,
            shared=True,
        )

    async def find(self, key: CacheKey) -> MemoryAnalysis | None:
        """The analysis of that key. What cannot be read is forgotten."""
        hit = self._answers.peek(key) or await self._answers.find(key)
        if hit is None:
            return None
        try:
            return MemoryAnalysis.model_validate_json(hit.answer.text)
        except ValidationError:
            self._answers.forget(key)
            return None

    def put(self, key: CacheKey, about: About, analysis: MemoryAnalysis) -> None:
        """Keeps it in the place of whatever stood there, and for the next one to build on."""
        now, text = self._clock.now(), analysis.model_dump_json()
        answer = StoredAnswer(
            text=text, model="", provider="", fingerprint=fingerprint(text), at=now, until=now
        )
        self._answers.forget(key)
        self._answers.keep(key, answer, self._kept_s)
        self._latest[about.session] = (key.text, analysis)
        self._latest.move_to_end(about.session)
        bounded(self._latest)

    def earlier(self, about: About, turns: Sequence[Turn], template: str) -> MemoryAnalysis:
        """The latest analysis of the same session's beginning that this process made."""
        name, analysis = self._latest.get(about.session, ("", NOTHING))
        if analysis.turns >= len(turns):
            return NOTHING
        same = self.key(about, turns[: analysis.turns], template).text == name
        return analysis if same else NOTHING

    async def purge(self, session: str) -> int:
        """Forgets what is kept of a session, here and where it is shared; how many."""
        self._latest.pop(session, None)
        return await self._answers.purge(self._keys.tag(Tag.SESSION, session))

    async def aclose(self) -> None:
        """Writes what waits to be shared."""
        await self._answers.aclose()

    def _history(self, about: About, turns: Sequence[Turn], template: str) -> str:
        fields = [_SCHEMA, about.revision, template]
        for turn in turns:
            fields += (turn.turn_id, turn.speaker, turn.name, turn.text, "cut" if turn.cut else "")
        return self._keys.digest(fields)


def bounded(kept: OrderedDict[K, V]) -> None:
    """Lets the oldest go beyond ENTRIES."""
    while len(kept) > ENTRIES:
        kept.popitem(last=False)
