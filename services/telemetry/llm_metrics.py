"""What the optimizer counts for Prometheus: the Observer of all calls, attempts and events.

Labels are bounded: models and providers are those of the catalogue, faults a closed list, anything
else is `other`; no room, no user and no character is in them.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

from prometheus_client import Counter, Gauge, Histogram

from services.llm.entry import LedgerEntry, Role
from services.llm.faults import OTHER, fault_label
from services.llm.outcome import Outcome, Source
from services.llm.request import Request
from services.llm.spec import ModelSpec
from services.telemetry.llm_names import (
    BREAKER_STATE,
    BREAKER_TRANSITIONS,
    BUDGET_ALERTS,
    BUDGET_DENIALS,
    BUDGET_SHARE,
    CACHE_HITS,
    CACHE_MISSES,
    COST,
    DECK,
    EVENTS,
    FALLBACKS,
    FIRST_CHUNK,
    HEDGES,
    OPERATION_DURATION,
    OVERHEAD,
    SERVED,
    TIER_RULE,
    TOKEN_USAGE,
)
from services.telemetry.metrics import LLM_DURATION, LLM_REQUESTS, LLM_TOKENS, LLM_TTFT

FLUSH_S = 0.25
"""Counting takes longer than answering from a cache: it is done later, for many calls at once."""

_MOST_WAITING = 256
_PROVIDERS = {"mistral": "mistral_ai"}
"""Well-known values of gen_ai.provider.name that differ from ours."""

_NO_MODEL = frozenset({Role.CACHED, Role.DECK, Role.UNDERSTUDY})
_ELSEWHERE = frozenset({Source.FALLBACK, Source.DECK, Source.UNDERSTUDY})
_ENDED_BY_US = frozenset({Role.CANCELLED, Role.HEDGE_LOST, Role.LATE, Role.LOST})
_WORD = re.compile(r"[a-z][a-z0-9_/]{0,39}")
_MOST_WORDS = 48

M = TypeVar("M", Counter, Gauge, Histogram)


class _Children:
    """A metric's children by their label values: looking one up in the metric takes longer."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Counter | Gauge | Histogram] = {}

    def of(self, metric: M, *values: str) -> M:
        key = (metric, *values)
        child = self._known.get(key)
        if child is None:
            child = self._known[key] = metric.labels(*values) if values else metric
        return cast("M", child)


class _Words:
    """Words of ours that may be labels: the first 48 that look like some; then `other`."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, word: str) -> str:
        found = self._known.get(word)
        if found is not None:
            return found
        if len(self._known) < _MOST_WORDS and _WORD.fullmatch(word):
            self._known[word] = word
            return word
        return OTHER


class LlmMetrics:
    """The Observer that counts. One for a process; `flush` once more before the process ends."""

    def __init__(self, specs: Iterable[ModelSpec]) -> None:
        known = tuple(specs)
        self._models = {spec.model for spec in known}
        self._providers = {
            spec.provider: _PROVIDERS.get(spec.provider, spec.provider) for spec in known
        }
        self._routes = {spec.id: (self._providers[spec.provider], spec.model) for spec in known}
        self._child = _Children().of
        self._rules, self._scopes, self._events = _Words(), _Words(), _Words()
        self._calls: list[tuple[Request, Outcome]] = []
        self._entries: list[LedgerEntry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._known_events: Mapping[str, Callable[[Mapping[str, str]], None]] = {
            "breaker_open": lambda labels: self._breaker(labels, to="open"),
            "breaker_close": lambda labels: self._breaker(labels, to="closed"),
            "budget_alert": lambda labels: self._scope(BUDGET_ALERTS, labels),
            "budget_refused": lambda labels: self._scope(BUDGET_DENIALS, labels),
            "hedge": lambda labels: self._child(HEDGES, *self._route(labels)).inc(),
        }

    def call(self, request: Request, outcome: Outcome) -> None:
        """A call is over; counted within `FLUSH_S`."""
        self._calls.append((request, outcome))
        if self._timer is None or len(self._calls) >= _MOST_WAITING:
            self._soon()

    def entry(self, entry: LedgerEntry) -> None:
        """An attempt was booked; counted within `FLUSH_S`."""
        self._entries.append(entry)
        if self._timer is None or len(self._entries) >= _MOST_WAITING:
            self._soon()

    def event(self, name: str, **labels: str) -> None:
        """Something happened; counted at once."""
        count = self._known_events.get(name)
        if count is not None:
            count(labels)
        else:
            self._child(EVENTS, self._events.of(name)).inc()

    def budget_share(self, scope: str, share: float) -> None:
        """How much of a budget that stands for everybody is gone."""
        self._child(BUDGET_SHARE, self._scopes.of(scope)).set(share)

    def flush(self) -> None:
        """Counts what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        calls, self._calls = self._calls, []
        entries, self._entries = self._entries, []
        for request, outcome in calls:
            self._count_call(request, outcome)
        for entry in entries:
            self._count_entry(entry)

    def _soon(self) -> None:
        if max(len(self._calls), len(self._entries)) >= _MOST_WAITING:
            self.flush()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._timer = loop.call_later(FLUSH_S, self.flush)

    def _count_call(self, request: Request, outcome: Outcome) -> None:
        child, task, source = self._child, request.task.value, outcome.source
        fault = _fault(outcome.fault)
        tier = outcome.tier.value if outcome.tier else "none"
        provider, model = self._named(outcome.provider, outcome.model)
        child(LLM_REQUESTS, task, tier, provider, model, fault or "ok").inc()
        if fault == "cancelled":
            return
        child(SERVED, source.value, task).inc()
        child(TIER_RULE, self._rules.of(outcome.rule)).inc()
        child(LLM_DURATION, task).observe(outcome.latency.total_s)
        if outcome.latency.first_token_s is not None:
            child(LLM_TTFT, task).observe(outcome.latency.first_token_s)
        if source is Source.CACHED:
            child(CACHE_HITS, outcome.level.value if outcome.level else "unknown", task).inc()
        elif source is Source.DECK:
            if fault is None:
                DECK.inc()
        elif outcome.model is not None:
            child(CACHE_MISSES, task).inc()
        if source is Source.FALLBACK or (fault and source in _ELSEWHERE):
            child(FALLBACKS, fault or OTHER).inc()

    def _count_entry(self, entry: LedgerEntry) -> None:
        if entry.role is Role.UNFIT:
            self._child(EVENTS, self._events.of("answer_unfit")).inc()
            return
        if entry.role in _NO_MODEL:
            return
        if entry.calls:
            OVERHEAD.observe(entry.overhead_s)
        child, usage = self._child, entry.usage
        provider, model = self._named(entry.provider, entry.model)
        tier = entry.tier.value if entry.tier else "none"
        child(COST, tier, provider).inc(max(0, entry.cost_nano))
        child(OPERATION_DURATION, "chat", provider, model, _error(entry)).observe(entry.total_s)
        if entry.first_token_s is not None:
            child(FIRST_CHUNK, "chat", provider, model).observe(entry.first_token_s)
        estimated = "true" if usage.estimated else "false"
        for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            if count > 0:
                child(TOKEN_USAGE, "chat", provider, model, kind).observe(count)
                child(LLM_TOKENS, kind, estimated).inc(count)

    def _named(self, provider: str | None, model: str | None) -> tuple[str, str]:
        return (
            "none" if provider is None else self._providers.get(provider, "other"),
            "none" if model is None else model if model in self._models else "other",
        )

    def _route(self, labels: Mapping[str, str]) -> tuple[str, str]:
        return self._routes.get(labels.get("route", ""), ("other", "other"))

    def _breaker(self, labels: Mapping[str, str], *, to: str) -> None:
        route = self._route(labels)
        self._child(BREAKER_STATE, *route).set(2 if to == "open" else 0)
        self._child(BREAKER_TRANSITIONS, *route, to).inc()

    def _scope(self, metric: Counter, labels: Mapping[str, str]) -> None:
        self._child(metric, self._scopes.of(labels.get("scope", ""))).inc()


def _error(entry: LedgerEntry) -> str:
    """OpenTelemetry's error.type; an answer that was used whole has none, also at its limit."""
    if entry.role is Role.SERVED:
        return ""
    return _fault(entry.fault) or (entry.role.value if entry.role in _ENDED_BY_US else OTHER)


def _fault(word: str | None) -> str | None:
    return None if word is None else fault_label(word)
