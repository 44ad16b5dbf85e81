"""What lint knows beyond types: failures.md rows Y2 and Y4."""

import itertools
import os
from pathlib import Path

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.lint.cast import alike
from scenarios.loader import load
from scenarios.schema import Voice
from tests.fakes.scene_file import SceneFile

ROCHE_VOICE = "voice: {gender: male}"
FUITE = "when: {phase: ouverture, after_s: 60}"
FIN = "  - id: fin\n    goal: conclure\n"
LINES = '      lines: ["Où est le train ?"]\n'

ERRORS = [
    ("lead: morel", "lead: moral", "E-UNKNOWN-CHARACTER", "phases[0].lead", '"morel"'),
    ("[morel, roche]", "[morel, rosh]", "E-UNKNOWN-CHARACTER", "phases[0].speakers[1]", '"roche"'),
    ("by: roche", "by: x", "E-UNKNOWN-CHARACTER", "events[0].by", "morel, roche"),
    ("{speaker: morel", "{speaker: mor", "E-UNKNOWN-CHARACTER", "tests[0].expect.speaker", "morel"),
    (FUITE, "when: {phase: ouvert}", "E-UNKNOWN-PHASE", "events[0].when.phase", '"ouverture"'),
    ("{fin: [", "{final: [", "E-UNKNOWN-PHASE", "cast[1].understudy.phases.final", '"fin"'),
    (", phase: ouverture}}", ", phase: debut}}", "E-UNKNOWN-PHASE", "tests[0].expect.phase", ""),
    ("{speaker: morel,", "{event: fuit,", "E-UNKNOWN-EVENT", "tests[0].expect.event", '"fuite"'),
    ('say: "Bonsoir.", ', "", "E-TEST", "tests[0]", "wait_s"),
    ("- id: fin", "- id: ouverture", "E-DUPLICATE-ID", "phases[1].id", "Rename"),
    ("[morel, roche]", "[morel, morel]", "E-DUPLICATE-ID", "phases[0].speakers[1]", "delete"),
    ("[morel, roche]", "[]", "E-NO-SPEAKERS", "phases[0].speakers", "whole cast"),
    ("[morel, roche]", "[roche]", "E-LEAD", "phases[0].lead", "roche"),
    ("{min: 1, max: 4}", "{min: 5, max: 4}", "E-TURNS", "phases[0].turns", "at most max"),
    ("turns: 40,", "turns: 1,", "E-UNREACHABLE", "phases[1]", "limits.turns"),
    ("time_limit_s: 120", "time_limit_s: 601", "E-UNREACHABLE", "phases[1]", "duration_s"),
    ("duration_s: 600", "duration_s: 120", "E-UNREACHABLE", "phases[1]", "duration_s"),
    (FIN, FIN + "    turns: {min: 40, max: 40}\n", "E-NO-END", "limits.turns", "turns.min"),
    ("after_s: 60", "after_s: 121", "E-NEVER-FIRES", "events[0].when.after_s", "time_limit_s"),
    ("after_s: 60", "after_s: 600", "E-NEVER-FIRES", "events[0].when.after_s", "duration_s"),
    ("after_s: 60", "turns: 5", "E-NEVER-FIRES", "events[0].when.turns", "turns.max"),
    (FUITE, "when: {turns: 41}", "E-NEVER-FIRES", "events[0].when.turns", "turns.max"),
    ("after_s: 60", "silence_s: 121", "E-NEVER-FIRES", "events[0].when.silence_s", "silence_end_s"),
    (FUITE, "when: {}", "E-NEVER-FIRES", "events[0].when", "Add phase"),
    (FUITE, "when: {heard: x, silence_s: 9}", "E-NEVER-FIRES", "events[0].when.silence_s", "two"),
    ("do: release\n    secret: morel.rapport", "do: say", "E-EVENT-NEEDS", "events[0]", "say:"),
    ("    secret: morel.rapport\n", "", "E-EVENT-NEEDS", "events[0]", "secret: character"),
    ("morel.rapport", "morel.raport", "E-UNKNOWN-SECRET", "events[0].secret", '"morel.rapport"'),
    ("{gender: male}", "{engines: {kokor: x}}", "E-UNKNOWN-ENGINE", "engines.kokor", '"kokoro"'),
    ("id: debat", "id: debat-tv", "E-FOLDER-NAME", "id", "Rename"),
    (
        "summary: Deux",
        "summary: elle a le  rapport CONFIDENTIEL, dit-on. Deux",
        "E-SECRET-SHOWN",
        "summary",
        "without the secret",
    ),
    ("goal: conclure", "goal: elle a le rapport confidentiel", "E-SECRET-SHOWN", "goal", "secret"),
]

WARNINGS = [
    ("do: release\n    secret: morel.rapport", "do: prompt", "W-SECRET", "secrets[0]", "release"),
    (", 3: parfois", "", "W-ANCHORS", "rubric[0].anchors", "0, 3 and 5"),
    (LINES, "", "W-UNDERSTUDY", "cast[1].understudy", "lines"),
    ("name: Antoine Roche", "name: claire morel", "W-SAME-NAME", "cast[1].name", "another name"),
    (ROCHE_VOICE, "voice: {gender: female}", "W-VOICE", "cast[1].voice", "pitch"),
    (ROCHE_VOICE, "voice: {pitch: -0.1, pace: 1.1}", "W-VOICE", "cast[1].voice", "gender"),
    (FIN, FIN + "    time_limit_s: 601\n", "W-TIME-LIMIT", "phases[1].time_limit_s", "duration_s"),
    ("after_s: 60", "silence_s: 61", "W-SILENCE", "events[0].when.silence_s", "silence_prompt_s"),
    ("turns: 40,", "turns: 40, silence_end_s: 60,", "W-SILENCE", "limits.silence_prompt_s", "less"),
    ('["Où est', '["Elle a le rapport confidentiel !", "Où est', "W-SECRET-SPOKEN", "[0]", "event"),
]


@pytest.mark.parametrize(("old", "new", "code", "field", "hint"), ERRORS)
def test_y2_scene_that_makes_no_sense_is_refused(
    scene: SceneFile, old: str, new: str, code: str, field: str, hint: str
) -> None:
    scene.change(old, new)
    problem = next(one for one in scene.problems() if one.code == code)
    assert problem.severity == "error"
    assert problem.field.endswith(field)
    assert hint in problem.hint
    with pytest.raises(ScenarioErrors):
        load(scene.path)


@pytest.mark.parametrize(("old", "new", "code", "field", "hint"), WARNINGS)
def test_scene_that_could_be_better_warns_and_loads(
    scene: SceneFile, old: str, new: str, code: str, field: str, hint: str
) -> None:
    scene.change(old, new)
    problem = scene.only_problem()
    assert (problem.code, problem.severity) == (code, "warning")
    assert problem.field.endswith(field)
    assert hint in problem.hint
    assert load(scene.path).warnings == (problem,)


def test_valid_scene_has_no_problem(scene: SceneFile) -> None:
    assert scene.problems() == []


def test_problem_stands_at_the_value_it_is_about(scene: SceneFile) -> None:
    scene.change("lead: morel", "lead: moral")
    problem = scene.only_problem()
    assert (problem.line, problem.column) == (scene.line_of("lead: moral"), 11)


def test_duplicate_id_names_the_first_one_s_line(scene: SceneFile) -> None:
    scene.change("- id: roche", "- id: morel")
    problem = next(one for one in scene.problems() if one.code == "E-DUPLICATE-ID")
    assert problem.line == scene.line_of("- id: morel\n    name: Antoine")
    assert f"line {scene.line_of('- id: morel')}" in problem.cause


def test_character_who_is_never_on_warns(scene: SceneFile) -> None:
    scene.change("[morel, roche]", "[morel]")
    scene.change("    goal: conclure", "    goal: conclure\n    speakers: [morel]")
    scene.change("by: roche", "by: morel")
    assert [one.code for one in scene.problems()] == ["W-IDLE"]


def test_secret_for_another_deed_warns(scene: SceneFile) -> None:
    scene.change("do: release", "do: prompt")
    assert [one.code for one in scene.problems()] == ["W-SECRET", "W-UNUSED"]


def test_weight_that_cannot_matter_warns(scene: SceneFile) -> None:
    rubric = "{id: x, label: X, weight: 0.01, anchors: {0: a, 3: b, 5: c}}\n"
    scene.change("limits:", f"  - {rubric}limits:")
    assert scene.only_problem().code == "W-WEIGHTS"


def test_phases_without_time_limit_use_up_the_scene_s_turns(scene: SceneFile) -> None:
    scene.change("    time_limit_s: 120\n", "")
    scene.change("turns: 40", "turns: 4")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-UNREACHABLE", "phases[1]")
    assert "take 4 turns" in problem.cause


def test_event_at_the_phase_s_last_moment_may_fire(scene: SceneFile) -> None:
    scene.change("after_s: 60", "after_s: 120")
    assert scene.problems() == []


def test_lint_goes_on_after_the_first_finding(scene: SceneFile) -> None:
    scene.change("lead: morel", "lead: moral")
    scene.change("by: roche", "by: x")
    scene.change("morel.rapport", "morel.x")
    codes = [one.code for one in scene.problems()]
    assert codes == ["W-SECRET", "E-UNKNOWN-CHARACTER", "E-UNKNOWN-CHARACTER", "E-UNKNOWN-SECRET"]


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (Voice(gender="female"), Voice(gender="male"), False),
        (Voice(gender="female"), Voice(gender="female"), True),
        (Voice(gender="female"), Voice(), True),
        (Voice(pitch=0.0), Voice(pitch=0.25), False),
        (Voice(pitch=0.05), Voice(pitch=0.3), False),
        (Voice(pitch=0.0), Voice(pitch=0.24), True),
        (Voice(pace=1.0), Voice(pace=1.15), False),
        (Voice(pitch=0.2, pace=1.0), Voice(pitch=0.0, pace=1.14), True),
        (Voice(engines={"openai": "a"}), Voice(engines={"openai": "b"}), False),
        (Voice(engines={"openai": "a"}), Voice(engines={"openai": "a"}), True),
        (Voice(engines={"openai": "a"}), Voice(engines={"kokoro": "b"}), True),
    ],
)
def test_voices_are_apart_by_gender_pitch_pace_or_engine(
    one: Voice, two: Voice, same: bool
) -> None:
    assert alike(one, two) is same
    assert alike(two, one) is same


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../debat-2/knowledge/x.md", "E-KNOWLEDGE-OUTSIDE"),
        ("knowledge/../../x.md", "E-KNOWLEDGE-OUTSIDE"),
        ("/etc/hostname.txt", "E-KNOWLEDGE-OUTSIDE"),
        ("~/x.md", "E-KNOWLEDGE-OUTSIDE"),
        ("..\\\\x.md", "E-KNOWLEDGE-OUTSIDE"),
        ("https://example.org/x.md", "E-KNOWLEDGE-URL"),
        ("file:///etc/passwd.txt", "E-KNOWLEDGE-URL"),
        ("//example.org/x.md", "E-KNOWLEDGE-URL"),
        ("C:/x.md", "E-KNOWLEDGE-URL"),
        ("knowledge/fret.pdf", "E-KNOWLEDGE-TYPE"),
        ("scenario.yaml", "E-KNOWLEDGE-TYPE"),
        ("knowledge", "E-KNOWLEDGE-TYPE"),
        ("knowledge/frets.md", "E-KNOWLEDGE-MISSING"),
        ("knowledge/folder.md", "E-KNOWLEDGE-MISSING"),
        ("knowledge/loop.md", "E-KNOWLEDGE-MISSING"),
        ("knowledge/link.md", "E-KNOWLEDGE-OUTSIDE"),
        ("linked/secret.md", "E-KNOWLEDGE-OUTSIDE"),
        ("knowledge/big.md", "E-KNOWLEDGE-SIZE"),
        ("knowledge/latin.md", "E-KNOWLEDGE-ENCODING"),
        ("knowledge/binary.md", "E-KNOWLEDGE-ENCODING"),
        ("knowledge/pipe.md", "E-KNOWLEDGE-MISSING"),
    ],
)
def test_y4_knowledge_that_is_no_text_inside_the_folder_is_refused(
    scene: SceneFile, tmp_path: Path, name: str, code: str
) -> None:
    outside, inside = tmp_path / "elsewhere", scene.folder / "knowledge"
    outside.mkdir()
    (outside / "secret.md").write_text("secret", encoding="utf-8")
    (inside / "folder.md").mkdir()
    (inside / "loop.md").symlink_to(inside / "loop.md")
    (inside / "link.md").symlink_to(outside / "secret.md")
    (scene.folder / "linked").symlink_to(outside)
    (inside / "big.md").write_bytes(b"x" * (256 * 1024 + 1))
    (inside / "latin.md").write_bytes("été".encode("latin-1"))
    (inside / "binary.md").write_bytes(b"\x00\x01\x02")
    os.mkfifo(inside / "pipe.md")
    scene.change("[knowledge/fret.md]", f'["{name}"]')
    problem = scene.only_problem()
    assert (problem.code, problem.field) == (code, "knowledge[0]")
    assert problem.line == scene.line_of("knowledge: [")
    with pytest.raises(ScenarioErrors):
        load(scene.path)


def test_misspelt_knowledge_file_gets_the_nearest_one(scene: SceneFile) -> None:
    scene.change("[knowledge/fret.md]", "[knowledge/frt.md]")
    assert '"knowledge/fret.md"' in scene.only_problem().hint


def test_y4_link_that_stays_inside_is_read(scene: SceneFile) -> None:
    (scene.folder / "knowledge" / "same.md").symlink_to("fret.md")
    scene.change("[knowledge/fret.md]", "[knowledge/same.md]")
    assert scene.problems() == []


def test_empty_knowledge_file_warns(scene: SceneFile) -> None:
    (scene.folder / "knowledge" / "fret.md").write_text("\n", encoding="utf-8")
    assert scene.only_problem().code == "W-KNOWLEDGE-EMPTY"


def test_y2_one_of_each_spoilt_pair_of_fields_is_reported(scene: SceneFile) -> None:
    """Problems of different rules do not hide one another."""
    whole = scene.text
    simple = [one for one in ERRORS if one[2].startswith("E-UNKNOWN")]
    for first, second in itertools.pairwise(simple):
        if whole.replace(first[0], first[1]).count(second[0]) != 1:
            continue
        scene.write(whole)
        scene.change(first[0], first[1])
        scene.change(second[0], second[1])
        assert {first[2], second[2]} <= {one.code for one in scene.problems()}
