"""Windows end now and are counted in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.stats.views import Window
from services.stats.windows import since, window_of


@pytest.mark.parametrize(
    ("window", "first"),
    [
        (Window.HOUR, datetime(2026, 3, 1, 0, 30, tzinfo=UTC)),
        (Window.DAY, datetime(2026, 2, 28, 1, 30, tzinfo=UTC)),
        (Window.WEEK, datetime(2026, 2, 22, 1, 30, tzinfo=UTC)),
        (Window.MONTH, datetime(2026, 1, 30, 1, 30, tzinfo=UTC)),
        (Window.ALL, None),
    ],
)
def test_l10_windows_cross_the_edge_of_a_month(window: Window, first: datetime | None) -> None:
    assert since(window, datetime(2026, 3, 1, 1, 30, tzinfo=UTC)) == first


def test_l10_a_day_has_24_hours_when_clocks_change() -> None:
    """Paris, 29 March 2026: 02:00 becomes 03:00."""
    summer = timezone(timedelta(hours=2))
    after = datetime(2026, 3, 29, 12, tzinfo=summer)
    first = since(Window.DAY, after)
    assert first == datetime(2026, 3, 28, 10, tzinfo=UTC)
    assert first is not None
    assert first.tzinfo is UTC


def test_windows_are_known_by_their_names_alone() -> None:
    assert window_of("7d") is Window.WEEK
    with pytest.raises(ValueError, match="1h, 24h, 7d, 30d, all"):
        window_of("day")
