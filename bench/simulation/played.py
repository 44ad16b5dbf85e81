"""One scene played by one simulated person to its end, and many of them, in virtual time."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

from agents.manager.phases import phase_of, speakers_in
from agents.manager.scene import Scene
from agents.roleplay.journal import Journal
from agents.stage.house import House
from agents.stage.staging import stage_scene
from bench.simulation.loop import LoopClock, in_virtual_time
from bench.simulation.people import Kind, Person
from bench.simulation.room import Room
from bench.simulation.shelf import Alone, Shelf
from bench.simulation.tape import Tape
from bench.simulation.verdict import Noticed, leaks, noticed
from bench.simulation.words import Actor, Fault, Sent, optimizer_over
from scenarios.catalogue import LIBRARY, Catalogue
from scenarios.schema import Scenario, Secret
from services.llm.prompts.store import shipped
from services.sessions.records import SessionEvent, SessionRecord, TurnRecord
from services.settings import Settings

ROOM = "s-" + "5" * 32
MOST_S = 3600.0
NOBODY = ""
DROPS_AT, AWAY_S = 5, 8.0
"""Every person's phone drops once, after so many turns, for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scene that was played: what sounded, what models were sent, what is on record."""

    scenario: Scenario
    kind: Kind
    fault: Fault
    seed: int
    reason: str
    tape: Tape
    sent: tuple[Sent, ...] = ()
    turns: tuple[TurnRecord, ...] = ()
    events: tuple[SessionEvent, ...] = ()
    session: SessionRecord | None = None
    canaries: Mapping[str, str] = field(default_factory=dict)

    def noticed(self) -> list[Noticed]:
        """What a listener noticed."""
        return [*noticed(self.scenario, self.tape), *leaks(self.sent, self.canaries, self.tape)]


def play(id: str, kind: Kind, *, fault: Fault = Fault.NONE, seed: int = 0) -> Played:
    """The library's scene of that id, played by that kind of person."""
    return in_virtual_time(_play(id, kind, fault, seed))


def library() -> tuple[str, ...]:
    """Ids of the library's scenes."""
    return tuple(_catalogue().ids())


@cache
def _catalogue() -> Catalogue:
    return Catalogue((LIBRARY,))


def with_canaries(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """The scene with words planted that are nowhere else, and who may be told each.

    One in what only one character knows, one in a secret of each that no event releases: nobody
    may be told that one.
    """
    canaries: dict[str, str] = {}
    cast = []
    for at, one in enumerate(scenario.cast):
        known, hidden = f"zqk{at}x", f"zqs{at}x"
        canaries |= {known: one.id, hidden: NOBODY}
        planted = {
            "knows": (*one.knows, f"{known}."),
            "secrets": (*one.secrets, Secret(id="zq-hidden", text=f"{hidden}.")),
        }
        cast.append(one.model_copy(update=planted))
    return scenario.model_copy(update={"cast": tuple(cast)}), canaries


async def _play(id: str, kind: Kind, fault: Fault, seed: int) -> Played:
    rng, clock, shelf = Random(f"{id}:{kind}:{seed}"), LoopClock(), Shelf()
    catalogue = _catalogue()
    loaded = catalogue.get(id)
    scenario, canaries = with_canaries(loaded.scenario)
    names = {one.id: one.name for one in scenario.cast}
    actor = None if fault is Fault.NO_MODEL else Actor(fault, Random(seed), names=names)
    session = await shelf.open(
        SessionRecord(
            room=ROOM,
            user="simulated",
            scenario_id=id,
            scenario_hash=f"{loaded.hash}-{seed}",
            scenario_text=loaded.text,
            language=scenario.language,
            started_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        )
    )
    house = House(
        settings=Settings(),
        clock=clock,
        store=shelf,
        presence=Alone(),
        optimizer=optimizer_over(actor, clock, Random(seed)),
        templates=shipped(),
        catalogue=catalogue,
        ears=(),
        engines=(),
    )
    journal = Journal(shelf, clock, room=ROOM)
    roleplay = stage_scene(house, scenario, session, (), journal=journal, learner_name="Camille")
    room = Room(roleplay, voiceless=fault is Fault.VOICES_DEAD)
    person = Person(kind, scenario, rng)
    writing = asyncio.create_task(journal.run())
    acting = asyncio.create_task(_act(room, person, scenario, roleplay.snapshot))
    try:
        async with asyncio.timeout(MOST_S):
            reason = await roleplay.run(room)
            await room.settled()
    finally:
        acting.cancel()
        await asyncio.gather(acting, return_exceptions=True)
        await journal.drain(10.0)
        writing.cancel()
        await house.optimizer.aclose()
    return Played(
        scenario=scenario,
        kind=kind,
        fault=fault,
        seed=seed,
        reason=reason,
        tape=room.tape,
        sent=tuple(actor.sent) if actor else (),
        turns=await shelf.turns(ROOM),
        events=tuple(shelf.happened),
        session=shelf.session,
        canaries=canaries,
    )


async def _act(room: Room, person: Person, scenario: Scenario, snapshot: Any) -> None:
    """The person, until the scene is over."""
    turns = 0
    while True:
        scene = Scene.from_json(snapshot())
        there = speakers_in(scenario, phase_of(scenario, scene), scene)
        await room.act(person.next(there))
        turns += 1
        if turns == DROPS_AT:
            await room.settled()
            await room.drop_out(AWAY_S)


def every(seeds: Iterable[int] = (0,)) -> Iterable[tuple[str, Kind, int]]:
    """Each scene of the library with each kind of person, for each seed."""
    return ((id, kind, seed) for seed in seeds for id in library() for kind in Kind)
