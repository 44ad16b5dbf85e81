"""Scripted tests on a simulated clock, and the command that plays them."""

from pathlib import Path
from typing import Any

import pytest

from agents.manager.__main__ import main
from agents.manager.beats import BeatKind
from agents.manager.rehearsal import LINE_S, Rehearsal, rehearse
from tests.fakes.scenes import debate

EVENT = {"id": "fuite", "when": {"after_s": 60}, "by": "roche", "do": "say", "say": "Tenez donc."}

GOOD = """\
schema: 1
id: petit
title: Petit
language: fr
summary: Une question.
learner: {role: ministre}
cast:
  - id: morel
    name: Claire Morel
    persona: Rigoureuse.
    understudy: {opening: ["Bonsoir."], lines: ["Et après ?", "Vraiment ?"], closing: ["Merci."]}
phases:
  - {id: debat, goal: une question, turns: {max: 3}}
tests:
  - {say: "Bonsoir.", expect: {speaker: morel, says: "après"}}
"""


def failures(test: dict[str, Any], **changes: Any) -> tuple[str, ...]:
    (checked,) = rehearse(debate(tests=[test], **changes))
    return checked.failures


@pytest.mark.parametrize(
    "test",
    [
        {"say": "Bonsoir.", "expect": {"speaker": "morel", "phase": "ouverture"}},
        {"say": "Monsieur Roche, votre avis ?", "expect": {"speaker": "roche", "ends": False}},
        {"say": "Roche ?", "expect": {"says": "ROCHE LINE"}},
        {"wait_s": 70, "expect": {"event": "fuite", "speaker": "roche", "says": "tenez"}},
        {"wait_s": 200, "expect": {"ends": True}},
        {"expect": {"speaker": "morel", "says": "morel opens"}},
        {"say": "Bonsoir.", "wait_s": 70, "expect": {"speaker": "morel", "event": "fuite"}},
    ],
)
def test_what_holds_is_no_failure(test: dict[str, Any]) -> None:
    assert failures(test, events=[EVENT]) == ()


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ({"say": "Bonsoir.", "expect": {"speaker": "roche"}}, "expected roche, heard morel"),
        ({"say": "Bonsoir.", "expect": {"phase": "conclusion"}}, "is ouverture"),
        ({"wait_s": 10, "expect": {"event": "fuite"}}, "fired none"),
        ({"say": "Bonsoir.", "expect": {"says": "au revoir"}}, "nobody said"),
        ({"say": "Bonsoir.", "expect": {"ends": True}}, "goes on"),
    ],
)
def test_what_does_not_hold_is_named(test: dict[str, Any], says: str) -> None:
    (failure,) = failures(test, events=[EVENT])
    assert says in failure


def test_every_line_takes_its_time() -> None:
    rehearsal = Rehearsal(debate())
    rehearsal.open()
    assert rehearsal.now_s == 4 * LINE_S
    rehearsal.say("Bonsoir.")
    assert rehearsal.now_s == 6 * LINE_S


def test_learner_who_goes_on_and_on_is_cut_off_in_mid_sentence() -> None:
    rehearsal = Rehearsal(debate(moderation={"by": "kerbrat", "turn_s": 10}))
    rehearsal.open()
    began_s = rehearsal.now_s
    take = rehearsal.say("Je continue. " * 60)

    assert take.spoken[0].beat.kind is BeatKind.CUT_IN
    assert take.spoken[0].beat.persona == "kerbrat"
    assert rehearsal.manager.memory[-2].text == " ".join(["Je continue."] * 12 + ["Je"])
    assert rehearsal.now_s == began_s + 10 + LINE_S


def test_learner_who_is_brief_is_not_cut_off() -> None:
    rehearsal = Rehearsal(debate(moderation={"by": "kerbrat", "turn_s": 10}))
    rehearsal.open()
    take = rehearsal.say("Je continue. " * 12)

    assert take.spoken[0].beat.kind is not BeatKind.CUT_IN


def test_guests_and_pages_are_told_of() -> None:
    events = [
        {"id": "venue", "when": {"heard": ["témoin"]}, "by": "castan", "do": "arrive"},
        {
            "id": "piece", "when": {"heard": ["page"]}, "by": "morel", "do": "show",
            "document": {"title": "Page", "text": "Rien."},
        },
    ]  # fmt: skip
    rehearsal = Rehearsal(debate(events=events))
    rehearsal.open()

    assert rehearsal.say("Voici mon témoin.").arrived == ("castan",)
    assert rehearsal.say("Voici ma page.").shown == ("piece",)
    assert rehearsal.say("Voilà.").shown == ()


def test_the_command_says_how_many_tests_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "petit"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(GOOD)
    assert main(["play", str(folder), "-v"]) == 0
    out = capsys.readouterr().out
    assert "petit: 1 of 1 tests hold" in out
    assert "Claire Morel (answer): Et après ?" in out
    (folder / "scenario.yaml").write_text(GOOD.replace("après}", "jamais}").replace('"après"', "x"))
    assert main(["play", str(folder / "scenario.yaml")]) == 1
    assert "!! says" in capsys.readouterr().out


def test_the_command_names_a_file_that_does_not_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scenario.yaml").write_text("schema: 1\n")
    assert main(["play", str(tmp_path)]) == 2
    assert "scenario.yaml" in capsys.readouterr().err
    assert main(["play", "no-such-scene"]) == 2
