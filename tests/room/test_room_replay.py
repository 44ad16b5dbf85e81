"""A session that was really played, replayed from its record by another process."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.house import House
from tests.room._seat import exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]


async def replayed(house: House, room: str) -> tuple[int, str]:
    """What `python -m agents.manager replay` says of that room, and its exit status."""
    environ = {"PATH": os.environ["PATH"], "REPARTEE_DATA_DIR": str(house.data_dir)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agents.manager", "replay", room, "-v"),
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_decisions_of_a_real_session_are_made_again_to_the_byte(house: House) -> None:
    async with seated(house, "round") as seat:
        await seat.greeted(lines=3)
        await seat.reply_to("Mister Marsh, what about the harbour?")
        began_s = await seat.person.write("Wait, I want to say something about the budget first.")
        await seat.line_after(began_s)
        await seat.person.command("skip")
        await seat.quiet()
        await seat.person.command("end")
        await seat.gone()
        await exited(house, seat.ticket.room)
        status, printed = await replayed(house, seat.ticket.room)

    assert status == 0, printed
    assert "[addressed] ben" in printed
    assert printed.rstrip().endswith("all the same")
    assert "harbour" not in printed
