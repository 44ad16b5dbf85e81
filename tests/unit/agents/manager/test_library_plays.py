"""Every scene of the library, played offline: its own tests, and all the way to its end."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from agents.manager.beats import BeatKind
from agents.manager.names import Address, Roster
from agents.manager.rehearsal import play_through, rehearse
from scenarios.loader import load
from scenarios.schema import Scenario

LIBRARY = Path(__file__).resolve().parents[4] / "scenarios" / "library"
FILES = sorted(LIBRARY.glob("*/scenario.yaml"))


@cache
def read(file: Path) -> Scenario:
    return load(file).scenario


@pytest.fixture(params=FILES, ids=[file.parent.name for file in FILES], scope="module")
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return read(Path(request.param))


def test_the_library_has_five_scenes() -> None:
    assert len(FILES) == 5


def test_a_library_scene_passes_its_own_tests(scenario: Scenario) -> None:
    checked = list(rehearse(scenario))
    assert len(checked) >= 8
    assert [(one.number, one.failures) for one in checked if one.failures] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_library_scene_plays_through_to_its_closing(scenario: Scenario, seed: int) -> None:
    takes = play_through(scenario, seed=seed)
    spoken = [spoken for take in takes for spoken in take.spoken]
    assert takes[-1].ended is not None
    assert spoken[-1].beat.kind is BeatKind.CLOSING
    assert {beat.phase for beat in (one.beat for one in spoken)} == {p.id for p in scenario.phases}
    for character in scenario.cast:
        lines = [one.text for one in spoken if one.beat.persona == character.id]
        assert lines, f"{character.id} never speaks"
        assert all(line.strip() for line in lines)
        assert all(one != after for one, after in pairwise(lines))


def test_a_library_scene_never_leaves_the_learner_without_an_answer(scenario: Scenario) -> None:
    takes = play_through(scenario, seed=1)
    said = [take for take in takes if take.decisions and take.spoken]
    assert len(said) >= len(takes) // 2
    assert len({spoken.beat.id for take in takes for spoken in take.spoken}) == sum(
        len(take.spoken) for take in takes
    )


def test_every_member_of_a_library_cast_answers_to_their_names(scenario: Scenario) -> None:
    roster = Roster(scenario)
    french = scenario.language == "fr"
    honorifics = ("Madame", "Monsieur") if french else ("Ms.", "Mr.")
    asks = "votre avis ?" if french else "what do you think?"
    for one in scenario.cast:
        first, surname = one.name.split(" ", 1)
        honorific = honorifics[one.voice.gender == "male"]
        for calling in (one.name, first, surname, f"{honorific} {surname}"):
            assert roster.addressed(f"{calling}, {asks}").ids == (one.id,), calling


def test_lines_of_other_scenes_address_nobody_in_a_library_scene(scenario: Scenario) -> None:
    roster = Roster(scenario)
    others = [read(file) for file in FILES]
    lines = {
        line
        for other in others
        if other.language == scenario.language and other.id != scenario.id
        for one in other.cast
        for phase in other.phases
        for line in (*one.understudy.lines_for(phase.id), *(h.say for h in one.understudy.heard))
    }
    assert len(lines) > 100
    assert [line for line in lines if roster.addressed(line) != Address()] == []
