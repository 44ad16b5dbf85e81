"""A turn in a real room: from the end of a person's speech to the first sound of a character.

A livekit-server, the app, a worker and a synthetic person on this machine; words, hearing and
voices from a vendor stub with stated delays, or all of it embedded. Beside it: barge-in, "mm-hm",
typed lines, the gap between two voices, and whether two were ever heard at once.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp

from agents.stage.clauses import FIRST_MAX_WORDS
from agents.stage.hearing import PAUSE_S
from bench.house import House, Ticket, open_house
from bench.person import Person
from bench.recordings import Pcm, recording
from bench.table import Table, percentile
from bench.vendor import Delays, vendor

TURNS, CUTS = 30, 10
EMBEDDED_TURNS, EMBEDDED_CUTS = 12, 5
SCENE = "bench-room"
QUESTIONS = (
    "all-circuits-busy-now",
    "check-number-dial-again",
    "conf-hasjoin",
    "confbridge-locked",
)
"""Recorded English sentences of one to two seconds, each without a pause."""

FIRST_WORD_S, WORD_S, HEARING_S = 0.150, 0.020, 0.060
ANSWER_WORDS = 12


@dataclass(slots=True)
class Measured:
    """Seconds, one entry a turn."""

    replies_s: list[float] = field(default_factory=list)
    marks_s: dict[str, list[float]] = field(default_factory=dict)
    typed_s: list[float] = field(default_factory=list)
    cuts_s: list[float] = field(default_factory=list)
    resumed_s: list[float] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    overlap_s: float = 0.0


async def measure() -> Iterable[Table]:
    """The tables of a turn."""
    delays = Delays(first_token_s=FIRST_WORD_S, word_s=WORD_S, transcription_s=HEARING_S)
    async with vendor(delays=delays, words=ANSWER_WORDS) as stub:
        stub.transcripts.extend(["What would you do about it?"] * 500)
        env = {
            "OPENAI_API_KEY": "bench",
            "OPENAI_BASE_URL": stub.url,
            "REPARTEE_SPEECH": "openai",
            "REPARTEE_VOICES": "flite,espeak",
        }
        async with _seat(env) as (house, ticket, person):
            stubbed = await _play(house, ticket, person, turns=TURNS, cuts=CUTS)
    async with _seat({}) as (house, ticket, person):
        embedded = await _play(house, ticket, person, turns=EMBEDDED_TURNS, cuts=EMBEDDED_CUTS)
    return [_turns(stubbed, embedded), _marks(stubbed, embedded)]


@asynccontextmanager
async def _seat(env: dict[str, str]) -> AsyncIterator[tuple[House, Ticket, Person]]:
    scenes = str(Path(__file__).parent / "scenes")
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(Path(folder), REPARTEE_SCENARIOS=scenes, **env) as house:
            ticket = await house.mint(SCENE)
            async with Person(ticket.server_url, ticket.token) as person:
                yield house, ticket, person


async def _play(house: House, ticket: Ticket, person: Person, *, turns: int, cuts: int) -> Measured:
    measured = Measured()
    clips = [recording(name, "en") for name in QUESTIONS]
    await person.until_quiet(1.0, limit_s=30)
    for turn in range(turns):
        ended_s = await person.say(clips[turn % len(clips)])
        first_s = await _first_sound(person, ended_s)
        measured.replies_s.append(first_s - ended_s)
        await person.until_quiet(0.8, limit_s=60)
    for _ in range(cuts):
        sent_s = await person.write("What would you do about it?")
        measured.typed_s.append(await _first_sound(person, sent_s) - sent_s)
        await asyncio.sleep(1.0)
        cut_s, ended_s = await _cut(person, clips[3])
        if cut_s is not None:
            measured.cuts_s.append(cut_s)
        await _first_sound(person, ended_s)
        await person.until_quiet(1.2, limit_s=60)
    measured.gaps_s = _gaps(person)
    measured.overlap_s = person.overlap_s()
    spoken = [taken for taken in await _timings(house, ticket) if "heard" in taken]
    for taken in spoken[:turns]:  # those after a cut come later: nothing is prepared ahead there
        for mark, seconds in taken.items():
            measured.marks_s.setdefault(mark, []).append(seconds)
    return measured


async def _cut(person: Person, clip: Pcm) -> tuple[float | None, float]:
    """Speaks over a character. From the person's first sound to the last one of the line that
    was cut, None when it was over already; and the moment at which the person ended.
    """
    began_s = time.monotonic()
    ended_s = await person.say(clip)
    silent_at = [t for heard in person.heard.values() for t in heard.at_s if began_s < t < ended_s]
    return (max(silent_at) - began_s if silent_at else None), ended_s


async def _first_sound(person: Person, moment_s: float) -> float:
    found = await person.until(lambda: person.first_sound_after(moment_s), limit_s=15)
    return float(found)


def _gaps(person: Person) -> list[float]:
    """Silences between the last sound of one voice and the first of another in one answer."""
    sounds = sorted((t, h.track) for h in person.heard.values() for t in h.at_s)
    gaps = [b[0] - a[0] for a, b in pairwise(sounds) if a[1] != b[1]]
    return [gap for gap in gaps if gap < 0.8]


async def _timings(house: House, ticket: Ticket) -> list[dict[str, float]]:
    """The `timing` events of the session, from its event stream."""
    timings: list[dict[str, float]] = []
    async with (
        aiohttp.ClientSession(house.http_url) as http,
        http.get(f"/api/sessions/{ticket.room}/events") as answer,
    ):
        try:
            async with asyncio.timeout(2):
                kind = ""
                async for raw in answer.content:
                    line = raw.decode().rstrip()
                    if line.startswith("event:"):
                        kind = line.removeprefix("event:").strip()
                    elif line.startswith("data:") and kind == "timing":
                        timings.append(_numbers(json.loads(line.removeprefix("data:"))))
        except TimeoutError:
            pass
    return timings


def _numbers(event: dict[str, object]) -> dict[str, float]:
    data = event.get("data", event)
    assert isinstance(data, dict)
    return {key: float(value) for key, value in data.items() if isinstance(value, float)}


def _turns(stubbed: Measured, embedded: Measured) -> Table:
    rows = []
    for name, ours, theirs in (
        ("end of speech to first sound", stubbed.replies_s, embedded.replies_s),
        ("typed line to first sound", stubbed.typed_s, embedded.typed_s),
        ("barge-in: first sound to the cast's last", stubbed.cuts_s, embedded.cuts_s),
        ("gap between two characters", stubbed.gaps_s, embedded.gaps_s),
    ):
        rows.append((name, *_figures(ours), *_figures(theirs)))
    rows.append(("of it, inside the job, not waited for", *_figures(_own(stubbed)), "-", "-"))
    overlap = (f"{stubbed.overlap_s:.2f}", "", f"{embedded.overlap_s:.2f}", "")
    rows.append(("two voices heard at once, in all", *overlap))
    return Table(
        title="A turn in a real room (seconds)",
        columns=("", "stub p50", "p95", "embedded p50", "p95"),
        rows=tuple(rows),
        note=(
            f"{TURNS} spoken and {CUTS} typed turns; embedded {EMBEDDED_TURNS} and "
            f"{EMBEDDED_CUTS}. Stub: {FIRST_WORD_S:.3f} s to the first "
            f"token, {WORD_S:.3f} s a word, {HEARING_S:.3f} s for hearing; the voices are this "
            "machine's own. Embedded: Whisper base and authored lines in place of the stub."
        ),
    )


def _own(stubbed: Measured) -> list[float]:
    """What the job itself adds to a spoken turn: from the pause to the first sound, without the
    pause that is waited for and the stub's stated delays up to the first clause.
    """
    waited_s = PAUSE_S + HEARING_S + FIRST_WORD_S + (FIRST_MAX_WORDS - 1) * WORD_S
    return [sound_s - waited_s for sound_s in stubbed.marks_s["sound"]]


def _marks(stubbed: Measured, embedded: Measured) -> Table:
    rows = []
    for mark in ("heard", "turn_end", "asked", "first_word", "voice", "sound"):
        both = [m.marks_s.get(mark, []) for m in (stubbed, embedded)]
        rows.append((mark, *_figures(both[0]), *_figures(both[1])))
    return Table(
        title="Where the time goes (seconds from the end of speech, inside the job)",
        columns=("by then", "stub p50", "p95", "embedded p50", "p95"),
        rows=tuple(rows),
    )


def _figures(values: list[float]) -> tuple[str, str]:
    if not values:
        return "-", "-"
    return f"{percentile(values, 50):.3f}", f"{percentile(values, 95):.3f}"
