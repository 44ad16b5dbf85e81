"""What a session established, asked of a cheap model once and kept for an hour.

Owns when a model is asked and what comes in its place: an analysis is never empty because a model
was away, it is then made by rules and says so.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scenarios.errors import ScenarioErrors
from scenarios.loader import parse
from services.core.clock import Clock
from services.core.errors import NotFound
from services.debrief.analysis import NOTHING, MemoryAnalysis, Turn, merged
from services.debrief.asking import WHOLE_S, About, first_shown, request_for
from services.debrief.checks import EMPTY, Draft, Evidence, checked
from services.debrief.kept import KEPT_S, Kept, bounded
from services.debrief.ports import Counts, Transcripts
from services.debrief.rules import ruled
from services.llm.cache.answers import AnswerCache
from services.llm.cache.key import CacheKey, Keys
from services.llm.prompts.store import TemplateStore, shipped
from services.llm.prompts.templates import Template
from services.llm.structured import Responds, structured
from services.sessions.records import SessionRecord, TurnRecord

_LIMIT_S = WHOLE_S + 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """An analysis, whether it was known before, and the names of those who spoke, by id."""

    analysis: MemoryAnalysis
    cached: bool
    names: Mapping[str, str]


class MemoryAnalyst:
    """Analyses sessions. `answers` is a cache of its own over the one that all processes share."""

    def __init__(
        self,
        *,
        optimizer: Responds,
        store: Transcripts,
        answers: AnswerCache,
        keys: Keys,
        clock: Clock,
        counts: Counts,
        templates: TemplateStore | None = None,
        kept_s: float = KEPT_S,
    ) -> None:
        self._optimizer = optimizer
        self._store = store
        self._kept = Kept(answers, keys, clock, kept_s=kept_s)
        self._clock = clock
        self._counts = counts
        self._templates = templates or shipped()
        self._under_way: dict[str, asyncio.Task[MemoryAnalysis]] = {}
        self._abouts: OrderedDict[tuple[str, str], About] = OrderedDict()

    async def analyse(self, session_id: str, *, force: bool = False) -> Analysed:
        """The analysis of the session as it stands now. `force` makes it anew, of the whole.

        Raises: NotFound, BackendError when the store cannot answer.
        """
        session = await self._store.get(session_id)
        if session is None:
            raise NotFound("no such session")
        turns = turns_of(await self._store.turns(session_id))
        return await self.analyse_turns(self._about(session), turns, force=force)

    async def analyse_turns(
        self, about: About, turns: Sequence[Turn], *, force: bool = False
    ) -> Analysed:
        """The analysis of these turns, all that were heard in the session so far.

        Whoever asks for the same while it is made waits for it; being cancelled stops only the
        waiting.
        """
        names = {one.speaker: one.name or one.speaker for one in turns}
        if not turns:
            return Analysed(analysis=NOTHING, cached=False, names=names)
        template = self._templates.get("memory", about.language)
        key = self._kept.key(about, turns, template.ref)
        known = None if force else await self._kept.find(key)
        if known is not None:
            self._counts.hit()
            return Analysed(analysis=known, cached=True, names=names)
        making = self._under_way.get(key.text)
        if making is None:
            self._counts.miss()
            work = self._make(about, tuple(turns), key, template, whole=force)
            making = self._under_way[key.text] = asyncio.create_task(work, name="memory-analysis")
            making.add_done_callback(lambda _: self._under_way.pop(key.text, None))
        else:
            self._counts.hit()
        return Analysed(analysis=await asyncio.shield(making), cached=False, names=names)

    async def purge(self, session_id: str) -> int:
        """Forgets what is kept of a session; how many analyses."""
        return await self._kept.purge(session_id)

    async def aclose(self) -> None:
        """Ends what is under way and writes what waits to be shared."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._kept.aclose()

    async def _make(
        self,
        about: About,
        turns: tuple[Turn, ...],
        key: CacheKey,
        template: Template,
        *,
        whole: bool,
    ) -> MemoryAnalysis:
        began_s = self._clock.monotonic_s()
        earlier = NOTHING if whole else self._kept.earlier(about, turns, template.ref)
        first = first_shown(turns, earlier.turns)
        if first > earlier.turns:
            missed = ruled(turns[:first], language=about.language, start=earlier.turns)
            earlier = merged(earlier, missed)
        latest = await self._asked(about, turns, earlier, template)
        analysis = merged(earlier, latest)
        if latest.source == "model":
            self._kept.put(key, about, analysis)
        self._counts.took(self._clock.monotonic_s() - began_s)
        return analysis

    async def _asked(
        self, about: About, turns: tuple[Turn, ...], earlier: MemoryAnalysis, template: Template
    ) -> MemoryAnalysis:
        """What a model finds in the turns since the earlier analysis, else what rules find."""
        start = earlier.turns
        answer = await structured(
            self._optimizer,
            request_for(about, turns, start=start, earlier=earlier, template=template),
            Draft,
            default=EMPTY,
            templates=self._templates,
            limit_s=_LIMIT_S,
        )
        if answer.defaulted:
            summed = earlier.source == "model" and bool(earlier.summary)
            return ruled(turns, language=about.language, start=start, summary=not summed)
        evidence = Evidence.of(
            turns, start=start, people=about.people(turns), language=about.language
        )
        return checked(answer.value, evidence, turns=len(turns))

    def _about(self, session: SessionRecord) -> About:
        """Remembered: reading a scenario takes longer than finding an analysis."""
        name = (session.room, session.scenario_hash)
        if name not in self._abouts:
            self._abouts[name] = about_of(session)
            bounded(self._abouts)
        return self._abouts[name]


def turns_of(records: Sequence[TurnRecord]) -> tuple[Turn, ...]:
    """The turns of a stored session."""
    return tuple(
        Turn(
            speaker=one.speaker,
            name=one.speaker_name,
            text=one.text,
            turn_id=one.turn_id,
            cut=one.cut,
        )
        for one in records
    )


def about_of(session: SessionRecord) -> About:
    """The session as its pinned scenario describes it, or as far as its record does."""
    try:
        scenario = parse(session.scenario_text, file=session.scenario_id)
    except ScenarioErrors:
        return About(
            session=session.room,
            user=session.user,
            language="en" if session.language == "en" else "fr",
            scenario=session.scenario_id,
            revision=session.scenario_hash,
            title=session.scenario_id,
            role="?",
            roster=(),
        )
    return About.of(
        scenario, session=session.room, user=session.user, revision=session.scenario_hash
    )
