"""`python -m scenarios`: exit codes and output, as other programs read them."""

import json
import re
from pathlib import Path

import pytest

from scenarios.__main__ import main
from scenarios.catalogue import LIBRARY, scenes_below
from tests.fakes.scene_file import SceneFile

ROOT = Path(__file__).parents[3]
LINE = re.compile(
    r"^(?P<file>.+):(?P<line>\d+):(\d+): (error|warning) (?P<code>[EW]-[A-Z-]+) \S+: .+\.( .+)?$"
)

Output = pytest.CaptureFixture[str]


def test_clean_scene_exits_0_and_prints_no_problem(scene: SceneFile, capsys: Output) -> None:
    assert main(["lint", str(scene.path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("old", "new"), [("lead: morel", "lead: x"), (", 3: parfois", ""), ("schema: 1", "schema: [")]
)
def test_errors_and_warnings_exit_1_in_the_documented_form(
    scene: SceneFile, capsys: Output, old: str, new: str
) -> None:
    scene.change(old, new)
    assert main(["lint", str(scene.folder)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    found = LINE.match(line)
    assert found
    assert found["file"] == str(scene.path)


@pytest.mark.parametrize("form", ["list", "text"])
def test_schema_errors_are_told_with_what_they_kept_from_being_checked(
    scene: SceneFile, capsys: Output, form: str
) -> None:
    for old, new in [
        ("language: fr", "language: es"),
        ("{gender: male}", "{gender: mal}"),
        ("lead: morel", "lead: x"),
        ("by: roche", "by: x"),
        ("secret: morel.rapport", "secret: morel.x"),
    ]:
        scene.change(old, new)
    assert main(["lint", str(scene.path)] + ["--json"] * (form == "list")) == 1
    said = capsys.readouterr().out
    lines = [(one["code"], one["line"]) for one in json.loads(said)] if form == "list" else []
    for found in (LINE.match(one) for one in said.splitlines() if form == "text"):
        assert found
        lines.append((found["code"], int(found["line"])))
    voice = scene.line_of("{gender: mal}")
    assert lines == [("E-CHOICE", 4), ("E-CHOICE", voice), ("W-UNCHECKED", voice)]


def test_json_holds_the_same_fields(scene: SceneFile, capsys: Output) -> None:
    scene.change("lead: morel", "lead: moral")
    assert main(["lint", "--json", str(scene.path)]) == 1
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem == {
        "file": str(scene.path),
        "line": scene.line_of("lead: moral"),
        "column": 11,
        "severity": "error",
        "code": "E-UNKNOWN-CHARACTER",
        "field": "phases[0].lead",
        "cause": 'there is no character "moral"',
        "hint": 'Did you mean "morel"?',
    }


def test_json_of_a_clean_scene_is_an_empty_list(scene: SceneFile, capsys: Output) -> None:
    assert main(["lint", str(scene.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_folder_of_scenes_is_linted_whole(tmp_path: Path, capsys: Output) -> None:
    for name in ("one", "two"):
        SceneFile(tmp_path / name).change("lead: morel", "lead: x")
    assert main(["lint", str(tmp_path)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_path_without_a_scene_exits_2(tmp_path: Path, capsys: Output) -> None:
    assert main(["lint", str(tmp_path)]) == 2
    assert main(["lint", str(tmp_path / "none.yaml")]) == 2
    assert main(["describe", "no-such-scene"]) == 2
    assert "no such scene" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["lint"], ["dance"], ["lint", "--xml", "a"]])
def test_wrong_usage_exits_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


def test_describe_takes_a_path_and_tells_problems(scene: SceneFile, capsys: Output) -> None:
    assert main(["describe", str(scene.path)]) == 0
    assert capsys.readouterr().out.startswith("Le débat (debat, fr)\n")
    scene.change("lead: morel", "lead: x")
    assert main(["describe", str(scene.folder)]) == 1
    assert "E-UNKNOWN-CHARACTER" in capsys.readouterr().err


def test_describe_takes_each_slug_of_the_library(capsys: Output) -> None:
    for path in scenes_below(LIBRARY):
        assert main(["describe", path.parent.name]) == 0
        assert f"({path.parent.name}, " in capsys.readouterr().out


def test_describe_hints_at_a_misspelt_slug(capsys: Output) -> None:
    assert main(["describe", "debat-tvv"]) == 2
    assert '"debat-tv"' in capsys.readouterr().err


def test_schema_json_is_what_the_models_say(capsys: Output) -> None:
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    stored = (ROOT / "scenarios" / "schema.json").read_text(encoding="utf-8")
    assert stored == printed, "run: python -m scenarios schema > scenarios/schema.json"
