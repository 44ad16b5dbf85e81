"""What every health board does: one note a process, the latest, until it is swept."""

from datetime import timedelta

import pytest

from services.adapters.sql.store import SqlParts
from services.stats.ports import HealthBoard, HealthNote
from tests.fakes.booked import NOON

OPEN = {"openai/gpt-6-luna": {"state": "open", "p50_s": 0.4, "samples": 12}}


@pytest.fixture
def board(parts: SqlParts) -> HealthBoard:
    return parts.board


def note(process: str, *, after_s: float = 0.0) -> HealthNote:
    return HealthNote(process=process, at=NOON + timedelta(seconds=after_s), routes=OPEN)


async def test_empty_board_has_no_notes(board: HealthBoard) -> None:
    assert list(await board.notes(since=NOON)) == []
    assert await board.sweep(before=NOON) == 0


async def test_notes_come_back_as_they_were_posted(board: HealthBoard) -> None:
    await board.post(note("b"))
    await board.post(note("a"))
    assert list(await board.notes(since=NOON)) == [note("a"), note("b")]


async def test_later_note_takes_the_place_of_the_earlier(board: HealthBoard) -> None:
    await board.post(note("a"))
    await board.post(note("a", after_s=15))
    assert list(await board.notes(since=NOON)) == [note("a", after_s=15)]


async def test_old_notes_are_not_read_and_go_when_swept(board: HealthBoard) -> None:
    await board.post(note("dead"))
    await board.post(note("alive", after_s=61))
    since = NOON + timedelta(seconds=1)
    assert list(await board.notes(since=since)) == [note("alive", after_s=61)]
    assert await board.sweep(before=since) == 1
    assert list(await board.notes(since=NOON)) == [note("alive", after_s=61)]
