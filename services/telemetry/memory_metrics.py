"""Analyses of sessions, counted under the names that dashboards outside know them by."""

from prometheus_client import Counter, Histogram

_SECONDS = (0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0)

HITS = Counter(
    "memory_analysis_cache_hits_total", "Analyses of a session that were known or under way"
)
MISSES = Counter("memory_analysis_cache_misses_total", "Analyses of a session that were made")
DURATION = Histogram(
    "memory_analysis_duration_seconds", "To make an analysis of a session", buckets=_SECONDS
)


class MemoryMetrics:
    """Counts analyses; no label names a session or a person."""

    def hit(self) -> None:
        HITS.inc()

    def miss(self) -> None:
        MISSES.inc()

    def took(self, seconds: float) -> None:
        DURATION.observe(seconds)
