"""The names under which analyses of sessions are counted."""

from prometheus_client import REGISTRY

from services.telemetry.memory_metrics import MemoryMetrics

HITS = "memory_analysis_cache_hits_total"
MISSES = "memory_analysis_cache_misses_total"
SECONDS = "memory_analysis_duration_seconds"


def value(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def test_analyses_are_counted_under_the_names_that_dashboards_know() -> None:
    names = (HITS, MISSES, f"{SECONDS}_count", f"{SECONDS}_sum")
    before = [value(name) for name in names]
    counts = MemoryMetrics()
    counts.hit()
    counts.miss()
    counts.took(2.5)
    after = [value(name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1, 2.5]


def test_no_label_tells_a_session_or_a_person() -> None:
    found = [one for one in REGISTRY.collect() if one.name.startswith("memory_analysis_")]
    labels = {label for one in found for sample in one.samples for label in sample.labels}
    assert len(found) == 3
    assert labels <= {"le"}
