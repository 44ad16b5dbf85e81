"""The purse in Redis: each operation is one run of `purse.lua`, atomic across all machines.

Its keys have no time to live, so that no eviction policy may take them; they are taken away when
their window is over. A Redis cluster is not served: a script reaches several keys.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.adapters.redis_shared.client import RedisLink, Script, Value
from services.core.clock import Clock
from services.llm.entry import LedgerEntry
from services.llm.ledger.entry_json import readable, to_json
from services.llm.ledger.seen import Seen, distinct
from services.llm.ports import Admission, BudgetLine, Hold

_COUNTER = "llm:budget:"
_BOOK_GRACE_MS = 15_000
_HIDDEN_MS = 30_000
_WINDOW_GRACE = timedelta(days=2)
_SESSION_KEPT = timedelta(days=30)
_DONE_KEPT_MS = 15 * 60_000
_LAPSED_KEPT_MS = 24 * 3_600_000
_ORPHANS_A_CALL = 200


class RedisPurse:
    """Budgets on `link`, which whoever opened it closes. `clock` turns times into spans."""

    def __init__(self, link: RedisLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._script = Script(Path(__file__).with_name("purse.lua").read_text(encoding="utf-8"))
        self._seen = Seen()

    async def reserve(self, holds: Sequence[Hold]) -> Admission:
        lines = distinct(holds)
        place = {line.key: number for number, line in enumerate(lines, start=1)}
        args: list[Value] = ["reserve", *self._lines(lines), len(holds)]
        now = self._clock.now()
        for hold in holds:
            draft = hold.draft
            args += (hold.id, hold.amount_nano, _ms(hold.expires_at - now), draft.cost_nano)
            args += (to_json(draft), len(hold.lines), *(place[line.key] for line in hold.lines))
        denied, *used = await self._link.eval(self._script, (), args)
        if denied:
            shares = self._seen.shares(lines, used)
            return Admission(denied=lines[denied - 1].scope, shares=shares)
        self._seen.hold(holds)
        return Admission(denied=None, shares=self._seen.shares(lines, used))

    async def settle(self, hold: Hold, entry: LedgerEntry) -> Mapping[str, float]:
        args: list[Value] = ["settle", *self._lines(hold.lines)]
        args += (hold.id, entry.cost_nano, to_json(entry), _BOOK_GRACE_MS)
        _, *used = await self._link.eval(self._script, (), args)
        self._seen.free(hold)
        return self._seen.shares(hold.lines, used)

    async def booked(self, ids: Sequence[str]) -> None:
        if ids:
            await self._link.eval(
                self._script, (), ["booked", _DONE_KEPT_MS, _LAPSED_KEPT_MS, *ids]
            )

    async def orphans(self, now: datetime) -> Sequence[LedgerEntry]:
        ahead_ms = _ms(now - self._clock.now())
        args: list[Value] = ["orphans", ahead_ms, _ORPHANS_A_CALL, _HIDDEN_MS]
        return readable(await self._link.eval(self._script, (), args))

    async def spent(self, lines: Sequence[BudgetLine]) -> Mapping[str, int]:
        if not lines:
            return {}
        found = await self._link.call("MGET", *(_COUNTER + line.key for line in lines))
        return {
            line.key: int(value) if value is not None else self._seen.floor(line.key)
            for line, value in zip(lines, found, strict=True)
        }

    async def aclose(self) -> None:
        """Nothing of its own to close."""

    def _lines(self, lines: Sequence[BudgetLine]) -> list[Value]:
        args: list[Value] = [len(lines)]
        for line in lines:
            args += (line.key, line.limit_nano, self._seen.floor(line.key), self._ends(line))
        return args

    def _ends(self, line: BudgetLine) -> Value:
        """Milliseconds until its counter is forgotten; empty for one that is kept for good."""
        if line.ends_at is not None:
            return _ms(line.ends_at - self._clock.now() + _WINDOW_GRACE)
        return _ms(_SESSION_KEPT) if line.scope == "session" else ""


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
