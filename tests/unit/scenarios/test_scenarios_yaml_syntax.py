"""What an author is told about a file that is no YAML."""

import pytest

from scenarios.errors import ScenarioErrors
from scenarios.yaml_reader import read


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('a: 1\nb: "open\nc: 2\n', 2, "quote"),
        ("a: 'open\n", 1, "quote"),
        ("a: [b, c\nd: 1\n", 2, "["),
        ("a: {b: 1\nc: 2\n", 2, "{"),
        ("a: Le but: gagner\n", 1, "colon"),
        ("a: 1\nb\nc: 2\n", 3, "field: value"),
        ("a: 1\n  b: 2\n", 2, "colon"),
        ("a:\n    b: 1\n  c: 2\n", 3, "group of fields"),
        ("a:\n  - b\n  c: 1\n", 3, "list"),
        ("a: @b\n", 1, "begin with this character"),
        ('a: "\\q"\n', 1, "backslash"),
        ("a: - b\n", 1, "list"),
        ("a: [b,, c]\n", 1, "missing"),
        ("a: * b\n", 1, "* or &"),
        ('a: "b" c\n', 1, "continue"),
        ("a: | b\n", 1, "| or >"),
        ("%bad\n", 1, "not valid YAML"),
    ],
)
def test_syntax_error_is_told_in_plain_words_at_its_line(text: str, line: int, word: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        read(text, file="scene.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("E-SYNTAX", line)
    assert word in problem.cause
    assert problem.hint


def test_syntax_error_names_the_field_it_stands_in() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        read("cast:\n  - id: a\n    persona: Dure: froide\n", file="scene.yaml")
    assert caught.value.problems[0].field == "cast[0]"


def test_problems_before_a_syntax_error_are_kept() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        read("a: 1\na: 2\nb: [\n", file="scene.yaml")
    assert [one.code for one in caught.value.problems] == ["E-DUPLICATE-KEY", "E-SYNTAX"]
