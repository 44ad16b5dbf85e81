"""What the store's schema refuses before it reaches a database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import registry

from services.adapters.sql.schema import UtcDateTime

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
