"""The purse in the shared file: each operation is one transaction, atomic across processes.

It takes SQLite's write lock before it reads, so that no two see the same money.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.adapters.embedded.file import SharedFile
from services.adapters.embedded.gate import Gate
from services.core.clock import Clock
from services.llm.entry import LedgerEntry
from services.llm.ledger.entry_json import readable, to_json
from services.llm.ledger.seen import Seen, distinct
from services.llm.ports import Admission, BudgetLine, Hold

TABLES = (
    "CREATE TABLE IF NOT EXISTS budget_1 (key TEXT PRIMARY KEY, used INTEGER NOT NULL, ends REAL)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS hold_1 (id TEXT PRIMARY KEY, state TEXT NOT NULL,"
    " lapsed INTEGER NOT NULL DEFAULT 0, amount INTEGER NOT NULL, cost INTEGER NOT NULL,"
    " keys TEXT NOT NULL, entry TEXT NOT NULL, due REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS hold_1_due ON hold_1 (due)",
)
"""For `SharedFile`. A hold's `state` is `held`, `settled`, or `done` (booked, soon forgotten);
`due` is when it becomes an orphan, or is forgotten. Times are Unix seconds."""

_BOOK_GRACE_S = 15.0
_HIDDEN_S = 30.0
_WINDOW_GRACE_S = 2 * 86_400.0
_SESSION_KEPT_S = 30 * 86_400.0
_DONE_KEPT_S = 15 * 60.0
_LAPSED_KEPT_S = 86_400.0
_ORPHANS_A_CALL = 200

_Row = tuple[str, int, int, str, str, float]
_Counter = tuple[str, int, float | None]


class SqlitePurse:
    """Budgets in `file`, which whoever opened it closes; it has the tables of `TABLES`.

    `timeout_s` is how long it waits for other processes' locks; then calls fail at once until the
    file can be written again. What was asked for may be done all the same.
    """

    def __init__(self, file: SharedFile, clock: Clock, *, timeout_s: float = 0.25) -> None:
        self._file = file
        self._clock = clock
        self._gate = Gate(file, clock, wait_s=timeout_s)
        self._seen = Seen()

    async def reserve(self, holds: Sequence[Hold]) -> Admission:
        lines = distinct(holds)
        counters = self._counters(lines)
        rows = [_row(hold, hold.draft) for hold in holds]

        def job(db: sqlite3.Connection) -> tuple[int, list[int]]:
            return _reserve(db, lines, counters, rows)

        denied, used = await self._gate.write(job)
        if denied >= 0:
            return Admission(denied=lines[denied].scope, shares=self._seen.shares(lines, used))
        self._seen.hold(holds)
        return Admission(denied=None, shares=self._seen.shares(lines, used))

    async def settle(self, hold: Hold, entry: LedgerEntry) -> Mapping[str, float]:
        counters = self._counters(hold.lines)
        row = _row(hold, entry)
        due = self._clock.now().timestamp() + _BOOK_GRACE_S

        def job(db: sqlite3.Connection) -> list[int]:
            return _settle(db, counters, row, due)

        used = await self._gate.write(job)
        self._seen.free(hold)
        return self._seen.shares(hold.lines, used)

    async def booked(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        now = self._clock.now().timestamp()
        changes = [(now + _LAPSED_KEPT_S, now + _DONE_KEPT_S, id) for id in ids]

        def job(db: sqlite3.Connection) -> None:
            db.executemany(
                "UPDATE hold_1 SET state = 'done', entry = '', keys = '',"
                " due = CASE lapsed WHEN 1 THEN ? ELSE ? END WHERE id = ? AND state = 'settled'",
                changes,
            )

        await self._gate.write(job)

    async def orphans(self, now: datetime) -> Sequence[LedgerEntry]:
        cut = now.timestamp()
        return readable(await self._gate.write(lambda db: _orphans(db, cut)))

    async def spent(self, lines: Sequence[BudgetLine]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        if lines:
            self._gate.enter()
        for line in lines:
            row = self._file.row("SELECT used FROM budget_1 WHERE key = ?", (line.key,))
            found[line.key] = row[0] if row else self._seen.floor(line.key)
        return found

    async def aclose(self) -> None:
        """Ends what it does in the background; the file stays open."""
        await self._gate.aclose()

    def _counters(self, lines: Sequence[BudgetLine]) -> list[_Counter]:
        """Key, and where a counter that is missing begins and ends."""
        return [(line.key, self._seen.floor(line.key), self._ends(line)) for line in lines]

    def _ends(self, line: BudgetLine) -> float | None:
        if line.ends_at is not None:
            return line.ends_at.timestamp() + _WINDOW_GRACE_S
        if line.scope == "session":
            return self._clock.now().timestamp() + _SESSION_KEPT_S
        return None


def _row(hold: Hold, entry: LedgerEntry) -> _Row:
    """Id, amount, cost, keys, entry, due."""
    keys = "\n".join(line.key for line in hold.lines)
    due = hold.expires_at.timestamp()
    return hold.id, hold.amount_nano, entry.cost_nano, keys, to_json(entry), due


def _keys(text: str) -> list[str]:
    """Of a hold's budgets; there are none for a call that no budget applies to."""
    return text.split("\n") if text else []


def _used(db: sqlite3.Connection, counters: Sequence[_Counter]) -> dict[str, int]:
    used: dict[str, int] = {}
    for counter in counters:
        found = db.execute("SELECT used FROM budget_1 WHERE key = ?", counter[:1]).fetchone()
        if found is None:
            db.execute("INSERT INTO budget_1 (key, used, ends) VALUES (?, ?, ?)", counter)
        used[counter[0]] = found[0] if found else counter[1]
    return used


def _add(db: sqlite3.Connection, changes: Mapping[str, int]) -> None:
    rows = [(nano, key) for key, nano in changes.items() if nano]
    db.executemany("UPDATE budget_1 SET used = used + ? WHERE key = ?", rows)


def _reserve(
    db: sqlite3.Connection,
    lines: Sequence[BudgetLine],
    counters: Sequence[_Counter],
    rows: Sequence[_Row],
) -> tuple[int, list[int]]:
    """The number of the line that is too small, or -1; and what is used of each."""
    used = _used(db, counters)
    need = dict.fromkeys(used, 0)
    new: list[_Row] = []
    for row in rows:
        if not db.execute("SELECT 1 FROM hold_1 WHERE id = ?", row[:1]).fetchone():
            new.append(row)
            for key in _keys(row[3]):
                need[key] += row[1]
    for number, line in enumerate(lines):
        if need[line.key] and used[line.key] + need[line.key] > line.limit_nano:
            return number, list(used.values())
    _add(db, need)
    db.executemany(
        "INSERT INTO hold_1 (id, amount, cost, keys, entry, due, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'held')",
        new,
    )
    return -1, [used[key] + need[key] for key in used]


def _settle(
    db: sqlite3.Connection, counters: Sequence[_Counter], row: _Row, due: float
) -> list[int]:
    """What is used of each line. A hold that was never heard of is charged in full."""
    used = _used(db, counters)
    id, cost = row[0], row[2]
    found = db.execute("SELECT state, amount FROM hold_1 WHERE id = ?", (id,)).fetchone()
    if found is not None and found[0] != "held":
        return list(used.values())
    delta = cost - (found[1] if found else 0)
    _add(db, dict.fromkeys(used, delta))
    db.execute(
        "INSERT INTO hold_1 (id, amount, cost, keys, entry, due, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 'settled') ON CONFLICT (id) DO UPDATE"
        " SET state = 'settled', entry = excluded.entry, due = ?",
        (*row[:5], due, due),
    )
    return [nano + delta for nano in used.values()]


def _orphans(db: sqlite3.Connection, cut: float) -> list[str]:
    """The entries of all that is due; they are hidden from others for a while."""
    db.execute("DELETE FROM hold_1 WHERE due <= ? AND state = 'done'", (cut,))
    db.execute("DELETE FROM budget_1 WHERE ends <= ?", (cut,))
    due = db.execute(
        "SELECT id, state, amount, cost, keys, entry FROM hold_1 WHERE due <= ? ORDER BY due"
        " LIMIT ?",
        (cut, _ORPHANS_A_CALL),
    ).fetchall()
    for id, state, amount, cost, keys, _ in due:
        if state == "held":
            _add(db, dict.fromkeys(_keys(keys), cost - amount))
            db.execute("UPDATE hold_1 SET state = 'settled', lapsed = 1 WHERE id = ?", (id,))
    db.executemany(
        "UPDATE hold_1 SET due = ? WHERE id = ?", [(cut + _HIDDEN_S, row[0]) for row in due]
    )
    return [row[5] for row in due]
