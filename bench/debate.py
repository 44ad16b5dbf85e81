"""A debate over HTTP with a slow vendor: the first round in parallel, against the same in sequence.

The vendor takes SLOW_S for one of the two speakers and QUICK_S for the other. Beside it the same
prompts are sent to the same vendor one after the other, as a plain loop over agents does.
"""

import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp

from bench.house import House, open_house
from bench.table import Table
from bench.vendor import Delays, Vendor, vendor

SLOW_S, QUICK_S = 3.0, 2.0
SCENE, ORDER = "debat-tv", ("roche", "castan")
ROUNDS = 3

Told = tuple[str, float, dict[str, Any]]


async def measure() -> Iterable[Table]:
    """The table of a debate."""
    async with vendor(delays=Delays.none(), words=20) as stub:
        env = {"OPENAI_API_KEY": "bench", "OPENAI_BASE_URL": stub.url, "REPARTEE_MAX_ROOMS": "1"}
        with tempfile.TemporaryDirectory() as folder:
            async with open_house(Path(folder), **env) as house:
                stub.pace = await _paces(house)
                began = await _debate(house)
                await stub.settled()
                known = len(stub.calls)
                told = await _debate(house)
                await stub.settled()
                calls = list(stub.calls)[known:]
                prompts = [(call.model, call.texts) for call in calls if call.route == "chat"]
        one_by_one = await _sequence(stub, prompts)
    return [_table(began, told, one_by_one)]


async def _paces(house: House) -> dict[str, Delays]:
    """Each speaker's delay, found in a prompt by who it says that the model is."""
    found = await house.call("GET", f"/api/scenarios/{SCENE}")
    names = {one["id"]: one["name"] for one in found["cast"]}
    slow, quick = (names[one] for one in ORDER)
    return {
        f"Tu es {slow}": Delays(first_token_s=SLOW_S, word_s=0.0),
        f"Tu es {quick}": Delays(first_token_s=QUICK_S, word_s=0.0),
    }


async def _debate(house: House) -> list[Told]:
    """Each event of the stream: its kind, seconds since the call, its data."""
    body = {"topic": "Faut-il payer la route ?", "rounds": ROUNDS, "agentOrder": ORDER}
    told: list[Told] = []
    began_s, kind = time.monotonic(), ""
    async with (
        aiohttp.ClientSession(house.http_url) as http,
        http.post(
            "/api/debate",
            json=body | {"scenario": SCENE},
            headers={"Accept": "text/event-stream"},
        ) as answer,
    ):
        answer.raise_for_status()
        async for raw in answer.content:
            line = raw.decode().rstrip()
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                data = json.loads(line.removeprefix("data:"))
                told.append((kind, time.monotonic() - began_s, data))
    return told


async def _sequence(stub: Vendor, prompts: list[tuple[str, list[str]]]) -> list[float]:
    """Seconds of each of those calls, made one after the other without anything of ours."""
    taken = []
    async with aiohttp.ClientSession() as http:
        for model, texts in prompts:
            messages = [{"role": "user", "content": text} for text in texts]
            began_s = time.monotonic()
            async with http.post(
                f"{stub.url}/chat/completions", json={"model": model, "messages": messages}
            ) as answer:
                await answer.read()
            taken.append(time.monotonic() - began_s)
    return taken


def _round_1_s(told: list[Told]) -> float:
    """When the last line of the first round had come."""
    return max(at_s for kind, at_s, data in told if kind == "line" and data["round"] == 1)


def _table(began: list[Told], told: list[Told], one_by_one: list[float]) -> Table:
    rows = []
    first = _round_1_s(told)
    rounds = max(at_s for kind, at_s, _ in told if kind == "line")
    whole = next(at_s for kind, at_s, _ in told if kind == "done")
    speakers = len(ORDER)
    for name, ours, theirs in (
        ("round 1", first, sum(one_by_one[:speakers])),
        (f"{ROUNDS} rounds", rounds, sum(one_by_one[: speakers * ROUNDS])),
        ("with the synthesis", whole, sum(one_by_one)),
    ):
        rows.append((name, f"{ours:.2f}", f"{theirs:.2f}"))
    slowest = max(one_by_one[:speakers])
    rows.append(("round 1 against its slowest speaker", f"{first / slowest:.3f} x", ""))
    fresh = f"{_round_1_s(began) / slowest:.3f} x"
    rows.append(("the same, first debate after the start", fresh, ""))
    return Table(
        title="A debate over HTTP (seconds)",
        columns=("", "Repartee", "one call after the other"),
        rows=tuple(rows),
        note=(
            f"Two speakers, for whom the vendor takes {SLOW_S:g} and {QUICK_S:g} s; the same "
            "prompts to the same vendor."
        ),
    )
