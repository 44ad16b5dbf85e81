"""One track for all lines (`REPARTEE_TRACKS=shared`): who is heard where, and listeners beside."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agents.stage.tracks import REACTIONS_TRACK, SHARED_TRACK
from bench.house import House, open_house
from bench.person import Person
from tests.room._seat import LIMIT_S, SCENES, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEASURED_S = 0.04
"""Two frames: below it an overlap is the clock's grain."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house whose cast speaks on one track."""
    told = {"REPARTEE_SCENARIOS": str(SCENES), "REPARTEE_TRACKS": "shared"}
    async with open_house(tmp_path_factory.mktemp("shared"), **told) as opened:
        yield opened


def sids(person: Person) -> dict[str, str]:
    """Sid of each of the agent's tracks by its name."""
    return {one.name: one.sid for one in person.agent().track_publications.values()}


def heard_on(person: Person) -> set[str]:
    """Names of the tracks on which anything was heard."""
    return {name for name, one in person.heard.items() if one.at_s}


async def test_all_spoken_lines_share_one_track_on_demand(shared: House) -> None:
    async with seated(shared, "round") as seat:
        await seat.greeted(lines=3)
        (sid,) = {line.attributes["repartee.track"] for line in seat.person.lines()}
        assert heard_on(seat.person) == {SHARED_TRACK}
        assert sids(seat.person)[SHARED_TRACK] == sid
        assert [line.persona for line in seat.person.lines()] == ["ada", "ben", "cleo"]


async def test_listeners_of_a_shared_track_react_on_one_of_their_own_and_over_nobody(
    shared: House,
) -> None:
    async with seated(shared, "forum") as seat:
        person = seat.person
        await seat.greeted()
        for _ in range(4):
            await person.write("Ada, tell me the story.")
            told = len(person.lines())
            await person.until(
                lambda told=told: heard_on(person) > {SHARED_TRACK} or len(person.lines()) > told,
                limit_s=LIMIT_S,
            )
            if len(heard_on(person)) > 1:
                break
        reacted_s = person.heard[REACTIONS_TRACK].at_s[-1]
        await person.until(
            lambda: person.heard[SHARED_TRACK].after(reacted_s + 0.5), limit_s=LIMIT_S
        )
        assert heard_on(person) == {SHARED_TRACK, REACTIONS_TRACK}
        assert set(sids(person)) == {SHARED_TRACK, REACTIONS_TRACK}
        assert {one["persona"] for one in seat.events("reaction")} <= {"ben", "cleo"}
        assert person.overlap_s() <= MEASURED_S
        shown = {c.attributes["repartee.track"] for c in person.captions if c.persona}
        assert shown == {sids(person)[SHARED_TRACK]}
        assert all(turn["kind"] != "reaction" for turn in await seat.turns())
