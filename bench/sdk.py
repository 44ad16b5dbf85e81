"""The vendor's SDK as an application calls it, without anything of ours."""

from collections.abc import AsyncIterator
from typing import Any

import openai

from bench.questions import wire_messages
from services.llm.request import Request

MODEL = "gpt-6-luna"


class Sdk:
    """One client over aiohttp, which is its faster way; it tries once."""

    def __init__(self, url: str, *, model: str = MODEL) -> None:
        self._model = model
        self._client = openai.AsyncOpenAI(
            api_key="none",
            base_url=url,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
        )

    async def whole(self, request: Request) -> object:
        messages: Any = wire_messages(request)
        return await self._client.chat.completions.create(
            model=self._model, messages=messages, max_tokens=request.max_tokens
        )

    async def streamed(self, request: Request) -> AsyncIterator[str]:
        messages: Any = wire_messages(request)
        chunks = await self._client.chat.completions.create(
            model=self._model,
            messages=messages,
            max_tokens=request.max_tokens,
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in chunks:
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""

    async def aclose(self) -> None:
        await self._client.close()
