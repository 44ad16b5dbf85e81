"""The analysis of a session's memory: what it takes when it is known, and what it costs when not.

A session of sixty turns on the embedded store, with a vendor on loopback that takes 0.15 s to its
first token.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from bench.table import Table, percentile
from bench.vendor import Delays, Vendor, vendor
from scenarios.catalogue import LIBRARY, Catalogue
from services.debrief.asking import About
from services.debrief.memory import turns_of
from services.sessions.records import SessionRecord, TurnRecord
from services.settings import load_settings
from services.wiring import Services, open_services

ROOM = "s-" + "7" * 32
SCENE = "debat-tv"
TURNS, READS, AT_ONCE = 60, 500, 50
DRAFT = json.dumps(
    {
        "summary": "La réforme du fret est débattue.",
        "concepts": [],
        "entities": [],
        "positions": [],
        "promises": [{"who": "learner", "text": "publier le rapport 3", "to": "", "lines": [3]}],
    }
)


async def measure() -> Iterable[Table]:
    """The table of the analysis."""
    async with vendor(delays=Delays(word_s=0.002)) as stub:
        with tempfile.TemporaryDirectory() as folder:
            env = {
                **os.environ,
                "OPENAI_API_KEY": "bench",
                "OPENAI_BASE_URL": stub.url,
                "REPARTEE_DATA_DIR": folder,
            }
            async with open_services(load_settings(env)) as services:
                await _play(services)
                rows = await _rows(services, stub)
            async with open_services(load_settings(env)) as services:
                began_s = time.perf_counter()
                await services.memory.analyse(ROOM)
                other_s = time.perf_counter() - began_s
    rows.append(("known to another process", f"{other_s * 1000:.3f}", "-", str(len(stub.calls))))
    return [
        Table(
            title="Memory of a session (milliseconds)",
            columns=("", "p50", "p99", "calls to the vendor so far"),
            rows=tuple(rows),
            note=f"{TURNS} turns; {READS} readings each. A room has the turns at hand.",
        )
    ]


async def _rows(services: Services, stub: Vendor) -> list[tuple[str, str, str, str]]:
    memory = services.memory
    loaded = Catalogue((LIBRARY,)).get(SCENE)
    about = About.of(loaded.scenario, session=ROOM, user="bench", revision="bench")
    turns = turns_of(await services.store.turns(ROOM))
    rows = []
    stub.answers.extend([DRAFT] * 4)
    began_s = time.perf_counter()
    await asyncio.gather(*(memory.analyse_turns(about, turns) for _ in range(AT_ONCE)))
    taken = [time.perf_counter() - began_s]
    rows.append(_row(f"unknown, asked {AT_ONCE} times at once", taken, stub))
    taken = []
    for _ in range(READS):
        began_s = time.perf_counter()
        found = await memory.analyse_turns(about, turns)
        taken.append(time.perf_counter() - began_s)
        assert found.cached
    rows.append(_row("known, in the process", taken, stub))
    taken = []
    await memory.analyse(ROOM)
    for _ in range(READS):
        began_s = time.perf_counter()
        await memory.analyse(ROOM)
        taken.append(time.perf_counter() - began_s)
    rows.append(_row("known, the turns read from the store", taken, stub))
    return rows


async def _play(services: Services) -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    loaded = Catalogue((LIBRARY,)).get(SCENE)
    await services.store.open(
        SessionRecord(
            room=ROOM,
            user="bench",
            scenario_id=SCENE,
            scenario_hash="bench",
            scenario_text=loaded.text,
            language=loaded.scenario.language,
            started_at=at,
        )
    )
    for number in range(1, TURNS + 1):
        turn = TurnRecord(
            room=ROOM,
            turn_id=f"u{number:04d}",
            speaker="learner",
            speaker_name="Sam",
            text=f"Nous allons publier le rapport {number} avant vendredi, comme convenu.",
            source="live",
            phase="ouverture",
            at=at,
        )
        await services.store.save_turn(turn, room=ROOM, scene=None)


def _row(name: str, taken: list[float], stub: Vendor) -> tuple[str, str, str, str]:
    figures = (f"{percentile(taken, at) * 1000:.3f}" for at in (50, 99))
    return (name, *figures, str(len(stub.calls)))  # type: ignore[return-value]
