"""The stats' sources in memory. The sums are made in plain Python: what SQL is compared with."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

from services.core.errors import BackendError
from services.llm.entry import LedgerEntry, Role
from services.llm.models.thresholds import KNOBS, TrialCount, trials_of
from services.llm.ports import LedgerStore
from services.llm.request import TaskType
from services.stats.buckets import bucket_of
from services.stats.ports import NOT_ASKED, BudgetState, Cell, HealthNote, Spender, Timed, Totals

Key = tuple[str | None, ...]


class FakeTotals:
    """LedgerTotals over any ledger that gives its entries."""

    def __init__(self, ledger: LedgerStore) -> None:
        self._ledger = ledger

    async def totals(self, *, since: datetime | None, top: int) -> Totals:
        booked = await self._ledger.entries(since=since)
        answers = [entry for entry in booked if entry.calls]
        return Totals(
            cells=_cells(booked),
            timings={
                "total": _timed(answers, lambda entry: entry.total_s),
                "first_token": _timed(booked, lambda entry: entry.first_token_s),
                "overhead": _timed(answers, lambda entry: entry.overhead_s),
            },
            sessions=_spenders(booked, top, lambda entry: (entry.session,)),
            characters=_spenders(booked, top, lambda entry: (entry.persona, entry.scenario)),
            faults=_faults(booked, top),
            rules=_top(Counter(entry.rule for entry in answers if entry.rule), top),
        )

    async def days(self, *, since: datetime) -> Mapping[date, int]:
        spent: Counter[date] = Counter()
        for entry in await self._ledger.entries(since=since):
            spent[entry.at.astimezone(UTC).date()] += entry.cost_nano
        return dict(spent)

    async def trials(self, *, since: datetime) -> Sequence[TrialCount]:
        counted: defaultdict[tuple[TaskType, str], list[bool]] = defaultdict(list)
        for trial in trials_of(await self._ledger.entries(since=since)):
            if trial.rule in KNOBS:
                counted[trial.task, trial.rule].append(trial.repaired)
        return [
            TrialCount(task=task, rule=rule, trials=len(told), repaired=sum(told))
            for (task, rule), told in counted.items()
        ]


class FakeHealthBoard:
    """HealthBoard in memory. While `down`, it does not answer."""

    def __init__(self) -> None:
        self.down = False
        self._notes: dict[str, HealthNote] = {}

    async def post(self, note: HealthNote) -> None:
        self._answer()
        self._notes[note.process] = note

    async def notes(self, *, since: datetime) -> Sequence[HealthNote]:
        self._answer()
        return tuple(
            self._notes[name] for name in sorted(self._notes) if self._notes[name].at >= since
        )

    async def sweep(self, *, before: datetime) -> int:
        self._answer()
        old = [name for name, note in self._notes.items() if note.at < before]
        for name in old:
            del self._notes[name]
        return len(old)

    def _answer(self) -> None:
        if self.down:
            raise BackendError("the store failed: down", code="store")


class FakeBudgets:
    """Budgets as a test sets them. While `down`, nobody knows them."""

    def __init__(self, *states: BudgetState) -> None:
        self.down = False
        self._states = states

    async def states(self, now: datetime) -> Sequence[BudgetState]:
        if self.down:
            raise BackendError("the purse failed: down", code="redis")
        return self._states


def _cells(booked: Sequence[LedgerEntry]) -> list[Cell]:
    groups: defaultdict[Key, list[LedgerEntry]] = defaultdict(list)
    for entry in booked:
        kinds = (entry.task, entry.tier, entry.provider, entry.model, entry.role, entry.source)
        groups[(*kinds, entry.level)].append(entry)
    return [_cell(group) for group in groups.values()]


def _cell(group: list[LedgerEntry]) -> Cell:
    one, usages = group[0], [entry.usage for entry in group]
    return Cell(
        task=one.task.value,
        tier=one.tier.value if one.tier else None,
        provider=one.provider,
        model=one.model,
        role=one.role.value,
        source=one.source,
        level=one.level.value if one.level else None,
        bookings=len(group),
        calls=sum(entry.calls for entry in group),
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        predicted_tokens=sum(entry.predicted_tokens for entry in group),
        squeezed_tokens=sum(entry.squeezed_tokens for entry in group),
        squeezed_nano=sum(entry.squeezed_nano for entry in group),
        refused_nano=sum(entry.refused_nano for entry in group),
        cost_nano=sum(entry.cost_nano for entry in group),
        estimated_nano=sum(entry.cost_nano for entry in group if entry.usage.estimated),
        list_nano=sum(entry.list_nano for entry in group),
        saved_nano=sum(entry.saved_nano for entry in group),
        dearer_nano=sum(max(0, entry.list_nano - entry.cost_nano) for entry in group),
        faulty_calls=sum(entry.calls for entry in group if entry.fault is not None),
        total_s=sum(entry.total_s * entry.calls for entry in group),
    )


def _timed(
    entries: Sequence[LedgerEntry], duration: Callable[[LedgerEntry], float | None]
) -> list[Timed]:
    counted = Counter(
        (entry.task.value, entry.provider, entry.model, entry.source, bucket_of(seconds))
        for entry in entries
        if (seconds := duration(entry)) is not None
    )
    return [Timed(*key, count) for key, count in counted.items()]


def _spenders(
    booked: Sequence[LedgerEntry], top: int, key: Callable[[LedgerEntry], Key]
) -> list[Spender]:
    groups: defaultdict[Key, list[LedgerEntry]] = defaultdict(list)
    for entry in booked:
        if key(entry)[0] is not None:
            groups[key(entry)].append(entry)
    found = [_spender(names, group) for names, group in groups.items()]
    found.sort(key=lambda one: (-one.cost_nano, one.name, one.scenario or ""))
    return found[:top]


def _spender(names: Key, group: list[LedgerEntry]) -> Spender:
    paid = [entry.usage for entry in group if entry.role not in {Role.CACHED, Role.DECK}]
    return Spender(
        name=names[0] or "",
        scenario=names[1] if len(names) > 1 else None,
        calls=sum(entry.calls for entry in group),
        prompt_tokens=sum(usage.prompt_tokens for usage in paid),
        completion_tokens=sum(usage.completion_tokens for usage in paid),
        cost_nano=sum(entry.cost_nano for entry in group),
        list_nano=sum(entry.list_nano for entry in group),
    )


def _faults(booked: Sequence[LedgerEntry], top: int) -> dict[str, int]:
    calls: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in sorted(booked, key=lambda entry: (entry.at, entry.id)):
        calls[entry.call].append(entry)
    causes = [cause for call in calls.values() if (cause := _cause(call)) is not None]
    return _top(Counter(causes), top)


def _cause(call: Sequence[LedgerEntry]) -> str | None:
    for entry in call:
        if entry.role in {Role.DECK, Role.UNDERSTUDY} and entry.fault is not None:
            return entry.fault
    if all(entry.source != "fallback" for entry in call):
        return None
    whole = {Role.SERVED, Role.CACHED, Role.PROBE, Role.UNFIT, Role.DECK, Role.UNDERSTUDY}
    for entry in call:
        if entry.role not in whole and entry.source != "fallback" and entry.fault is not None:
            return entry.fault
    return NOT_ASKED


def _top(counts: Counter[str], top: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top])
