"""Who speaks next: how long deciding takes, how often a model is asked, and what people notice.

Selection is timed by the wall clock over what simulated people say in every scene of the library;
with a model, against a vendor on loopback. The scenes themselves are played in virtual time.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

from agents.manager.manager import MultiAgentManager
from agents.manager.ports import Question
from agents.manager.rehearsal import Rehearsal
from agents.roleplay.chooser import OptimizerChooser
from bench.simulation.people import Kind, Person
from bench.simulation.played import Played, library, play
from bench.simulation.words import Fault
from bench.table import Table, percentile
from bench.vendor import Delays, vendor
from scenarios.catalogue import LIBRARY, Catalogue
from scenarios.schema import Scenario
from services.settings import load_settings
from services.wiring import open_services

TURNS = 1000
ANSWERS = 40
LIMIT_S = 0.3
CHECKS = ("overlap", "silence", "leak", "loop", "speaks_for", "ignored", "trodden", "airtime")


async def measure() -> Iterable[Table]:
    """The tables of the manager."""
    return [await _selection(), *await asyncio.to_thread(_simulations)]


async def _selection() -> Table:
    """How long a decision takes, and how often it is left to a model."""
    without: list[float] = []
    tied = total = 0
    questions = []
    for manager, words in _situations():
        began_s = time.perf_counter()
        manager.answer(words, 30.0)
        without.append(time.perf_counter() - began_s)
        question = manager.question(words)
        total += 1
        tied += question is not None
        if question is not None:
            questions.append((manager.scenario, question))
    with_model, used = await _asked(questions[:ANSWERS])
    rows = (
        ("without a model", *_ms(without), f"{total}"),
        ("with a model, first token after 0.15 s", *_ms(with_model), f"{len(with_model)}"),
        ("left to the model", f"{tied / total:.1%}", "", f"{tied}"),
        ("of these answered within 0.3 s", f"{used / max(1, len(with_model)):.0%}", "", f"{used}"),
    )
    return Table(
        title="Who speaks next (milliseconds)",
        columns=("", "p50", "p99", "decisions"),
        rows=rows,
        note=(
            "What six kinds of people say and the authors' scripted tests, in all scenes of the "
            "library. With a model: the question put to a vendor on loopback when the person has "
            "finished; in a room it is asked while they still speak."
        ),
    )


def _situations() -> Iterator[tuple[MultiAgentManager, str]]:
    """A manager in the middle of a scene, and what it hears next."""
    for id in library():
        scenario = Catalogue((LIBRARY,)).get(id).scenario
        for seed, kind in enumerate(Kind):
            rehearsal = Rehearsal(scenario, seed=seed)
            rehearsal.open()
            person = Person(kind, scenario, Random(seed))
            said = [one.say for one in scenario.tests if one.say] if seed == 0 else []
            people = [person.next([one.id for one in scenario.cast]).words for _ in range(12)]
            for words in (*said, *people):
                if rehearsal.ended:
                    break
                yield rehearsal.manager, words
                rehearsal.say(words)


async def _asked(questions: list[tuple[Scenario, Question]]) -> tuple[list[float], int]:
    """Seconds until the choice or the limit, and how many choices came in time."""
    taken, used = [], 0
    async with vendor(delays=Delays(first_token_s=0.15, word_s=0.004)) as stub:
        env = {**os.environ, "OPENAI_API_KEY": "bench", "OPENAI_BASE_URL": stub.url}
        async with open_services(load_settings(env)) as services:
            for scenario, question in questions:
                chooser = OptimizerChooser(services.optimizer, scenario, room="bench")
                stub.answers.append(
                    json.dumps({"speaker": question.candidates[-1], "why": "bench"})
                )
                began_s = time.perf_counter()
                choice = await chooser.choose(question, limit_s=LIMIT_S)
                taken.append(time.perf_counter() - began_s)
                used += choice is not None
    return taken, used


def _simulations() -> list[Table]:
    """TURNS turns with every kind of person, then every fault once."""
    began_s = time.perf_counter()
    by_kind: dict[str, list[Played]] = {str(kind): [] for kind in Kind}
    seed = 0
    while sum(len(one.tape.turns) for runs in by_kind.values() for one in runs) < TURNS:
        for id in library():
            for kind in Kind:
                by_kind[str(kind)].append(play(id, kind, seed=seed))
        seed += 1
    people = _noticed("What people notice, by person", by_kind)
    took_s = time.perf_counter() - began_s
    kinds = list(Kind)
    by_fault = {
        str(fault): [
            play(id, kinds[(at + shift) % len(kinds)], fault=fault, seed=7)
            for at, id in enumerate(library())
            for shift in (0, 3)
        ]
        for fault in Fault
    }
    note = f"The first table took {took_s:.1f} s; silences are those above 4 s after a turn."
    return [people, _noticed("What people notice, with one thing broken", by_fault, note=note)]


def _noticed(title: str, runs: dict[str, list[Played]], *, note: str = "") -> Table:
    rows, sums = [], Counter[str]()
    for name, played in runs.items():
        found = Counter(one.kind for run in played for one in run.noticed())
        turns = sum(len(run.tape.turns) for run in played)
        sums.update(found)
        sums["turns"] += turns
        sums["scenes"] += len(played)
        cells = (str(len(played)), str(turns), *(str(found[check]) for check in CHECKS))
        rows.append((name.replace("_", " "), *cells))
    total = ("in all", *(str(sums[name]) for name in ("scenes", "turns", *CHECKS)))
    checks = tuple(check.replace("_", " ") for check in CHECKS)
    return Table(
        title=title,
        columns=("", "scenes", "turns", *checks),
        rows=(*rows, total),
        note=note,
    )


def _ms(values: list[float]) -> tuple[str, str]:
    if not values:
        return "-", "-"
    return tuple(f"{percentile(values, at) * 1000:.2f}" for at in (50, 99))  # type: ignore[return-value]
