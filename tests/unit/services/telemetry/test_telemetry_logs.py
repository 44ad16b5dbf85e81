"""Log lines: one JSON object each, without anything a person said."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from services.core.errors import BackendError
from services.telemetry.logs import JsonLines, configure_logging

log = logging.getLogger("services.telemetry.test")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    written = io.StringIO()
    configure_logging(stream=written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_event_and_values_are_one_json_line(stream: io.StringIO) -> None:
    log.info("turn.saved", extra={"room": "s-1", "seconds": 0.25, "cut": False, "phase": None})
    (line,) = lines(stream)
    assert line["ts"].endswith("+00:00")
    assert {key: line[key] for key in line if key != "ts"} == {
        "level": "info",
        "event": "turn.saved",
        "logger": "services.telemetry.test",
        "room": "s-1",
        "seconds": 0.25,
        "cut": False,
        "phase": None,
    }


@pytest.mark.parametrize(
    "key",
    ["pii_name", "lk.pii.text", "text", "user_transcript", "messages", "api_key", "heard_words"],
)
def test_d4_keys_that_may_hold_speech_or_secrets_are_dropped(stream: io.StringIO, key: str) -> None:
    log.info("turn.heard", extra={key: "06 12 34 56 78"})
    assert "06 12" not in stream.getvalue()
    assert key not in lines(stream)[0]


def test_counts_are_kept_under_any_key(stream: io.StringIO) -> None:
    log.info("turn.heard", extra={"prompt_tokens": 700, "words": 12})
    assert (lines(stream)[0]["prompt_tokens"], lines(stream)[0]["words"]) == (700, 12)


def test_p9_newlines_and_quotes_cannot_forge_a_line(stream: io.StringIO) -> None:
    log.info("room.joined", extra={"identity": 'u-1"}\n{"event": "forged'})
    assert len(lines(stream)) == 1


def test_d4_error_text_of_strangers_is_not_written_but_its_place_is(stream: io.StringIO) -> None:
    try:
        raise ValueError("Jean a dit 06 12 34 56 78")
    except ValueError:
        log.exception("job.failed")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_telemetry_logs.py" in line["trace"]
    assert "06 12" not in stream.getvalue()


def test_our_own_errors_say_their_cause(stream: io.StringIO) -> None:
    try:
        raise BackendError("the store failed: OperationalError")
    except BackendError:
        log.exception("journal.write_failed")
    assert lines(stream)[0]["cause"] == "the store failed: OperationalError"


def test_long_values_are_shortened(stream: io.StringIO) -> None:
    log.info("room.noted", extra={"detail": "x" * 10_000})
    assert len(lines(stream)[0]["detail"]) <= 501


def test_configuring_twice_writes_once(stream: io.StringIO) -> None:
    configure_logging(stream=stream)
    log.info("worker.started")
    assert len(lines(stream)) == 1


def test_any_object_becomes_plain() -> None:
    record = logging.makeLogRecord({"msg": "x", "thing": {"a": object()}})
    assert isinstance(json.loads(JsonLines().format(record))["thing"], str)


def test_requests_of_the_http_client_are_not_told_one_by_one(stream: io.StringIO) -> None:
    logging.getLogger("httpx2").info('HTTP Request: POST http://vendor/v1 "HTTP/1.1 200 OK"')
    logging.getLogger("httpx2").warning("something.else")
    assert [line["event"] for line in lines(stream)] == ["something.else"]
