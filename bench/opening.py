"""An opening of four characters against one of a single character: when the first sound is heard.

Both scenes are the same but for the cast. Words come from a vendor stub with stated delays; nothing
is cached, so that every first line is asked for. The sessions take turns.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from bench.house import House, open_house
from bench.person import Person
from bench.table import Table, percentile
from bench.vendor import Delays, vendor

SESSIONS = 4
BASE = Path(__file__).parent / "scenes" / "bench-room" / "scenario.yaml"
FIRST_WORD_S, WORD_S = 0.150, 0.020


async def measure() -> Iterable[Table]:
    """The table of openings."""
    delays = Delays(first_token_s=FIRST_WORD_S, word_s=WORD_S)
    heard: dict[int, list[float]] = {1: [], 4: []}
    whole: list[float] = []
    async with vendor(delays=delays, words=10) as stub:
        with tempfile.TemporaryDirectory() as folder:
            scenes = Path(folder) / "scenes"
            for size in heard:
                await asyncio.to_thread(_write, scenes, size)
            env = {
                "OPENAI_API_KEY": "bench",
                "OPENAI_BASE_URL": stub.url,
                "LLM_CACHE_ENABLED": "false",
                "REPARTEE_SCENARIOS": str(scenes),
            }
            async with open_house(Path(folder) / "data", **env) as house:
                for _ in range(SESSIONS):
                    for size, times in heard.items():
                        await asyncio.sleep(4.0)  # the worker readies the next idle process
                        first_s, last_s = await _opened(house, size)
                        times.append(first_s)
                        if size > 1:
                            whole.append(last_s)
    rows = [(_name(size), *_figures(times)) for size, times in heard.items()]
    rows.append(("all four heard", *_figures(whole)))
    return [
        Table(
            title="An opening (seconds from joining the room)",
            columns=("first sound", "p50", "p95"),
            rows=tuple(rows),
            note=(
                f"{SESSIONS} sessions each, in turns. The stub takes {FIRST_WORD_S:.3f} s to the "
                f"first token and {WORD_S:.3f} s a word; ten words a line, embedded voices."
            ),
        )
    ]


def _write(scenes: Path, size: int) -> None:
    """The room's scene with a cast of that size, all of whom open it at once."""
    scene: dict[str, Any] = yaml.safe_load(BASE.read_text("utf-8"))
    cast = scene["cast"]
    fourth = {
        **deepcopy(cast[1]),
        "id": "dan",
        "name": "Dan Reed",
        "voice": {"gender": "male", "pitch": 0.5},
    }
    scene["cast"] = [*cast, fourth][:size]
    scene["id"] = f"bench-opening-{size}"
    phase = scene["phases"][0]
    del phase["speakers"]
    phase["opening"] = "parallel"
    folder = scenes / scene["id"]
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scene, sort_keys=False), "utf-8")


async def _opened(house: House, size: int) -> tuple[float, float]:
    """Seconds from joining to the first sound, and to the end of the last first line."""
    ticket = await house.mint(f"bench-opening-{size}")
    began_s = time.monotonic()
    async with Person(ticket.server_url, ticket.token) as person:
        first_s = await person.until(lambda: person.first_sound_after(began_s), limit_s=30)
        await person.until(lambda: len(person.lines()) >= size, limit_s=60)
        done_s = time.monotonic()
        await person.command("end")
        await asyncio.wait_for(person.disconnected.wait(), 30)
    return float(first_s) - began_s, done_s - began_s


def _name(size: int) -> str:
    return "one character opens" if size == 1 else f"{size} characters open"


def _figures(values: list[float]) -> tuple[str, str]:
    return f"{percentile(values, 50):.3f}", f"{percentile(values, 95):.3f}"
