"""What may be spent, read from one setting, and which budgets a call draws on now.

Windows are days, ISO weeks and months of UTC: a clock change or a local zone never moves them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from urllib.parse import quote

from services.core.errors import ConfigError
from services.core.money import NANO_PER_USD
from services.llm.ports import BudgetLine

Scope = Literal["session", "user", "scenario", "global"]
Window = Literal["day", "week", "month"]

MAX_USD = 1_000_000
"""The largest budget. Lua counts in doubles, exact up to nine million dollars in nano-USD."""

_WINDOWS: dict[str, Window] = {"day": "day", "week": "week", "month": "month"}
_NAMES: dict[str, tuple[Scope, Window | None]] = {
    "session": ("session", None),
    "user": ("user", None),
    **{f"user/{window}": ("user", window) for window in _WINDOWS.values()},
    "scenario": ("scenario", None),
    **{f"scenario/{window}": ("scenario", window) for window in _WINDOWS.values()},
    **{window: ("global", window) for window in _WINDOWS.values()},
    "global": ("global", None),
}
_AMOUNT = re.compile(r"\$?(\d+(?:\.\d{1,9})?)", re.ASCII)
_MEMO_SIZE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One budget: `name` as the setting has it; `window` None for one that never begins anew."""

    name: str
    scope: Scope
    window: Window | None
    limit_nano: int


class BudgetPlan:
    """All budgets of the setting, narrowest first. Immutable for whoever looks from outside."""

    def __init__(self, budgets: tuple[Budget, ...] = ()) -> None:
        self._budgets = budgets
        own = [budget.limit_nano for budget in budgets if budget.scope == "session"]
        self._session_nano = own[0] if own else None
        self._rest = tuple(budget for budget in budgets if budget.scope != "session")
        self._memo: dict[
            tuple[date, str | None, str | None, str | None, int | None], tuple[BudgetLine, ...]
        ] = {}

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """What the setting asked for."""
        return self._budgets

    def lines(
        self,
        *,
        session: str | None = None,
        user: str | None = None,
        scenario: str | None = None,
        session_limit_nano: int | None = None,
        now: datetime,
    ) -> tuple[BudgetLine, ...]:
        """The budgets that such a call draws on at `now` (aware); empty when none applies.

        `session_limit_nano` is what the scene's author allows; the smaller of it and the setting's
        holds. The same question of the same day gives the same tuple.
        """
        today = now.date() if now.tzinfo is UTC else now.astimezone(UTC).date()
        asked = (today, session, user, scenario, session_limit_nano)
        found = self._memo.get(asked)
        if found is None:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            found = self._memo[asked] = self._lines(*asked)
        return found

    def _lines(
        self,
        today: date,
        session: str | None,
        user: str | None,
        scenario: str | None,
        session_limit_nano: int | None,
    ) -> tuple[BudgetLine, ...]:
        made: list[BudgetLine] = []
        limits = [nano for nano in (self._session_nano, session_limit_nano) if nano is not None]
        if session is not None and limits:
            key = f"session:{_word(session)}"
            made.append(BudgetLine(key=key, scope="session", limit_nano=min(limits)))
        ids = {"user": user, "scenario": scenario}
        for budget in self._rest:
            if budget.scope == "global":
                made.append(_line(budget, "", today))
            elif (owner := ids[budget.scope]) is not None:
                made.append(_line(budget, f"{budget.scope}:{_word(owner)}", today))
        return tuple(made)


def parse_budgets(setting: str) -> BudgetPlan:
    """Reads `session=0.30, user/day=2, scenario/month=20, day=10, global=1000`: USD, decimals.

    An empty setting has no budgets.

    Raises:
        ConfigError: names the part, what is wrong with it and which names there are.
    """
    found: dict[str, Budget] = {}
    for part in setting.split(","):
        if not part.strip():
            continue
        budget = _budget(part.strip())
        if budget.name in found:
            raise _wrong(part.strip(), f"`{budget.name}` is there twice")
        found[budget.name] = budget
    return BudgetPlan(tuple(found[name] for name in _NAMES if name in found))


def day_of(window: Window, today: date) -> tuple[str, datetime]:
    """The window that holds this UTC day: its name, and its end (aware UTC, exclusive)."""
    if window == "day":
        return today.isoformat(), _midnight(today + timedelta(days=1))
    if window == "week":
        year, week, weekday = today.isocalendar()
        return f"{year}-W{week:02d}", _midnight(today + timedelta(days=8 - weekday))
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return f"{today:%Y-%m}", _midnight(first)


def _line(budget: Budget, owner: str, today: date) -> BudgetLine:
    if budget.window is None:
        return BudgetLine(key=owner or "global", scope=budget.name, limit_nano=budget.limit_nano)
    name, ends_at = day_of(budget.window, today)
    key = f"{owner or budget.window}:{name}"
    return BudgetLine(key=key, scope=budget.name, limit_nano=budget.limit_nano, ends_at=ends_at)


def _budget(part: str) -> Budget:
    name, equals, amount = (word.strip() for word in part.partition("="))
    if not equals:
        raise _wrong(part, "it has no `=`")
    if name not in _NAMES:
        raise _wrong(part, f"there is no budget `{name}`")
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise _wrong(part, "the amount is USD in decimals, as 0.30")
    usd = Decimal(match.group(1))
    if not 0 < usd <= MAX_USD:
        raise _wrong(part, f"the amount lies above 0 and up to {MAX_USD}; no limit: leave it out")
    scope, window = _NAMES[name]
    return Budget(name=name, scope=scope, window=window, limit_nano=int(usd * NANO_PER_USD))


def _wrong(part: str, cause: str) -> ConfigError:
    return ConfigError(f"REPARTEE_BUDGETS: `{part}`: {cause}. Names: {', '.join(_NAMES)}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _word(id: str) -> str:
    """An id as one segment of a key: no colon or blank of its own."""
    return quote(id, safe="@+", errors="backslashreplace")
