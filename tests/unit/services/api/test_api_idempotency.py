"""`Idempotency-Key` where several processes of the app stand behind one address."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.api import claims
from services.api.app import create_app
from services.api.claims import Claims
from services.core.errors import BackendError
from services.sessions.records import Heartbeat
from tests.fakes.parts import FakeParts
from tests.fakes.store import FakePresence
from tests.unit.services.api.debates import ASKED, FakeDebates

KEYED = {"Idempotency-Key": "abc"}
LIMIT_S = 20.0
"""Nothing here takes a tenth of it; a wait that never ends then fails and says where."""
NAME = "5eb" + "0" * 37


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "ASK_S", 0.005)
    monkeypatch.setattr(claims, "BEAT_S", 0.005)


async def post(app: FastAPI, accept: str = "application/json") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        return await client.post("/api/debate", json=ASKED, headers=KEYED | {"Accept": accept})


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_two_processes_do_the_work_of_one_key_once(
    house: FakeParts, debates: FakeDebates, accept: str
) -> None:
    debates.gate = asyncio.Semaphore(2)
    apps = [create_app(house, debates=debates) for _ in range(2)]
    first = asyncio.create_task(post(apps[0], accept))
    await debates.halfway.wait()
    second = asyncio.create_task(post(apps[1]))
    await waits(house.presence)
    debates.open()
    async with asyncio.timeout(LIMIT_S):
        answers = await asyncio.gather(first, second)
    assert [one.status_code for one in answers] == [200, 200]
    assert len(debates.held) == 1
    assert answers[1].json()["synthesis"]["text"] == "In short."


async def waits(presence: FakePresence) -> None:
    """Until somebody was refused a claim."""
    refused, ask = asyncio.Event(), presence.get

    async def told(room: str) -> Heartbeat | None:
        refused.set()
        return await ask(room)

    presence.get = told  # type: ignore[method-assign]
    async with asyncio.timeout(LIMIT_S):
        await refused.wait()


async def test_the_work_of_a_process_that_died_is_taken_over(house: FakeParts) -> None:
    """Its claim is not renewed any more, and is stale after `STALE_S`."""
    dead, living = (Claims(house.presence, house.clock) for _ in range(2))
    async with AsyncExitStack() as never_left:
        await never_left.enter_async_context(dead.alone(NAME))
        house.presence.beat = no_beat  # type: ignore[method-assign]
        waiting = asyncio.create_task(done(living))
        await waits(house.presence)
        assert not waiting.done()
        house.clock.advance(claims.STALE_S + 1)
        async with asyncio.timeout(LIMIT_S):
            await waiting


async def test_work_that_lasts_keeps_its_claim(house: FakeParts) -> None:
    async with Claims(house.presence, house.clock).alone(NAME):
        waiting = asyncio.create_task(done(Claims(house.presence, house.clock)))
        await waits(house.presence)
        for _ in range(3):
            house.clock.advance(claims.STALE_S - 1)
            await renewed(house)
        assert not waiting.done()
    await waiting


async def test_a_key_that_shares_a_row_with_another_does_not_wait(house: FakeParts) -> None:
    async with Claims(house.presence, house.clock).alone(NAME):
        await done(Claims(house.presence, house.clock), NAME[:-1] + "1")


async def test_nobody_waits_while_the_store_is_away(house: FakeParts) -> None:
    async def away(beat: Heartbeat, *, stale_after_s: float) -> bool:
        raise BackendError("the store is away")

    house.presence.claim = away  # type: ignore[method-assign]
    async with Claims(house.presence, house.clock).alone(NAME):
        await done(Claims(house.presence, house.clock))


async def done(claims: Claims, name: str = NAME) -> None:
    async with asyncio.timeout(LIMIT_S), claims.alone(name):
        pass


async def no_beat(room: str, job_id: str, at: object) -> bool:
    return True


async def renewed(house: FakeParts) -> None:
    """Until the claim was renewed at the present time."""
    held: Heartbeat | None = None
    async with asyncio.timeout(LIMIT_S):
        while held is None or house.clock.now() - held.beat_at > timedelta(seconds=1):
            await asyncio.sleep(0)
            held = await house.presence.get("claim-5eb")
