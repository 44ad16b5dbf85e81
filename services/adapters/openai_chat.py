"""ChatModel over the OpenAI wire: the vendor itself, any compatible one, a server on this machine.

Owns what a model may be sent and what its faults are called. It never repeats a call.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk
from pydantic import SecretStr

from services.core.errors import BackendError, BackendTimeout
from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.request import Request

_CONNECT_TIMEOUT_S = 2.0
_READ_TIMEOUT_S = 30.0
_NO_KEY = "none"
"""The SDK insists on a key; servers on one's own machine want none."""

_CONTEXT_CODES = frozenset({"context_length_exceeded", "string_above_max_length"})
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a model takes. Sending more is a 400, sending less is slow or dear.

    `effort` is sent as reasoning_effort when set: the vendor's default, `medium`, costs seconds
    before the first word. Source: developers.openai.com, reasoning models (2026-11).
    """

    effort: Literal["none", "minimal"] | None = None
    temperature: bool = True
    limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_tokens"


def capabilities(model: str, base_url: str | None) -> Capabilities:
    """What `model` takes at `base_url` (None: the vendor's own address)."""
    host = urlsplit(base_url or "https://api.openai.com").hostname or ""
    if host != "openai.com" and not host.endswith(".openai.com"):
        return Capabilities()
    if model in {"gpt-5", "gpt-5-mini", "gpt-5-nano"}:
        return Capabilities(
            effort="minimal", temperature=False, limit_field="max_completion_tokens"
        )
    effort: Literal["none"] | None = "none" if model.startswith(("gpt-5", "gpt-6")) else None
    return Capabilities(effort=effort, limit_field="max_completion_tokens")


class OpenAIChat:
    """One model of one vendor."""

    def __init__(
        self, model: str, *, api_key: SecretStr | None = None, base_url: str | None = None
    ) -> None:
        self._model = model
        self._takes = capabilities(model, base_url)
        self._client = openai.AsyncClient(
            api_key=api_key.get_secret_value() if api_key else _NO_KEY,
            base_url=base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=openai.Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
            http_client=openai.DefaultAioHttpClient(),
        )

    @property
    def name(self) -> str:
        return self._model

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        opened = finished = False
        try:
            async with await self._client.chat.completions.create(**self._body(request)) as chunks:
                opened = True
                async for chunk in chunks:
                    delta = _delta(chunk)
                    finished = finished or delta.finish is not None
                    yield delta
        except (openai.OpenAIError, aiohttp.ClientError, ValueError) as error:
            raise _translated(error, opened=opened) from None
        if not finished:
            raise BackendError("the vendor cut its answer short", code="cut")

    async def aclose(self) -> None:
        await self._client.close()

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            self._takes.limit_field: request.max_tokens,
        }
        if self._takes.temperature:
            body["temperature"] = request.temperature
        if self._takes.effort:
            body["reasoning_effort"] = self._takes.effort
        return body


def _delta(chunk: ChatCompletionChunk) -> Delta:
    """A chunk as we know it; the SDK does not check its shape.

    Raises:
        BackendError: `malformed`, or `filter` for a refusal.
    """
    try:
        usage = _usage(chunk.usage) if chunk.usage else None
        if not chunk.choices:
            return Delta(usage=usage)
        choice = chunk.choices[0]
        text, refusal = choice.delta.content or "", getattr(choice.delta, "refusal", None)
    except (AttributeError, TypeError, IndexError):
        raise BackendError("the vendor sent a malformed chunk", code="malformed") from None
    if refusal:
        raise BackendError("the vendor refused", retryable=False, code="filter")
    if not isinstance(text, str):
        raise BackendError("the vendor sent a malformed chunk", code="malformed")
    return Delta(text=text, finish=choice.finish_reason, usage=usage)


def _usage(told: CompletionUsage) -> Usage:
    details = told.prompt_tokens_details
    return Usage(
        prompt_tokens=told.prompt_tokens,
        cached_tokens=(details.cached_tokens or 0) if details else 0,
        completion_tokens=told.completion_tokens,
    )


def _translated(error: Exception, *, opened: bool) -> BackendError:
    """The SDK's error as ours, once; without its text, which may quote the prompt."""
    match error:
        case openai.APIConnectionError() | aiohttp.ClientError():
            return _of_connection(error, opened=opened)
        case openai.APIStatusError(status_code=status):
            return _of_status(error, status)
        case openai.APIError(code=code) if code in _FILTER_CODES:
            return BackendError("the vendor refused", retryable=False, code="filter")
        case openai.APIError():
            return BackendError("the vendor broke its answer off", code="cut")
        case ValueError():
            return BackendError("the vendor sent a malformed chunk", code="malformed")
        case _:
            return BackendError(f"the call failed: {type(error).__name__}", code="backend")


def _of_connection(error: Exception, *, opened: bool) -> BackendError:
    """What broke underneath: the SDK's aiohttp transport calls each broken connection a timeout."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    if isinstance(root, TimeoutError):
        return BackendTimeout("the vendor did not answer in time", code="timeout")
    if isinstance(root, aiohttp.ClientConnectorError | ConnectionRefusedError):
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
        retry_after_s=_seconds(error.response.headers.get("retry-after")),
        code=code,
    )


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
