"""What went wrong, in our words: the SDK's and the transport's errors, turned once."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import aiohttp
import openai

from services.core.errors import BackendError, BackendTimeout

RAISED = (openai.OpenAIError, aiohttp.ClientError, ValueError)
"""What a call through the SDK's aiohttp transport can raise."""

_NEVER_CONNECTED = (aiohttp.ClientConnectorError, ConnectionRefusedError)
_CONTEXT_CODES = frozenset({"context_length_exceeded", "string_above_max_length"})
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation"})


def translated(error: Exception, *, opened: bool) -> BackendError:
    """The error as ours, without its text, which may quote the prompt.

    `opened` tells that the vendor had begun to answer.
    """
    match error:
        case openai.APIConnectionError() | aiohttp.ClientError():
            return _of_connection(error, opened=opened)
        case openai.APIStatusError(status_code=status):
            return _of_status(error, status)
        case openai.APIError(code=code) if code in _FILTER_CODES:
            return BackendError("the vendor refused", retryable=False, code="filter")
        case openai.APIError(code=code) if code in _CONTEXT_CODES:
            return BackendError("the prompt is too long", retryable=False, code="context")
        case openai.APIError():
            return BackendError("the vendor broke its answer off", code="cut")
        case ValueError():
            return BackendError("the vendor sent a malformed chunk", code="malformed")
        case _:
            return BackendError(f"the call failed: {type(error).__name__}", code="backend")


def _of_connection(error: Exception, *, opened: bool) -> BackendError:
    """What broke underneath: the SDK's aiohttp transport calls each broken connection a timeout.

    A name that nobody knows and a certificate that does not fit are connections that never were.
    """
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    if isinstance(causes[-1], TimeoutError):
        return BackendTimeout("the vendor did not answer in time", code="timeout")
    if any(isinstance(one, _NEVER_CONNECTED) for one in causes):
        return BackendError("the vendor cannot be reached", code="connection")
    return BackendError("the vendor hung up", code="cut" if opened else "reset")


def _of_status(error: openai.APIStatusError, status: int) -> BackendError:
    code = f"status_{status}"
    if error.code in _CONTEXT_CODES:
        code = "context"
    elif error.code in _FILTER_CODES:
        code = "filter"
    return BackendError(
        f"the vendor answered {status}",
        retryable=status in {408, 409, 425, 429} or status >= 500,
        status=status,
        retry_after_s=retry_after_s(error.response.headers),
        code=code,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks to be left alone; None when it asks nothing sensible.

    A date counts from the answer's own. Source: RFC 9110 section 10.2.3.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after")
    if (seconds := _number(asked)) is not None or not asked:
        return seconds
    try:
        until, since = parsedate_to_datetime(asked), parsedate_to_datetime(headers["date"])
        return max(0.0, (until - since).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return max(0.0, number) if number is not None and math.isfinite(number) else None
