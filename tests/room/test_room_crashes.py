"""Jobs, workers and servers die in mid-scene: the cast comes back to where the scene was."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from bench.house import House, open_house
from bench.person import Person
from services.adapters.livekit_api import LiveKitRooms, mint
from services.core.ids import new_identity, new_room
from services.launch.keys import kept_keys
from services.launch.ports import free_port
from services.sessions.access import Casting, Ticket
from tests.room._processes import kill, players, worker
from tests.room._seat import LIMIT_S, SCENES, Seat, exited, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAST_BACK_S = 60.0


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port(0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def fragile(
    tmp_path_factory: pytest.TempPathFactory, metrics_port: int
) -> AsyncIterator[House]:
    """A house of our own to break; its worker lets scenes end before it goes."""
    told = {
        "REPARTEE_SCENARIOS": str(SCENES),
        "REPARTEE_DRAIN_S": "60",
        "REPARTEE_METRICS_PORT": str(metrics_port),
    }
    async with open_house(tmp_path_factory.mktemp("fragile"), **told) as opened:
        yield opened


def told_by_the_room(person: Person) -> list[str]:
    """What the person's page is told about the cast, growing as it happens."""
    told: list[str] = []

    def changed(_: str, metadata: str) -> None:
        told.append(json.loads(metadata)["repartee"].get("status", ""))

    person.room.on("room_metadata_changed", changed)
    return told


async def is_back(seat: Seat, told: list[str]) -> None:
    await seat.person.until(lambda: "agent_back" in told, limit_s=CAST_BACK_S)
    assert [one for one in told if one != "no_agent"] == ["agent_lost", "agent_back"]


async def in_mid_answer(seat: Seat) -> list[dict[str, object]]:
    """Plays into the second phase, until an answer sounds; what is on record by then."""
    await seat.begun()
    await seat.person.command("skip")
    await seat.person.until(lambda: seat.person.lines("ben"), limit_s=LIMIT_S)
    await seat.reply_to("What about the harbour, Ben?")
    known = len(seat.person.captions)
    await seat.person.write("And you, Cleo?")
    await seat.person.until(
        lambda: [c for c in seat.person.captions[known:] if c.persona == "cleo"], limit_s=LIMIT_S
    )
    return await seat.turns(settled_s=0.0)


async def on_record(seat: Seat, words: str) -> list[dict[str, object]]:
    """The turns, once those words are among them: the journal writes behind the voices."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            turns = await seat.turns()
            if any(turn["text"] == words for turn in turns):
                return turns
            await asyncio.sleep(0.05)


async def goes_on(seat: Seat, before: list[dict[str, object]]) -> None:
    """The scene is where it was, no turn was lost or doubled, and the cast answers."""
    await seat.person.until(lambda: seat.person.attribute("repartee.phase"), limit_s=LIMIT_S)
    state = await seat.person.command("state")
    assert (state["phase"], state["turns"]) == ("wrap", 2)
    answer = await seat.reply_to("And now, Ben?")
    assert answer.persona == "ben"
    after = await on_record(seat, "And now, Ben?")
    assert after[: len(before)] == before
    assert max(Counter(turn["turn_id"] for turn in after).values()) == 1
    cast = [t for t in after if t["speaker"] != "learner" and not t["cut"]]
    assert max(Counter((turn["speaker"], turn["text"]) for turn in cast).values()) == 1
    texts = [t["text"] for t in after if t["speaker"] == "learner"]
    assert texts == ["What about the harbour, Ben?", "And you, Cleo?", "And now, Ben?"]
    assert (await seat.session())["status"] == "live"
    assert seat.person.overlap_s() <= 0.04


async def test_s2_a_killed_job_is_followed_by_one_that_goes_on(fragile: House) -> None:
    async with seated(fragile, "round") as seat:
        told = told_by_the_room(seat.person)
        before = await in_mid_answer(seat)
        kill(*players(fragile))
        await is_back(seat, told)
        await goes_on(seat, before)


async def test_s2_a_late_guest_is_there_with_its_track_after_a_killed_job(fragile: House) -> None:
    async with seated(fragile, "salon") as seat:
        person = seat.person
        await seat.greeted()
        told = told_by_the_room(person)
        await seat.reply_to("Bonsoir.")
        await seat.quiet()
        await seat.reply_to("Et maintenant ?")
        await person.until(lambda: person.lines("zoe"), limit_s=LIMIT_S)
        await seat.quiet()
        arrived = (await seat.cast_turns(1))[-1]
        assert arrived["speaker"] == "zoe"
        kill(*players(fragile))
        await is_back(seat, told)
        await person.until(lambda: person.attribute("repartee.phase"), limit_s=LIMIT_S)
        roster = json.loads(person.attribute("repartee.roster"))
        assert [one["id"] for one in roster] == ["lise", "paul", "zoe"]
        asked_s = await person.write("Et vous, Zoé ?")
        answer = await seat.line_after(asked_s)
        assert answer.persona == "zoe"
        names = {one.sid: one.name for one in person.agent().track_publications.values()}
        assert sorted(names.values()) == ["lise", "paul", "zoe"]
        assert names[answer.attributes["repartee.track"]] == "zoe"
        assert person.heard["zoe"].after(asked_s) is not None
        said = [turn["text"] for turn in await seat.turns() if turn["speaker"] == "zoe"]
        assert said.count(arrived["text"]) == 1


async def test_s2_a_killed_worker_comes_back_and_its_scene_goes_on(fragile: House) -> None:
    async with seated(fragile, "round") as seat:
        told = told_by_the_room(seat.person)
        before = await in_mid_answer(seat)
        kill(worker(fragile))
        await is_back(seat, told)
        await goes_on(seat, before)


async def test_a_killed_livekit_server_costs_no_turn(fragile: House) -> None:
    async with seated(fragile, "round") as seat:
        before = await in_mid_answer(seat)
        reconnected = asyncio.Event()
        seat.person.room.on("reconnected", reconnected.set)
        kill(fragile.pids["livekit"])
        await seat.person.until(reconnected.is_set, limit_s=CAST_BACK_S)
        await goes_on(seat, before)


async def test_s6_a_second_dispatch_finds_the_room_taken(fragile: House) -> None:
    keys = kept_keys(fragile.data_dir / "livekit.keys")
    rooms = LiveKitRooms(
        fragile.livekit_url,
        api_key=keys.api_key,
        api_secret=keys.api_secret,
        agent_name="roleplay",
    )
    try:
        async with seated(fragile, "round") as seat:
            await seat.begun()
            casting = Casting(scenario="round", language="en", user="local")
            await rooms.dispatch(seat.ticket.room, casting.to_json())
            log = await exited(fragile, seat.ticket.room)
            assert '"job.room_taken"' in log
            inside = await rooms.participants(seat.ticket.room)
            assert [one.agent for one in inside].count(True) == 1
            await seat.greeted(lines=3)
            assert [line.persona for line in seat.person.lines()] == ["ada", "ben", "cleo"]
            assert seat.person.overlap_s() <= 0.04
            assert (await seat.session())["status"] == "live"
    finally:
        await rooms.aclose()


async def test_s12_a_blocked_job_is_reported_and_its_line_goes_on(fragile: House) -> None:
    mark = len(fragile.log("worker"))
    async with seated(fragile, "duo") as seat:
        await seat.begun()
        stopped = players(fragile)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        answer = await seat.reply_to("Are you still there, Ben?")
        assert answer.persona == "ben"
        await seat.person.until(
            lambda: '"loop.blocked"' in fragile.log("worker")[mark:], limit_s=LIMIT_S
        )


async def test_s3_s1_a_worker_that_leaves_plays_to_the_end_and_who_comes_then_is_told(
    fragile: House,
) -> None:
    async with seated(fragile, "duo") as seat:
        await seat.begun()
        os.kill(worker(fragile), signal.SIGTERM)
        assert (await seat.reply_to("Do you stay, Ben?")).persona == "ben"
        async with seated(fragile, "duo") as late:
            told = told_by_the_room(late.person)
            await late.person.until(lambda: told, limit_s=LIMIT_S)
            assert told == ["no_agent"]
            assert not late.person.lines()
            await seat.person.command("end")
            await seat.gone()
            assert seat.person.lines()[-1].text == "Thank you for coming today."
            assert (await seat.session())["status"] == "ended"
            await late.person.until(lambda: "agent_back" in told, limit_s=CAST_BACK_S)
            await late.begun()
            assert (await late.reply_to("And now, Ben?")).persona == "ben"


async def test_s7_a_scene_that_cannot_be_opened_closes_its_room_and_is_counted(
    fragile: House, metrics_port: int
) -> None:
    keys = kept_keys(fragile.data_dir / "livekit.keys")
    ticket = Ticket(
        room=new_room(),
        identity=new_identity("local"),
        name="Learner",
        casting=Casting(scenario="nowhere", language="en", user="local"),
    )
    token = mint(ticket, api_key=keys.api_key, api_secret=keys.api_secret, agent_name="roleplay")
    async with Person(fragile.livekit_url, token) as person:
        await person.until(person.disconnected.is_set, limit_s=LIMIT_S)
    await exited(fragile, ticket.room)
    with pytest.raises(aiohttp.ClientResponseError, match="404"):
        await fragile.call("GET", f"/api/sessions/{ticket.room}")
    url = f"http://127.0.0.1:{metrics_port}"
    async with aiohttp.ClientSession(url) as http, http.get("/metrics") as answer:
        counted = await answer.text()
    assert 'repartee_caught_total{where="job"} 1.0' in counted
