"""Bookings in files, for a later process."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from services.llm.entry import Role
from services.llm.ledger.spool import Spool
from services.llm.ledger.waiting import Booking
from services.llm.ports import BudgetLine, Hold
from tests.fakes.booked import NOON, booked

LINES = (
    BudgetLine(key="session:é", scope="session", limit_nano=2**52),
    BudgetLine(key="day:1", scope="day", limit_nano=7, ends_at=NOON),
)


def booking(id: str, lines: tuple[BudgetLine, ...] = LINES, *, void: bool = False) -> Booking:
    entry = booked(id, persona="Zoé « la juge »\u2028", role=Role.CUT, fault="cut")
    expires_at = NOON + timedelta(seconds=30)
    hold = Hold(id=id, lines=lines, amount_nano=9, draft=entry, expires_at=expires_at)
    return Booking(entry, hold, void=void)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "unbooked")


def test_what_is_kept_comes_back_as_it_was(spool: Spool) -> None:
    kept = [booking("a"), booking("b", ()), booking("c", void=True), Booking(booked("d"))]
    spool.keep(kept)
    (file,) = spool.files()
    found = spool.read(file)
    assert [(b.entry, b.hold, b.void) for b in found] == [(b.entry, b.hold, b.void) for b in kept]
    assert [(b.settled, b.written) for b in found] == [
        (False, False),
        (False, False),
        (False, True),
        (True, False),
    ]


def test_what_the_ledger_has_is_not_written_again(spool: Spool) -> None:
    one = booking("a")
    one.written = True
    spool.keep([one])
    assert spool.read(spool.files()[0])[0].written


def test_each_keeping_has_its_own_file_and_nothing_makes_none(spool: Spool) -> None:
    assert spool.files() == []
    spool.keep([])
    assert spool.files() == []
    spool.keep([booking("a")])
    spool.keep([booking("b")])
    assert len(spool.files()) == 2


def test_files_are_for_their_owner_alone(spool: Spool) -> None:
    spool.keep([booking("a")])
    (file,) = spool.files()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_file_that_is_finished_goes_and_the_rest_of_one_stays(spool: Spool) -> None:
    first, second = booking("a"), booking("b")
    spool.keep([first, second])
    (file,) = spool.files()
    spool.leave(file, [second])
    assert [b.entry.id for b in spool.read(file)] == ["b"]
    spool.leave(file, [])
    assert [path.name for path in file.parent.iterdir()] == []


def test_half_a_file_is_no_file(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        spool.keep([booking("a")])
    assert spool.files() == []


def test_only_one_process_finishes_files_at_a_time(spool: Spool) -> None:
    spool.keep([booking("a")])
    with spool.alone() as mine, spool.alone() as other:
        assert (mine, other) == (True, False)
    with spool.alone() as again:
        assert again


@pytest.mark.parametrize("line", ['{"entry": "{}"}', "[]", "{", '{"entry": 5}', "null"])
def test_line_of_another_program_is_told_and_laid_aside(
    spool: Spool, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    spool.keep([booking("a")])
    (file,) = spool.files()
    file.write_text(f"{line}\n{file.read_text()}", encoding="utf-8")
    assert [b.entry.id for b in spool.read(file)] == ["a"]
    assert "llm.entry_unreadable" in caplog.messages
    assert file.with_suffix(".unread").read_text() == line
