"""The reader's limits and scalars: failures.md row Y1 and its neighbours."""

import pytest

from scenarios.errors import Problem, ScenarioErrors
from scenarios.yaml_reader import MAX_DEPTH, MAX_PROBLEMS, Value, read


def refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioErrors) as caught:
        read(text, file="scene.yaml")
    return caught.value.problems


def reported(text: str) -> tuple[Problem, ...]:
    return read(text, file="scene.yaml").problems


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        (".inf", ".inf"),
        ("'true'", "true"),
        ('"12"', "12"),
        ("|\n  12\n", "12\n"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("9" * 5000, "9" * 5000),
        ("[a, 1]", ("a", 1)),
        ("{a: 1, 2: b}", {"a": 1, 2: "b"}),
    ],
)
def test_y1_scalars_mean_what_yaml_1_2_says(written: str, meant: Value) -> None:
    value = read(f"field: {written}", file="scene.yaml").value
    assert isinstance(value, dict)
    assert value == {"field": meant}
    assert type(value["field"]) is type(meant)


def test_y1_alias_bomb_is_refused_unexpanded() -> None:
    lines = ["a0: &a0 [boum]"]
    lines += [f"a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(9))}]" for n in range(1, 8)]
    problems = refused("\n".join(lines))
    assert {one.code for one in problems} == {"E-ALIAS"}
    assert (problems[0].line, problems[0].field) == (1, "a0")
    assert len(problems) == MAX_PROBLEMS


@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "a:\n"])
def test_y1_deep_nesting_is_refused_where_it_goes_too_deep(opener: str) -> None:
    if opener == "a:\n":
        text = "".join(f"{' ' * level}a:\n" for level in range(600))
    else:
        text = opener * 5000
    (problem,) = refused(text)
    assert problem.code == "E-DEPTH"
    assert problem.line == (MAX_DEPTH + 1 if opener == "a:\n" else 1)


def test_y1_depth_of_twenty_is_read() -> None:
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert read(text, file="scene.yaml").problems == ()


def test_y1_duplicate_key_names_both_lines() -> None:
    (problem,) = reported("id: a\ntitle: b\nid: c\n")
    assert (problem.code, problem.line, problem.column) == ("E-DUPLICATE-KEY", 3, 1)
    assert "line 1" in problem.cause


@pytest.mark.parametrize("pair", ['1: a, "1": b', "1: a, 01: b", '"a": 1, a: 2'])
def test_y1_keys_that_read_the_same_are_duplicates(pair: str) -> None:
    assert [one.code for one in reported(f"anchors: {{{pair}}}")] == ["E-DUPLICATE-KEY"]


def test_y1_first_of_two_equal_keys_is_kept_with_its_place() -> None:
    document = read("a: 1\na: [2]\n", file="scene.yaml")
    assert document.value == {"a": 1}
    assert document.place(("a",)) == (1, 4)


@pytest.mark.parametrize(
    ("text", "line"), [("a:\n\tb: 1\n", 2), ("a: x\n\tb: 1\n", 2), ("a:\n  b: 1\n \tc: 2\n", 3)]
)
def test_y1_tab_in_the_indentation_is_shown(text: str, line: int) -> None:
    (problem,) = refused(text)
    assert (problem.code, problem.line) == ("E-TAB", line)


def test_tab_inside_a_text_is_read() -> None:
    assert read('a: "b\tc"', file="scene.yaml").value == {"a": "b\tc"}


def test_y1_leading_byte_order_mark_is_dropped() -> None:
    document = read("\ufeffa: 1", file="scene.yaml")
    assert document.value == {"a": 1}
    assert document.place(("a",)) == (1, 4)


@pytest.mark.parametrize("character", ["\0", "\x07", "\ufeff", "\u202e", "\U000e0041", "\ud800"])
def test_characters_that_cannot_be_meant_are_refused_at_their_place(character: str) -> None:
    (problem,) = refused(f"a: 1\nb: x{character}\n")
    assert (problem.code, problem.line, problem.column) == ("E-CHARACTER", 2, 5)
    assert f"U+{ord(character):04X}" in problem.cause


def test_characters_from_escape_sequences_are_refused_too() -> None:
    (problem,) = reported('a: "x\\0"')
    assert (problem.code, problem.field) == ("E-CHARACTER", "a")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n...\n", "~"])
def test_empty_file_says_where_to_begin(text: str) -> None:
    (problem,) = refused(text)
    assert (problem.code, problem.line, problem.column) == ("E-EMPTY", 1, 1)
    assert "schema: 1" in problem.hint


def test_second_document_is_refused_at_its_line() -> None:
    (problem,) = refused("a: 1\n---\nb: 2\n")
    assert (problem.code, problem.line) == ("E-DOCUMENTS", 2)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!str", "!x", "!"])
def test_tags_are_refused(tag: str) -> None:
    (problem,) = reported(f"a: {tag} b")
    assert (problem.code, problem.line, problem.field) == ("E-TAG", 1, "a")


def test_anchor_alone_is_refused() -> None:
    (problem,) = reported("a: &x 1")
    assert problem.code == "E-ALIAS"


@pytest.mark.parametrize("text", ["a: {{ name }}", "? [a]\n: b", "{[a]: b}", "{*a : b}"])
def test_keys_are_plain_words(text: str) -> None:
    assert refused(text)[-1].code in ("E-KEY", "E-ALIAS", "E-SYNTAX")


def test_value_count_is_bounded() -> None:
    (problem,) = refused("a: [" + "1," * 30_000 + "]")
    assert problem.code == "E-SIZE"


def test_places_follow_the_field_path() -> None:
    document = read("cast:\n  - id: a\n    voice: {pitch: 0.5}\n", file="scene.yaml")
    assert document.place(("cast", 0, "voice", "pitch")) == (3, 20)
    assert document.place(("cast", 0, "voice", "pitch"), key=True) == (3, 13)
    assert document.place(("cast", 0, "name")) == (2, 5)


def test_problem_is_one_line_in_the_documented_form() -> None:
    (problem,) = reported("a: &x 1")
    assert str(problem).startswith("scene.yaml:1:4: error E-ALIAS a: ")
    assert "\n" not in str(problem)
