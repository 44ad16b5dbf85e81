"""What a listener hears when a vendor fails: the 16 rows of the table F, and the first word's time.

The first vendor has the fault, the second is well; then both have it. Ours, the openai SDK and
LiteLLM's Router are judged by the one rule of `bench.fault_rules`.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bench import peers
from bench.fault_rules import DEADLINE_S, GIVE_UP_S, ROWS, RULE, TITLES, Seen, judge
from bench.optimizing import opened
from bench.peer_faults import DEAD_URL
from bench.questions import line, wire_messages
from bench.table import Table
from bench.vendor import Delays, Vendor, vendor
from services.llm.optimizer import LLMOptimizer
from services.llm.outcome import Outcome, Source
from services.llm.request import Request, TaskType
from services.llm.structured import schema_of, structured

PEERS = ("openai SDK", "LiteLLM Router", "LiteLLM Router, no retries")
FIRST_WORDS = {"F4": "dead (refused)", "F3": "dead (503)", "F6": "silent", "F16": "cut"}
UNDERSTUDY = "Do go on, I am listening."
SPARE = (
    "My board wants that answered before anything is signed. Which of the two would you give up? "
    "I need one figure for the reserve by Monday."
)
"""What the second vendor says: nothing of it stands in the first one's answers."""

DELAYS = Delays(first_token_s=0.15, word_s=0.02)


class Choice(BaseModel):
    """What F14 asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: Literal["okafor", "bell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer: as any client's caller sees it, and as our outcome tells it."""

    seen: Seen
    outcome: Outcome


async def measure() -> Iterable[Table]:
    """Two tables: verdicts row by row, and first words."""
    with TemporaryDirectory() as folder:
        async with vendor(delays=DELAYS) as first, vendor(delays=DELAYS) as spare:
            run = Run(first, spare, Path(folder))
            ours = {row: await run.one(row) for row in ROWS}
            alone = {row: await run.one(row, everywhere=True) for row in ROWS}
            for stub in (first, spare):
                stub.fail("chat", None)
            spare.answers.extend([SPARE] * 1000)
            theirs = await peers.play(
                "faults",
                url=first.url,
                spare_url=spare.url,
                messages=wire_messages(_line()),
                json={"response_format": _response_format()},
                clients=PEERS,
                faults=ROWS,
            )
    seen = {name: {row: _seen(one) for row, one in rows.items()} for name, rows in theirs.items()}
    return [_verdicts(ours, alone, seen), _first_words(ours, alone, seen)]


class Run:
    """Two vendors, and a fresh optimizer for every row: no breaker remembers the row before."""

    def __init__(self, first: Vendor, spare: Vendor, folder: Path) -> None:
        self._first = first
        self._spare = spare
        self._folder = folder
        self._numbers = itertools.count(1)

    async def one(self, row: str, *, everywhere: bool = False) -> Heard:
        """One call with the fault at the first vendor, or at both."""
        fault = None if row == "F4" else row
        self._first.fail("chat", fault)
        self._spare.fail("chat", fault if everywhere else None)
        self._spare.answers.clear()
        self._spare.answers.append(SPARE if row != "F14" else '{"speaker":"bell"}')
        url, spare_url = self._first.url, self._spare.url
        if row == "F4":
            url, spare_url = DEAD_URL, DEAD_URL if everywhere else spare_url
        folder = self._folder / str(next(self._numbers))
        await asyncio.to_thread(folder.mkdir)
        async with opened(folder, url, MISTRAL_BASE_URL=spare_url) as words:
            ask = _json if row == "F14" else _speak
            try:
                async with asyncio.timeout(GIVE_UP_S):
                    return await ask(words.optimizer)
            except TimeoutError:
                gone = Outcome(text="", source=Source.UNDERSTUDY)
                return Heard(seen=Seen(hung=True, total_s=GIVE_UP_S), outcome=gone)


async def _speak(optimizer: LLMOptimizer) -> Heard:
    began = time.perf_counter()
    seen = Seen()
    answer = optimizer.stream(_line(), understudy=lambda: UNDERSTUDY)
    async for piece in answer:
        seen.text += piece
        if seen.first_s is None and piece.strip():
            seen.first_s = time.perf_counter() - began
    seen.total_s = time.perf_counter() - began
    await answer.aclose()
    if answer.outcome is None:
        raise RuntimeError("an answer ended without an outcome")
    seen.told = _told(answer.outcome)
    return Heard(seen=seen, outcome=answer.outcome)


async def _json(optimizer: LLMOptimizer) -> Heard:
    began = time.perf_counter()
    request = replace(_line(), task=TaskType.ORCHESTRATION, spoken=False)
    made = await structured(optimizer, request, Choice, default=Choice(speaker="okafor"))
    taken_s = time.perf_counter() - began
    seen = Seen(text=made.value.model_dump_json(), first_s=taken_s, total_s=taken_s)
    return Heard(seen=seen, outcome=made.outcome)


def _told(outcome: Outcome) -> frozenset[str]:
    """What the outcome tells, in the words of the rule."""
    faults = {outcome.fault, *(fault.rpartition(":")[2] for fault in outcome.faults)}
    told = set()
    if "filter" in faults:
        told.add("filter")
    if outcome.fault is not None and not outcome.complete:
        told.add("cut")
    if outcome.usage.estimated:
        told.add("estimated")
    elif outcome.usage.completion_tokens:
        told.add("usage")
    return frozenset(told)


def _seen(one: Mapping[str, Any]) -> Seen:
    return Seen(**{**one, "told": frozenset(one["told"])})


def _verdicts(
    ours: Mapping[str, Heard], alone: Mapping[str, Heard], theirs: Mapping[str, Mapping[str, Seen]]
) -> Table:
    rows = []
    for row in ROWS:
        verdicts = [judge(row, ours[row].seen), judge(row, alone[row].seen)]
        verdicts += [judge(row, theirs[name][row]) for name in PEERS]
        served = f"{ours[row].outcome.source}; {alone[row].outcome.source}"
        rows.append((row, TITLES[row], *verdicts, served))
    counts = [[row[2 + n] for row in rows].count("pass") for n in range(len(PEERS) + 2)]
    rows.append(("", "passed of 16", *map(str, counts), ""))
    return Table(
        title="Faults of a vendor",
        columns=("", "fault", "ours", "ours, both vendors", *PEERS, "ours served by"),
        rows=tuple(rows),
        note=(
            f"{RULE} The deadline is {DEADLINE_S:.0f} s for every client: a time limit of that "
            "long for the SDK and the Router. The SDK knows one vendor only and retries as it "
            "comes; the Router falls back to the second one, with its own retries or none. "
            "Served by: with the fault at the first vendor; at both (no local model here)."
        ),
    )


def _first_words(
    ours: Mapping[str, Heard], alone: Mapping[str, Heard], theirs: Mapping[str, Mapping[str, Seen]]
) -> Table:
    rows = []
    for row, what in FIRST_WORDS.items():
        cells = [_when(ours[row].seen), _when(alone[row].seen)]
        cells += [_when(theirs[name][row]) for name in PEERS]
        rows.append((what, *cells))
    return Table(
        title="First words, and the end, when the first vendor fails (s)",
        columns=("first vendor", "ours", "ours, both vendors", *PEERS),
        rows=tuple(rows),
        note=(
            "Seconds to the first word that can be spoken, and to the end of the answer; one call "
            f"each, the deadline is {DEADLINE_S:.0f} s. Healthy, the vendor's first word takes "
            f"{DELAYS.first_token_s:.2f} s. `error` is where the caller gets an exception."
        ),
    )


def _when(seen: Seen) -> str:
    first = f"{seen.first_s:.2f}" if seen.first_s is not None else "never"
    end = "given up" if seen.hung else f"{seen.total_s:.2f}"
    return f"{first} / {end}" + (" error" if seen.error else "")


def _line() -> Request:
    return replace(line(0, spoken=True), deadline_s=DEADLINE_S)


def _response_format() -> dict[str, Any]:
    schema = json.loads(schema_of(Choice))
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
