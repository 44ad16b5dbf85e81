"""A session's decisions made again from its record: the same to the byte, or the difference."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from agents.errors import OtherVersion
from agents.manager.replay import Replayed, replay
from scenarios.schema import Scenario
from tests.fakes.scenes import cast_with, debate
from tests.fakes.takes import Improvised, Take


def lively() -> Scenario:
    """A debate in which everything can happen."""
    temper = {"talkativeness": 0.9, "interruption": 0.8, "patience": 0.2, "hostility": 0.6}
    return debate(
        cast=cast_with("roche", temper=temper, secrets=[{"id": "note", "text": "Une note."}]),
        phases=[
            {
                "id": "ouverture",
                "goal": "ouvrir",
                "lead": "morel",
                "speakers": ["morel", "roche", "kerbrat"],
                "opening": "parallel",
                "turns": {"max": 9},
            },
            {"id": "suite", "goal": "débattre", "lead": "roche", "turns": {"max": 200}},
        ],
        events=[
            {"id": "venue", "when": {"after_s": 40}, "by": "castan", "do": "arrive"},
            {"id": "fuite", "when": {"turns": 3}, "by": "roche", "do": "release",
             "secret": "roche.note"},
            {"id": "piece", "when": {"heard": ["budget"]}, "by": "morel", "do": "show",
             "document": {"title": "Budget", "text": "Trois milliards."}},
            {"id": "bons", "when": {"score_from": 3}, "by": "kerbrat", "do": "say", "say": "Bien."},
            {"id": "colere", "when": {"mood": {"of": "roche", "impatience_above": 0.5}},
             "by": "roche", "do": "say", "say": "Cela suffit."},
        ],
        points=[{"heard": ["fret"], "add": 2}, {"heard": ["ridicule"], "add": -1, "once": False}],
        limits={"duration_s": 7200, "turns": 400, "silence_end_s": 900},
    )  # fmt: skip


@cache
def improvised(seed: int) -> Take:
    return Improvised(lively(), seed).play(90)


def played(seed: int) -> Take:
    """A copy that a test may change."""
    take = improvised(seed)
    return replace(take, notes=list(take.notes), turns=list(take.turns))


def again(take: Take) -> list[Replayed]:
    return list(replay(take.scenario, take.seed, take.notes, take.turns))


def differences(take: Take) -> list[tuple[str, ...]]:
    return [one.differences for one in again(take) if one.differences]


@pytest.mark.parametrize("seed", range(5))
def test_recorded_session_replays_to_the_byte(seed: int) -> None:
    take = played(seed)

    assert len(take.notes) > 150
    assert differences(take) == []


def test_every_kind_of_move_is_among_those_that_replay() -> None:
    done = {one.do for seed in range(5) for one in again(played(seed))}

    assert done >= {
        "opened", "begin", "answer", "cut_in", "tick", "returned", "skip", "judged", "performed",
    }  # fmt: skip


def test_every_decision_is_made_again() -> None:
    take = played(3)
    decisions = [data for kind, data in take.notes if kind == "decision"]
    made = [one.decision for one in again(take) if one.decision is not None]

    assert len(made) == len(decisions) > 30
    assert all(data["reason"] in reason for data, reason in zip(decisions, made, strict=True))


def test_s2_session_taken_up_by_another_job_replays_on_from_there() -> None:
    scene = Improvised(lively(), 5)
    scene.play(30)
    scene.restart()
    take = scene.play(30)

    assert differences(take) == []
    assert [one.do for one in again(take)].count("restored") == 1


def tampered(kind: str, do: str | None, changes: dict[str, Any]) -> Take:
    """A record in which one note of that kind was changed."""
    take = played(2)
    at = next(
        at
        for at, (one, data) in enumerate(take.notes)
        if one == kind and do in {None, data.get("do")} and data.keys() >= changes.keys()
        and any(data[key] != value for key, value in changes.items())
    )  # fmt: skip
    take.notes[at] = (kind, {**take.notes[at][1], **changes})
    return take


@pytest.mark.parametrize(
    ("kind", "do", "changes", "told"),
    [
        ("decision", None, {"chosen": ["kerbrat", "morel"]}, "chosen: recorded"),
        ("decision", None, {"reason": "somebody said so"}, "reason: recorded"),
        ("decision", None, {"ignored": True}, "ignored: recorded"),
        ("move", "performed", {"cut": True}, "scene: recorded"),
        ("move", "judged", {"shifts": {"morel": [-1.0, 1.0]}}, "scene: recorded"),
        ("move", "judged", {"shifts": {"morel": ["x", 1.0]}}, "cannot be made again"),
        ("move", "answer", {"at_s": 0.25}, "scene: recorded"),
        ("move", "answer", {"plan": "0123456789ab"}, "plan: recorded"),
        ("move", "answer", {"heard": "u9999"}, "the words of u9999 were not kept"),
        ("move", "answer", {"seen": 4000}, "cannot be made again"),
        ("move", "performed", {"beat": "a9999-1"}, "no plan has the beat"),
        ("move", "opened", {"seed": 1}, "scene: recorded"),
        ("move", "tick", {"do": "sing"}, "unknown move"),
    ],
)
def test_tampered_record_is_found(kind: str, do: str | None, changes: Any, told: str) -> None:
    found = differences(tampered(kind, do, changes))

    assert told in found[0][0]


@pytest.mark.parametrize("version", [0, 99, None, "1"])
def test_record_of_another_version_is_not_compared(version: object) -> None:
    take = tampered("move", "opened", {"version": version})

    with pytest.raises(OtherVersion, match="recorded by another version"):
        again(take)


def test_record_outlives_a_field_that_is_added_empty() -> None:
    take = played(2)
    old = [(kind, {k: v for k, v in data.items() if k != "tied"}) for kind, data in take.notes]
    take.notes = [
        (kind, data if data.get("tied") else without)
        for (kind, data), (_, without) in zip(take.notes, old, strict=True)
    ]

    assert differences(take) == []


def test_words_that_were_changed_are_found() -> None:
    take = played(2)
    at = next(at for at, said in enumerate(take.turns) if said.text.startswith("Monsieur Roche"))
    said = take.turns[at]
    take.turns[at] = replace(said, text="Madame Kerbrat, votre avis ?")

    assert any("chosen: recorded" in one for found in differences(take) for one in found)


def test_decision_that_is_missing_is_found() -> None:
    take = played(2)
    at = next(at for at, (kind, _) in enumerate(take.notes) if kind == "decision")
    del take.notes[at]

    assert ("no decision was recorded",) in differences(take)


def test_decision_without_a_move_is_found() -> None:
    take = played(2)
    at = next(at for at, (_, data) in enumerate(take.notes) if data.get("do") == "answer")
    del take.notes[at]

    assert differences(take)


def test_what_was_measured_is_not_compared() -> None:
    take = played(2)
    take.notes = [
        (kind, {**data, "took_ms": 99.0} if kind == "decision" else data)
        for kind, data in take.notes
    ]

    assert differences(take) == []
