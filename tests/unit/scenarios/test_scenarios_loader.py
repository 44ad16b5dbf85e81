"""Files into scenes, and pinned texts back into them: failures.md rows Y1, Y2 and Y5."""

import hashlib
from pathlib import Path

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.loader import load, parse, problems_in
from tests.fakes.scene_file import SMALL_SCENE, SceneFile

TINY = """\
schema: 1
id: a
title: T
language: en
summary: "S: s"
learner: {role: r}
cast:
  - id: b
    name: B
    persona: >-
      p
      q
    voice: {pitch: -0.1}
    understudy: {opening: ["x"], lines: ['y'], closing: [z]}
phases:
  - id: c
    goal: g # why
    turns: {min: 1, max: 2}
"""


def test_loaded_scene_has_its_text_hash_and_folder(scene: SceneFile) -> None:
    loaded = load(scene.path)
    assert loaded.scenario.id == "debat"
    assert loaded.text == SMALL_SCENE
    assert loaded.hash == hashlib.sha256(SMALL_SCENE.encode()).hexdigest()
    assert loaded.folder == scene.folder
    assert loaded.warnings == ()


def test_folder_means_its_scenario_file(scene: SceneFile) -> None:
    assert load(scene.folder) == load(scene.path)


def test_byte_order_mark_and_line_ends_change_no_field(scene: SceneFile) -> None:
    plain = load(scene.path).scenario
    scene.write(b"\xef\xbb\xbf" + SMALL_SCENE.replace("\n", "\r\n").encode())
    assert load(scene.path).scenario == plain


def test_y5_pinned_text_parses_to_the_same_scene(scene: SceneFile) -> None:
    loaded = load(scene.path)
    assert parse(loaded.text, file="pinned") == loaded.scenario


def test_y5_edit_does_not_reach_a_pinned_scene(scene: SceneFile) -> None:
    pinned = load(scene.path)
    scene.change("title: Le débat", "title: Autre chose")
    edited = load(scene.path)
    assert parse(pinned.text, file="pinned").title == "Le débat"
    assert edited.scenario.title == "Autre chose"
    assert edited.hash != pinned.hash


def test_y5_pinned_text_needs_no_file_and_no_newer_rule(scene: SceneFile) -> None:
    scene.change("[morel, roche]", "[roche]")
    (scene.folder / "knowledge" / "fret.md").unlink()
    with pytest.raises(ScenarioErrors):
        load(scene.path)
    assert parse(scene.text, file="pinned").phases[0].speakers == ("roche",)


def test_pinned_text_that_is_broken_is_refused_with_a_line() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse(SMALL_SCENE.replace("language: fr", "language: es"), file="pinned")
    assert [(one.file, one.line) for one in caught.value.problems] == [("pinned", 4)]


def test_y1_no_and_clock_times_stay_text(scene: SceneFile) -> None:
    scene.change("title: animatrice", "title: no")
    scene.change("goal: conclure", "goal: 12:30")
    scenario = load(scene.path).scenario
    assert (scenario.cast[0].title, scenario.phases[1].goal) == ("no", "12:30")


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [("*morel", "E-ALIAS"), ("&x Claire Morel", "E-ALIAS"), ("!!str Claire", "E-TAG")],
)
def test_y1_form_alone_refuses_a_scene(scene: SceneFile, spoilt: str, code: str) -> None:
    scene.change("name: Claire Morel", f"name: {spoilt}")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == (code, "cast[0].name")


def test_message_of_the_error_lists_all_problems(scene: SceneFile) -> None:
    scene.change("language: fr", "language: es")
    scene.change("pitch: 0.1", "pitch: 3")
    with pytest.raises(ScenarioErrors) as caught:
        load(scene.path)
    lines = str(caught.value).splitlines()
    assert [line.split(" ")[2] for line in lines] == ["E-CHOICE", "E-RANGE"]
    assert lines[0].startswith(f"{scene.path}:4:11: error ")


def _places(path: Path) -> list[tuple[int, int]]:
    """Places of a file's problems, each of which is one printable line."""
    problems = problems_in(path)
    assert all("\n" not in str(one) for one in problems)
    return [(one.line, one.column) for one in problems]


@pytest.mark.parametrize("put", ["", "\t", "{", "*"])
def test_each_single_spoilt_character_loads_or_is_a_problem_with_a_line(
    tmp_path: Path, put: str
) -> None:
    path, lines = tmp_path / "a.yaml", len(TINY.splitlines()) + 1
    for at in range(len(TINY)):
        path.write_text(TINY[:at] + put + TINY[at + 1 :], encoding="utf-8")
        assert all(1 <= line <= lines and column >= 1 for line, column in _places(path))


def test_each_truncation_loads_or_is_a_problem_with_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for length in range(len(TINY)):
        path.write_text(TINY[:length], encoding="utf-8")
        assert all(line >= 1 for line, _ in _places(path))


def test_unspoilt_tiny_scene_has_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(TINY, encoding="utf-8")
    assert _places(path) == []
