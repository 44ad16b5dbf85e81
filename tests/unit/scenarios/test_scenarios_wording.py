"""What an author is told about fields of the wrong kind: failures.md row Y2."""

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.loader import load
from tests.fakes.scene_file import SceneFile

CASES = [
    ("title: Le débat", "titel: Le débat", "E-UNKNOWN-FIELD", "titel", '"title"'),
    ("{gender: male}", "{gender: mal}", "E-CHOICE", "cast[1].voice.gender", '"male"'),
    ("pitch: 0.1", "pitch: 3", "E-RANGE", "cast[0].voice.pitch", "-1 to 1"),
    ("pace: 1.0", "pace: yes", "E-TYPE", "cast[0].voice.pace", "0.5 to 2"),
    ("pace: 1.0", "pace: true", "E-TYPE", "cast[0].voice.pace", "0.5 to 2"),
    ("pace: 1.0", 'pace: "1.0"', "E-TYPE", "cast[0].voice.pace", "0.5 to 2"),
    ("pace: 1.0", "pace: .inf", "E-TYPE", "cast[0].voice.pace", "0.5 to 2"),
    ("pace: 1.0", "pace: 1e999", "E-RANGE", "cast[0].voice.pace", "0.5 to 2"),
    ("pace: 1.0", "page: 1.0", "E-UNKNOWN-FIELD", "cast[0].voice.page", '"pace"'),
    ("persona: Moqueur.", "persona: 1.10", "E-TYPE", "cast[1].persona", "quotes"),
    ("persona: Moqueur.", "persona:", "E-TYPE", "cast[1].persona", "Write a value"),
    ("persona: Moqueur.", "persona: ' '", "E-LENGTH", "cast[1].persona", "Write it"),
    ("persona: Moqueur.", "persona: " + "é" * 4001, "E-LENGTH", "cast[1].persona", "Shorten"),
    ("persona: Moqueur.", "persona: {a: b}", "E-TYPE", "cast[1].persona", "quotes"),
    ("language: fr", "language: es", "E-CHOICE", "language", "fr, en"),
    ("schema: 1", "schema: 2", "E-CHOICE", "schema", "1"),
    ("id: debat", "id: Débat TV", "E-ID", "id", '"debat-tv"'),
    ("knowledge: [knowledge/fret.md]", "knowledge: a.md", "E-TYPE", "knowledge", "[one, two]"),
    ("{min: 1, max: 4}", "4", "E-TYPE", "phases[0].turns", "{min: …"),
    ("max: 4", "max: 4.5", "E-TYPE", "phases[0].turns.max", "1 to 200"),
    ("time_limit_s: 120", "time_limit_s: 1", "E-RANGE", "phases[0].time_limit_s", "5 to 7200"),
    ("after_s: 60", "after: 60", "E-UNKNOWN-FIELD", "events[0].when.after", '"after_s"'),
    ("do: release", "do: reveal", "E-CHOICE", "events[0].do", '"release"'),
    ("{0: non,", "{7: non,", "E-RANGE", "rubric[0].anchors[7]", "0 to 5"),
    ("{0: non,", '{"0": non,', "E-TYPE", 'rubric[0].anchors."0"', "without quotes"),
    ("cost_usd: 0.30", "cost_usd: 0", "E-RANGE", "limits.cost_usd", "more than 0"),
    (
        "    goal: conclure\n",
        "    model: x\n    goal: y\n",
        "E-UNKNOWN-FIELD",
        "phases[1].model",
        "goal",
    ),
    ("{gender: male}", "{model: x}", "E-UNKNOWN-FIELD", "cast[1].voice.model", "Known here"),
    ("{fin: [", "{Fin: [", "E-ID", "cast[1].understudy.phases.Fin", '"fin"'),
]


@pytest.mark.parametrize(("old", "new", "code", "field", "hint"), CASES)
def test_y2_field_problem_has_place_path_and_hint(
    scene: SceneFile, old: str, new: str, code: str, field: str, hint: str
) -> None:
    line = scene.line_of(old)
    scene.change(old, new)
    problem = scene.only_problem()
    assert (problem.code, problem.field, problem.severity) == (code, field, "error")
    assert hint in problem.hint
    assert problem.line == line


@pytest.mark.parametrize("dial", ["patience", "hostility", "talkativeness", "interruption"])
@pytest.mark.parametrize("value", ["1.4", "-0.1", "70", "1.01"])
def test_y2_a_temper_outside_0_to_1_is_told_with_file_line_field_cause_and_hint(
    scene: SceneFile, dial: str, value: str
) -> None:
    scene.change("    persona: Moqueur.\n", f"    persona: M.\n    temper: {{{dial}: {value}}}\n")
    problem = scene.only_problem()
    assert (problem.file, problem.line) == (str(scene.path), scene.line_of("    temper:"))
    assert (problem.code, problem.severity) == ("E-RANGE", "error")
    assert problem.field == f"cast[1].temper.{dial}"
    assert problem.cause == f"the number {value} is out of range"
    assert problem.hint == "Allowed: 0 to 1."
    with pytest.raises(ScenarioErrors, match=f"{dial}: the number .* Allowed: 0 to 1"):
        load(scene.path)


@pytest.mark.parametrize("value", [".nan", ".inf", "high", "true", '"0.5"'])
def test_y2_a_temper_that_is_no_number_is_refused(scene: SceneFile, value: str) -> None:
    scene.change("persona: Moqueur.", f"persona: M.\n    temper: {{patience: {value}}}")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-TYPE", "cast[1].temper.patience")
    assert problem.hint == "Allowed: 0 to 1."


@pytest.mark.parametrize("value", ["0", "1", "0.0", "1.0", "0.35"])
def test_a_temper_from_0_to_1_is_taken(scene: SceneFile, value: str) -> None:
    scene.change("persona: Moqueur.", f"persona: M.\n    temper: {{patience: {value}}}")
    assert load(scene.path).scenario.cast[1].temper.patience == float(value)


@pytest.mark.parametrize("field", ["next", "goto", "after"])
def test_y2_phases_that_name_their_successor_and_so_might_turn_in_a_circle_are_refused(
    scene: SceneFile, field: str
) -> None:
    scene.change("    goal: conclure\n", f"    goal: conclure\n    {field}: ouverture\n")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-UNKNOWN-FIELD", f"phases[1].{field}")


def test_missing_field_is_shown_where_its_group_begins(scene: SceneFile) -> None:
    scene.change("    persona: Moqueur.\n", "")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-MISSING", "cast[1].persona")
    assert problem.line == scene.line_of("id: roche")
    assert "persona:" in problem.hint


def test_field_of_a_group_within_is_sent_there(scene: SceneFile) -> None:
    scene.change("persona: Moqueur.", "persona: Moqueur.\n    pitch: 0.3")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-UNKNOWN-FIELD", "cast[1].pitch")
    assert '"voice.pitch"' in problem.hint


def test_list_where_fields_are_wanted_is_one_problem(scene: SceneFile) -> None:
    scene.write("- a\n- b\n")
    problem = scene.only_problem()
    assert (problem.code, problem.field) == ("E-TYPE", "(file)")


def test_all_problems_are_reported_at_once_in_the_file_s_order(scene: SceneFile) -> None:
    scene.change("language: fr", "language: es")
    scene.change("pitch: 0.1", "pitch: 3")
    scene.change("max: 4", "max: many")
    scene.change("    goal: conclure\n", "    goal: a\n    goal: b\n")
    problems = scene.problems()
    assert [one.code for one in problems] == ["E-CHOICE", "E-RANGE", "E-TYPE", "E-DUPLICATE-KEY"]
    assert [one.line for one in problems] == sorted(one.line for one in problems)


def test_empty_list_is_told_once(scene: SceneFile) -> None:
    scene.change('opening: ["Bonsoir."]', "opening: []")
    problem = scene.only_problem()
    assert (problem.code, problem.cause) == ("E-LENGTH", "the list is empty")


def test_list_with_one_bad_entry_is_not_called_empty(scene: SceneFile) -> None:
    scene.change('opening: ["Bonsoir."]', "opening: [12]")
    assert scene.only_problem().code == "E-TYPE"


def test_hundreds_of_problems_are_cut_with_a_word(scene: SceneFile) -> None:
    extra = "".join(f"strange{number}: 1\n" for number in range(300))
    scene.write(scene.text + extra)
    problems = scene.problems()
    assert len(problems) == 50
    assert problems[-1].code == "E-MORE"


def test_one_word_may_stand_for_a_list_of_words(scene: SceneFile) -> None:
    scene.change("when: {phase: ouverture, after_s: 60}", "when: {heard: fret}")
    assert load(scene.path).scenario.events[0].when.heard == ("fret",)


def test_quotes_in_causes_are_short_and_printable(scene: SceneFile) -> None:
    scene.change("language: fr", 'language: "' + "x" * 3000 + '\\n"')
    assert len(scene.only_problem().cause) < 120
