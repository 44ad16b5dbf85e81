"""A person's seat in a room of a real house, and what a test may learn about it from outside."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from bench.house import House, Ticket
from bench.person import Caption, Person

SCENES = Path(__file__).parent / "scenes"
LIMIT_S = 40.0
"""How long anything may take on a busy machine before a test gives up on it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in one room of one house."""

    house: House
    ticket: Ticket
    person: Person

    @property
    def path(self) -> str:
        """The session's address."""
        return f"/api/sessions/{self.ticket.room}"

    async def session(self) -> dict[str, Any]:
        """Where the session stands; {} before it is on record."""
        try:
            found: dict[str, Any] = await self.house.call("GET", self.path)
        except aiohttp.ClientResponseError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return {}
            raise
        return found

    async def turns(self, *, settled_s: float = 0.3) -> list[dict[str, Any]]:
        """What the transcript holds, once nothing came for so long: the journal writes behind the
        voices."""
        before = None
        while True:
            found = list((await self.house.call("GET", f"{self.path}/transcript"))["turns"])
            if found == before or not settled_s:
                return found
            before = found
            await asyncio.sleep(settled_s)

    async def cast_turns(self, count: int) -> list[dict[str, Any]]:
        """The cast's turns, once there are so many: the journal writes behind the voices."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                said = [turn for turn in await self.turns() if turn["speaker"] != "learner"]
                if len(said) >= count:
                    return said
                await asyncio.sleep(0.05)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the session's record tells of that kind, in order."""
        database = self.house.data_dir / "repartee.db"
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
            asked = "SELECT data FROM events WHERE room = ? AND kind = ? ORDER BY seq"
            found = store.execute(asked, (self.ticket.room, kind)).fetchall()
        store.close()
        return [json.loads(data) for (data,) in found]

    async def greeted(self, lines: int = 1) -> None:
        """Waits until so many of the cast have greeted and it is quiet."""
        await self.person.until(lambda: len(self.person.lines()) >= lines, limit_s=LIMIT_S)
        await self.quiet()

    async def begun(self) -> None:
        """Waits until a first line sounds."""
        await self.person.until(lambda: self.person.captions, limit_s=LIMIT_S)

    async def quiet(self, quiet_s: float = 0.6) -> None:
        """Waits until nobody was heard for that long."""
        await self.person.until_quiet(quiet_s, limit_s=LIMIT_S)

    async def reply_to(self, text: str) -> Caption:
        """Types a line and waits for the first caption of the answer to it to end."""
        return await self.line_after(await self.person.write(text))

    async def line_after(self, moment_s: float) -> Caption:
        """Waits for the first caption that begins after that moment to end."""

        def line() -> Caption | None:
            return next((c for c in self.person.lines() if c.opened_s > moment_s), None)

        found: Caption = await self.person.until(line, limit_s=LIMIT_S)
        return found

    async def gone(self) -> None:
        """Waits until the server has put the person out."""
        await self.person.until(self.person.disconnected.is_set, limit_s=LIMIT_S)


@asynccontextmanager
async def seated(house: House, scene: str, **fields: Any) -> AsyncIterator[Seat]:
    """A person in a fresh room of that scene; the session is over when the block is left."""
    ticket = await house.mint(scene, **fields)
    async with Person(ticket.server_url, ticket.token) as person:
        seat = Seat(house, ticket, person)
        try:
            yield seat
        finally:
            if await seat.session():
                await house.call("POST", f"{seat.path}/end")


async def exited(house: House, room: str, *, jobs: int = 1, since: int = 0) -> str:
    """Waits until so many jobs of that room are over; the worker's log from `since` on."""

    def over() -> int:
        lines = house.log("worker").splitlines()
        return sum('"process exiting"' in line and room in line for line in lines)

    async with asyncio.timeout(LIMIT_S):
        while over() < jobs:  # noqa: ASYNC110 - a fact about another process
            await asyncio.sleep(0.1)
    return house.log("worker")[since:]
