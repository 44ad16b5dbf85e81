"""Moments as text in SQL, the same on both databases, for sums by day or by ten minutes of UTC."""

from typing import Any

from sqlalchemy import ColumnElement, String, func, type_coerce

DAY_CHARS = 10
TEN_MINUTES_CHARS = 15
"""`2026-11-21` and `2026-11-21 12:3`."""


def utc_text(at: ColumnElement[Any], *, dialect: str, chars: int) -> ColumnElement[str]:
    """The first `chars` of `2026-11-21 12:34`."""
    if dialect == "postgresql":
        utc = func.timezone("UTC", at)
        return func.substr(func.to_char(utc, "YYYY-MM-DD HH24:MI"), 1, chars)
    return func.substr(type_coerce(at, String), 1, chars)  # SQLite keeps such text, in UTC
