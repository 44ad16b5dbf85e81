"""Logging as JSON lines: a static dotted event, and its values beside it.

`logging.getLogger(__name__).info("turn.saved", extra={"room": room})` becomes one line with `ts`,
`level`, `event`, `logger` and the values. Keys that may hold speech or names are never written.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from services.core.errors import ServiceError

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {
    "message",
    "asctime",
    "taskName",
}
_PRIVATE = frozenset(
    {"pii", "text", "words", "prompt", "messages", "transcript", "secret", "token", "key"}
)
"""Segments of keys whose words are never written: `pii` by our rule, the rest by what they hold."""

_MAX_VALUE_CHARS = 500
_MAX_TRACE_CHARS = 8000
_QUIET = {
    "livekit": logging.INFO,
    "alembic": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "httpx2": logging.WARNING,  # it tells each request, with its address in the event's name
}

Plain = str | int | float | bool | None


class JsonLines(logging.Formatter):
    """One record as one line of JSON; it never fails and never spans lines."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Plain] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        for key, value in record.__dict__.items():
            if key not in _STANDARD and key not in line and _may_be_written(key, value):
                line[key] = _plain(value)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            if isinstance(error, ServiceError):
                line["cause"] = _plain(str(error))
            line["trace"] = _frames(error.__traceback__)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends every logger of this process to one stream (stderr) as JSON lines; may be repeated."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, floor in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, floor))
    logging.captureWarnings(capture=True)


def _may_be_written(key: str, value: object) -> bool:
    """Numbers always; words only under keys that hold none of a person's."""
    return isinstance(value, int | float) or _PRIVATE.isdisjoint(re.split(r"[_.]", key.lower()))


def _plain(value: object) -> Plain:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _MAX_VALUE_CHARS else f"{text[:_MAX_VALUE_CHARS]}…"


def _frames(trace: TracebackType | None) -> str:
    """Where it was raised: files, lines and functions, without the error's own words."""
    lines: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return " > ".join(lines)[-_MAX_TRACE_CHARS:]
