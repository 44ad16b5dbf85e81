"""How far back the stats look. Windows end now, in UTC: no clock change moves them."""

from datetime import UTC, datetime, timedelta

from services.stats.views import Window

_LENGTHS = {
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(hours=24),
    Window.WEEK: timedelta(days=7),
    Window.MONTH: timedelta(days=30),
}


def window_of(text: str) -> Window:
    """Raises: ValueError, which names the windows there are."""
    try:
        return Window(text)
    except ValueError:
        known = ", ".join(Window)
        raise ValueError(f"no such window; there are {known}") from None


def since(window: Window, now: datetime) -> datetime | None:
    """The first moment that counts, as aware UTC; None for `all`."""
    if window is Window.ALL:
        return None
    return now.astimezone(UTC) - _LENGTHS[window]
