"""Calls that begin together: the first lines of a phase, their money set aside in one step."""

import asyncio
import logging
from collections.abc import Sequence

from services.core.errors import Refused
from services.llm.ports import Route
from services.llm.work import Accounts, Ask

log = logging.getLogger(__name__)


class Round:
    """One round. Each of its calls waits for `ready` and tells when it is `over`.

    A round that is too dear as a whole is not held up: each of its calls is then admitted, or
    refused, by itself.
    """

    def __init__(self, attempts: Sequence[tuple[Ask, Route]], accounts: Accounts) -> None:
        self._attempts = attempts
        self._accounts = accounts
        self._open = {ask.call for ask, _ in attempts}
        self._reserving = asyncio.create_task(self._reserve())

    async def ready(self) -> None:
        """Returns once the money is set aside, or is known not to be there."""
        await asyncio.shield(self._reserving)

    def over(self, call: str) -> None:
        """That call has ended: what was set aside for it and not used is free again."""
        if call in self._open:
            self._open.discard(call)
            self._reserving.add_done_callback(lambda _: self._accounts.release((call,)))

    async def _reserve(self) -> None:
        try:
            await self._accounts.reserve_batch(self._attempts)
        except Refused as refusal:
            log.info("llm.round_too_dear", extra={"cause": str(refusal)})
        except Exception:  # its calls are made all the same: silence would be worse
            log.exception("llm.round_failed")
