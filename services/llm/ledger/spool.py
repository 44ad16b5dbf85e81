"""Bookings that a process could not finish before its end, as files that a later one finishes.

Each file is complete when it appears: a JSON line for each booking. Holds and entries have ids, so
that a file that is read twice is booked once. Nothing of what was said is in it.
"""

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from services.llm.entry import LedgerEntry
from services.llm.ledger.entry_json import from_json, to_json
from services.llm.ledger.waiting import Booking
from services.llm.ports import BudgetLine, Hold

logger = logging.getLogger(__name__)

_LOCK = ".lock"
_SUFFIX = ".jsonl"
_UNREAD = ".unread"


class Spool:
    """The files of all processes of a machine, in `folder`. Its methods block for milliseconds.

    Raises:
        OSError: the folder or the disk does not let it; in every method.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, bookings: Sequence[Booking]) -> None:
        """Keeps them in a file of their own."""
        if bookings:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{os.getpid()}-{secrets.token_hex(6)}{_SUFFIX}"
            self._put(self._folder / name, bookings)

    def files(self) -> list[Path]:
        """What is there to be finished."""
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.suffix == _SUFFIX)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether no other process is finishing any of it; keeps others from that meanwhile."""
        handle = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)

    def read(self, file: Path) -> list[Booking]:
        """The bookings of a file. Lines of a newer program are left beside it, and told."""
        found: list[Booking] = []
        unread: list[str] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                found.append(_booking(line))
            except (ValueError, KeyError, TypeError):
                unread.append(line)
        if unread:
            logger.warning("llm.entry_unreadable", extra={"entries": len(unread)})
            file.with_suffix(_UNREAD).write_text("\n".join(unread), encoding="utf-8")
        return found

    def leave(self, file: Path, bookings: Sequence[Booking]) -> None:
        """Leaves those of a file that are still to be finished; without any, the file goes."""
        if bookings:
            self._put(file, bookings)
        else:
            file.unlink()

    def _put(self, file: Path, bookings: Sequence[Booking]) -> None:
        fresh = file.with_suffix(".tmp")
        handle = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.writelines(f"{_line(booking)}\n" for booking in bookings)
            out.flush()
            os.fsync(handle)
        fresh.replace(file)


def _line(booking: Booking) -> str:
    made: dict[str, object] = {"entry": to_json(booking.entry)}
    if booking.void:
        made["void"] = True
    elif booking.written:
        made["written"] = True
    hold = booking.hold
    if hold is not None:
        made |= {
            "hold": hold.id,
            "amount": hold.amount_nano,
            "expires": hold.expires_at.isoformat(),
            "lines": [
                (one.key, one.scope, one.limit_nano, one.ends_at and one.ends_at.isoformat())
                for one in hold.lines
            ],
        }
    return json.dumps(made)


def _booking(line: str) -> Booking:
    found = json.loads(line)
    entry = from_json(found["entry"])
    return Booking(
        entry,
        _hold(found, entry) if "hold" in found else None,
        void=bool(found.get("void")),
        written=bool(found.get("written")),
        seen=True,
    )


def _hold(found: dict[str, object], entry: LedgerEntry) -> Hold:
    lines = cast("list[tuple[str, str, int, str | None]]", found["lines"])
    return Hold(
        id=str(found["hold"]),
        lines=tuple(
            BudgetLine(
                key=key,
                scope=scope,
                limit_nano=limit,
                ends_at=datetime.fromisoformat(ends) if ends else None,
            )
            for key, scope, limit, ends in lines
        ),
        amount_nano=int(str(found["amount"])),
        draft=entry,
        expires_at=datetime.fromisoformat(str(found["expires"])),
    )
