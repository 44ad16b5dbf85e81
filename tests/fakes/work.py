"""Works that play a script, and answers as they leave them behind."""

import asyncio
from dataclasses import replace
from typing import Any

from services.llm.ports import Route
from services.llm.work import Emit, Made
from tests.fakes.chat_model import FakeChatModel
from tests.fakes.specs import stub_spec


def made(text: str = "Hm, vraiment ?", **more: Any) -> Made:
    """A whole answer of the stub's model."""
    route = Route(spec=stub_spec(), chat=FakeChatModel())
    known: dict[str, Any] = {"text": text, "route": route, "asked": route, "complete": True}
    return Made(**known | more)


class FakeWork:
    """Gives its pieces, one every `each_s`; then it ends, raises `error`, or hangs.

    `ended` tells how: `done`, `failed` or `cancelled`, the latter after `closing_s`.
    """

    def __init__(
        self,
        *pieces: str,
        each_s: float = 0.1,
        error: Exception | None = None,
        hangs: bool = False,
        closing_s: float = 0.0,
    ) -> None:
        self.ended: str | None = None
        self.made = Made(text="")
        self._pieces = pieces
        self._each_s = each_s
        self._error = error
        self._hangs = hangs
        self._closing_s = closing_s

    async def run(self, emit: Emit) -> Made:
        try:
            for piece in self._pieces:
                await asyncio.sleep(self._each_s)
                self.made = replace(self.made, text=self.made.text + piece)
                emit(piece)
            if self._hangs:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(self._closing_s)
            self.ended = "cancelled"
            raise
        if self._error is not None:
            self.ended = "failed"
            raise self._error
        self.ended = "done"
        self.made = made(self.made.text)
        return self.made
