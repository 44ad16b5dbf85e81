"""What the store's schema refuses before it reaches a database."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.dialects import registry

from services.adapters.sql.schema import Count, Label, Seconds, UtcDateTime

_SQLITE = registry.load("sqlite")()
_POSTGRES = registry.load("postgresql")()


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime(2026, 11, 21), _SQLITE)  # noqa: DTZ001


def test_any_zone_is_stored_as_utc() -> None:
    paris = datetime(2026, 11, 21, 10, tzinfo=timezone(timedelta(hours=1)))
    stored = UtcDateTime().process_bind_param(paris, _POSTGRES)
    assert stored == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert stored is not None
    assert stored.tzinfo is UTC


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("reaction", "reaction"),
        ("a" * 20, "a" * 16),
        ("é" * 20, "é" * 16),
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
        (None, None),
    ],
)
def test_labels_fit_their_column_and_any_database(word: str | None, stored: str | None) -> None:
    assert Label(16).process_bind_param(word, _POSTGRES) == stored


@pytest.mark.parametrize("value", [-1, True, 1.0, float("nan"), 10**15 + 1, "1", None])
def test_l12_only_whole_amounts_in_bounds_are_counts(value: Any) -> None:
    with pytest.raises(ValueError, match="not a count"):
        Count().process_bind_param(value, _SQLITE)


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_l12_only_finite_times_are_durations(value: float) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Seconds().process_bind_param(value, _SQLITE)
