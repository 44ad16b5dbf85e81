"""One model of one vendor: the call itself. It is never repeated here.

Answers are read as plain JSON: the SDK's typed objects take half of a call's CPU time.
"""

import logging
import ssl
from collections.abc import AsyncGenerator
from functools import lru_cache

import httpx2
import openai
from pydantic import SecretStr

from services.adapters.openai_chat.asking import ADDRESS, body_of
from services.adapters.openai_chat.faults import RAISED, translated
from services.adapters.openai_chat.reading import delta_of
from services.core.errors import BackendError, ConfigError
from services.llm.ports import Delta
from services.llm.request import Request
from services.llm.spec import ModelSpec

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 2.0
_READ_TIMEOUT_S = 30.0
_WHOLE_TIMEOUT_S = 120.0
"""For an answer that nobody waits to hear: its first byte comes with its last word."""

_WARM_TIMEOUT_S = 5.0
_KEEPALIVE_S = 55.0
"""The SDK's own 5 s would open a new TLS connection for nearly every turn of a conversation."""

_NO_KEY = "none"
"""The SDK insists on a key; servers on one's own machine want none."""

_PATH = "/chat/completions"


@lru_cache(maxsize=1)
def prepare() -> ssl.SSLContext:
    """What every connection needs of the machine's certificates, read once a process.

    It takes 50 to 150 ms of work: do it before the event loop has a person to listen to.
    """
    return httpx2.create_ssl_context()


class _Connections:
    """One vendor's connections, closed by the last of the models that share them."""

    def __init__(self, api_key: SecretStr | None, base_url: str) -> None:
        self.client = openai.AsyncClient(
            api_key=api_key.get_secret_value() if api_key else _NO_KEY,
            base_url=base_url,
            max_retries=0,
            timeout=openai.Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
            http_client=openai.DefaultAioHttpClient(
                verify=prepare(),
                limits=httpx2.Limits(max_connections=1000, keepalive_expiry=_KEEPALIVE_S),
            ),
        )
        self.sharers = 0

    async def leave(self) -> None:
        self.sharers -= 1
        if self.sharers == 0:
            await self.client.close()


class OpenAIChat:
    """One model of one vendor. What it may be sent is `spec.takes`.

    `beside` is another model at the same address with the same key: its connections are shared,
    which saves a handshake at the first call. Each is closed by itself.

    Raises: ConfigError when there is neither a base URL nor a known address of the provider.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        api_key: SecretStr | None = None,
        base_url: str | None = None,
        beside: "OpenAIChat | None" = None,
    ) -> None:
        address = base_url or ADDRESS.get(spec.provider)
        if address is None:
            raise ConfigError(f"no address is known for the provider {spec.provider}")
        self._spec = spec
        self._connections: _Connections = (
            beside._connections if beside else _Connections(api_key, address)
        )
        self._connections.sharers += 1
        self._client = self._connections.client
        self._closed = False

    @property
    def name(self) -> str:
        return self._spec.model

    async def warm(self) -> None:
        """Opens a connection ahead of the first call, with a question that costs nothing.

        Never fails: whether the vendor answers is the first call's matter.
        """
        try:
            await self._client.get(
                "/models", cast_to=object, options={"timeout": openai.Timeout(_WARM_TIMEOUT_S)}
            )
        except RAISED as error:
            log.debug("chat.not_warmed", extra={"kind": type(error).__name__})

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer, piece by piece; in one piece when nobody waits to hear it."""
        if not request.spoken:
            yield await self._whole(request)
            return
        opened = finished = False
        try:
            async with await self._client.post(
                _PATH,
                body=body_of(request, self._spec, stream=True),
                cast_to=object,
                stream=True,
                stream_cls=openai.AsyncStream[object],
            ) as chunks:
                opened = True
                async for chunk in chunks:
                    delta = delta_of(chunk, "delta")
                    if delta is not None:
                        finished = finished or delta.finish is not None
                        yield delta
        except RAISED as error:
            raise translated(error, opened=opened) from None
        if not finished:
            raise BackendError("the vendor cut its answer short", code="cut")

    async def aclose(self) -> None:
        """Closes the connections when no sibling needs them."""
        if not self._closed:
            self._closed = True
            await self._connections.leave()

    async def _whole(self, request: Request) -> Delta:
        try:
            answer = await self._client.post(
                _PATH,
                body=body_of(request, self._spec, stream=False),
                cast_to=object,
                options={
                    "timeout": openai.Timeout(_WHOLE_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
                },
            )
        except RAISED as error:
            raise translated(error, opened=False) from None
        delta = delta_of(answer, "message")
        if delta is None or delta.finish is None:
            raise BackendError("the vendor sent a malformed answer", code="malformed")
        return delta
