"""Joining: from the token call to the first sound of the greeting, with an idle process ready."""

import asyncio
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.house import House, open_house
from bench.person import Person
from bench.table import Table, percentile

JOINS = 10
SCENE = "bench-room"


async def measure() -> Iterable[Table]:
    """One table: the parts of a join."""
    scenes = str(Path(__file__).parent / "scenes")
    joins: list[tuple[float, float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(Path(folder), REPARTEE_SCENARIOS=scenes) as house:
            for _ in range(JOINS):
                await asyncio.sleep(4.0)  # the worker readies the next idle process meanwhile
                joins.append(await _join(house))
    columns = tuple(zip(*joins, strict=True))
    names = ("token", "in the room", "agent seen", "greeting heard")
    rows = tuple(
        (name, f"{percentile(taken, 50):.3f}", f"{percentile(taken, 95):.3f}")
        for name, taken in zip(names, columns, strict=True)
    )
    return [
        Table(
            title="Joining (seconds from the token call)",
            columns=("by then", "p50", "p95"),
            rows=rows,
            note=f"{JOINS} sessions one after the other, authored lines, embedded voices.",
        )
    ]


async def _join(house: House) -> tuple[float, float, float, float]:
    began_s = time.monotonic()
    ticket = await house.mint(SCENE)
    minted_s = time.monotonic()
    async with Person(ticket.server_url, ticket.token) as person:
        joined_s = time.monotonic()
        await person.until(lambda: person.attribute("lk.agent.state"), limit_s=30)
        seen_s = time.monotonic()
        heard_s = await person.until(lambda: person.first_sound_after(began_s), limit_s=30)
        await person.command("end")
        await asyncio.wait_for(person.disconnected.wait(), 30)
    return tuple(t - began_s for t in (minted_s, joined_s, seen_s, heard_s))  # type: ignore[return-value]
