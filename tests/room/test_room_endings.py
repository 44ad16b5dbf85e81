"""How scenes end without anybody pressing end: turns, silence, a person who leaves for good."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bench.house import House
from bench.person import Caption
from bench.vendor import Vendor
from tests.room._seat import LIMIT_S, Seat, exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What was left of a session."""

    session: dict[str, Any]
    turns: list[dict[str, Any]]
    captions: list[Caption]
    chats: int


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def endings(vendor_house: House, stub: Vendor) -> AsyncIterator[dict[str, Ending]]:
    """Three rooms at once, each to its own end; a person who leaves is waited for for 25 s."""
    stub.words = 1
    async with (
        seated(vendor_house, "brief") as talking,
        seated(vendor_house, "brief") as silent,
        seated(vendor_house, "round") as leaving,
    ):
        yield dict(
            zip(
                ("turns", "silence", "left"),
                await asyncio.gather(_talks(talking), _is_silent(silent), _leaves(leaving)),
                strict=True,
            )
        )


async def _talks(seat: Seat) -> Ending:
    await seat.greeted()
    await seat.reply_to("One.")
    await seat.person.write("Two.")
    await seat.gone()
    return await _ending(seat)


async def _is_silent(seat: Seat) -> Ending:
    await seat.gone()
    return await _ending(seat)


async def _leaves(seat: Seat) -> Ending:
    await seat.person.until(lambda: seat.person.heard, limit_s=LIMIT_S)
    await seat.person.room.disconnect()
    async with asyncio.timeout(LIMIT_S):
        while (await seat.session())["status"] == "live":  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.5)
    log = await exited(seat.house, seat.ticket.room)
    assert "did not exit in time" not in log
    return await _ending(seat)


async def _ending(seat: Seat) -> Ending:
    database = seat.house.data_dir / "repartee.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        asked = (
            "SELECT count(*) FROM llm_calls WHERE session = ? AND source = 'live'"
            " AND task != 'agent_reaction'"  # the deck is filled while the scene opens
        )
        (chats,) = store.execute(asked, (seat.ticket.room,)).fetchone()
    store.close()
    return Ending(
        session=await seat.session(),
        turns=await seat.turns(),
        captions=list(seat.person.captions),
        chats=chats,
    )


def kinds(ending: Ending) -> list[str]:
    return [turn["kind"] for turn in ending.turns]


async def test_s8_the_last_turn_is_answered_and_the_scene_closes_in_words(
    endings: dict[str, Ending],
) -> None:
    ending = endings["turns"]
    assert (ending.session["status"], ending.session["end_reason"]) == ("ended", "turns")
    assert kinds(ending) == ["opening", "learner", "answer", "learner", "closing"]
    assert ending.turns[-1]["cut"] is False
    assert [c.text for c in ending.captions if c.persona][-1] == ending.turns[-1]["text"]


async def test_s9_silence_brings_a_prompt_then_the_end_and_no_model_is_paid(
    endings: dict[str, Ending],
) -> None:
    ending = endings["silence"]
    assert (ending.session["status"], ending.session["end_reason"]) == ("ended", "silence")
    assert kinds(ending) == ["opening", "prompt", "closing"]
    assert [turn["source"] for turn in ending.turns] == ["live", "understudy", "understudy"]
    assert ending.chats == 1


async def test_s5_who_leaves_for_good_ends_the_session_once_and_its_job(
    endings: dict[str, Ending],
) -> None:
    ending = endings["left"]
    assert (ending.session["status"], ending.session["end_reason"]) == ("ended", "left")
    assert all(kind == "opening" for kind in kinds(ending))
    assert len(ending.turns) <= 1
    assert ending.chats >= 1
