"""How many rooms this machine plays: answer times, memory and CPU with 1, 2, 4 and more rooms.

The synthetic people run on the same cores, so the figures are on the safe side. Sizes are PSS (a
process's own memory and its share of what is shared) of the job processes.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.house import House, open_house
from bench.person import Person
from bench.recordings import recording
from bench.room import QUESTIONS, SCENE
from bench.table import Table, percentile

ROOMS = (1, 2, 4)
TURNS = 4
LOST_S = 15.0
"""A turn without an answer after this long counts as lost."""
_TICK_HZ = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Load:
    """What so many rooms cost."""

    rooms: int
    replies_s: list[float] = field(default_factory=list)
    cpu_cores: float = 0.0
    pss_mb: float = 0.0
    alarms: int = 0
    overlap_s: float = 0.0


async def measure() -> Iterable[Table]:
    """One table, a row for each number of rooms."""
    loads = [await _load(rooms) for rooms in ROOMS]
    rows = tuple(
        (
            str(load.rooms),
            f"{percentile(load.replies_s, 50):.2f}",
            f"{percentile(load.replies_s, 95):.2f}",
            f"{load.cpu_cores / load.rooms:.2f}",
            f"{load.pss_mb / load.rooms:.0f}",
            str(sum(reply_s >= LOST_S for reply_s in load.replies_s)),
            str(load.alarms),
            f"{load.overlap_s:.2f}",
        )
        for load in loads
    )
    return [
        Table(
            title="Rooms at once",
            columns=(
                "rooms",
                "reply p50 (s)",
                "p95",
                "CPU cores a room",
                "MB a room",
                "turns lost",
                "alarms",
                "two voices at once (s)",
            ),
            rows=rows,
            note=(
                f"{TURNS} spoken turns in each room at the same time, all embedded; one Whisper "
                "process serves every room. CPU and memory are the job processes'. Alarms count "
                "`loop.blocked` and `slower than realtime` in the worker's log."
            ),
        )
    ]


async def _load(rooms: int) -> Load:
    scenes = str(Path(__file__).parent / "scenes")
    load = Load(rooms)
    with tempfile.TemporaryDirectory() as folder:
        env = {"REPARTEE_SCENARIOS": scenes, "REPARTEE_MAX_ROOMS": str(rooms)}
        async with open_house(Path(folder), **env) as house, AsyncExitStack() as stack:
            people = []
            for _ in range(rooms):
                ticket = await house.mint(SCENE)
                person = Person(ticket.server_url, ticket.token)
                people.append(await stack.enter_async_context(person))
                await person.until(lambda p=person: p.last_sound(), limit_s=40)
            began_s, before_s = time.monotonic(), _cpu_s(house)
            replies = await asyncio.gather(*(_talk(p, n) for n, p in enumerate(people)))
            load.cpu_cores = (_cpu_s(house) - before_s) / (time.monotonic() - began_s)
            load.replies_s = [reply for of_one in replies for reply in of_one]
            load.pss_mb = sum(_pss_mb(pid) for pid in _jobs(house)[-rooms:])
            log = house.log("worker")
            load.alarms = log.count("loop.blocked") + log.count("slower than realtime")
            load.overlap_s = sum(person.overlap_s() for person in people)
    return load


async def _talk(person: Person, number: int) -> list[float]:
    replies = []
    for turn in range(TURNS):
        await person.until_quiet(1.0, limit_s=60)
        ended_s = await person.say(recording(QUESTIONS[(turn + number) % len(QUESTIONS)], "en"))
        try:
            heard_s = await person.until(
                lambda e=ended_s: person.first_sound_after(e), limit_s=LOST_S
            )
            replies.append(heard_s - ended_s)
        except TimeoutError:
            replies.append(LOST_S)
    return replies


def _jobs(house: House) -> list[int]:
    """The job processes: the worker's descendants with the most CPU time, busiest last."""
    found = [house.pids["worker"]]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return sorted(found[1:], key=_ticks)


def _cpu_s(house: House) -> float:
    return sum(_ticks(pid) for pid in _jobs(house)) / _TICK_HZ


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
