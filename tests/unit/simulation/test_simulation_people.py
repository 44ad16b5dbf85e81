"""The library's scenes, each played by six kinds of people: nobody would notice a machine."""

import pytest

from bench.simulation.people import Kind
from bench.simulation.played import DROPS_AT, Played, library, play
from bench.simulation.words import Fault

SCENES = library()


def broken(played: Played) -> list[str]:
    return [f"{one.kind} at {one.at_s:.1f} s: {one.what}" for one in played.noticed()]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("id", SCENES)
def test_a_scene_with_such_a_person_shows_nothing_of_a_machine(id: str, kind: Kind) -> None:
    played = play(id, kind)
    assert broken(played) == []
    assert played.reason in {"completed", "duration", "turns", "silence"}
    assert any(one.floor == "cast" for one in played.tape.segments)


@pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.NONE])
def test_one_thing_broken_is_not_noticed_either(fault: Fault) -> None:
    at = list(Fault).index(fault)
    played = play(SCENES[at % len(SCENES)], list(Kind)[at % len(Kind)], fault=fault, seed=3)
    assert broken(played) == []


def test_the_same_seed_plays_the_same_scene() -> None:
    one, other = (play("debat-tv", Kind.HOSTILE, seed=5) for _ in range(2))
    assert one.tape.segments == other.tape.segments


def test_s4_a_phone_that_dropped_is_welcomed_back_once_and_the_scene_goes_on() -> None:
    played = play("conseil-administration", Kind.OFF_TOPIC)
    recaps = [one for one in played.tape.segments if one.beat and one.beat.kind == "recap"]
    assert len(recaps) == 1
    after = [turn for turn in played.tape.turns if turn.end_s > recaps[0].end_s]
    assert len(after) >= len(played.tape.turns) - DROPS_AT - 2
