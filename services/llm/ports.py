"""What the optimizer needs from the outside: a chat model that streams."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from services.llm.outcome import Usage
from services.llm.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a streamed answer. The last one carries `finish` and, if told, `usage`."""

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None


class ChatModel(Protocol):
    """One model behind one wire.

    `stream` raises BackendError (the SDK's errors are turned once, here) and, when its iterator is
    closed early, closes the vendor's stream.
    """

    @property
    def name(self) -> str:
        """The model's name as the vendor knows it."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer, piece by piece."""
        ...

    async def aclose(self) -> None:
        """Closes connections; afterwards the model is not used again."""
        ...
